/** The commands of the documents, typed as they stand: every block of shell that is not marked as long. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { blocksOf, DOCUMENTS } from '../support/documents.js';
import { PROGRAM, Workplace } from '../support/program.js';
import { freePort, hasRedis } from '../support/redis.js';

const FIRST = 'docs/first-hour.md';
/** The other documents go on from what the first one has made. */
const PAGES = [FIRST, ...DOCUMENTS.filter(file => file !== FIRST)]
  .map(file => ({ file, blocks: blocksOf(file, 'sh') }))
  .filter(({ blocks }) => blocks.length > 0);
/** Commands that go on until they are ended. */
const SERVES = /^redis-server |\bespalier worker /;

const work = new Workplace();
const running: ChildProcess[] = [];
let port: number;

beforeAll(async () => {
  cpSync(join(PACKAGE_ROOT, 'examples'), work.path('examples'), { recursive: true });
  for (const { text, name } of blocksOf(FIRST, 'yaml')) writeFileSync(work.path(name), text);
  const bin = work.path(join('node_modules', '.bin'));
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'espalier'), `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`, {
    mode: 0o755,
  });
  port = await freePort();
});
afterAll(() => {
  for (const { pid } of running) {
    try {
      process.kill(-pid!, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  work.remove();
});

/** With the address of a server on this machine in place of the one that the documents name. */
const here = (command: string): string =>
  command.replaceAll('server:6379', `127.0.0.1:${port}`).replace('--port 6379', `--port ${port}`);

/** What `export` has set in a block holds for the commands below it. Workers have a run that is not finished. */
async function type(commands: readonly string[]): Promise<void> {
  if (commands.some(command => SERVES.test(command))) {
    for (const end of ['', '-wal', '-shm', '.log'])
      rmSync(work.path(join('results', `my.sqlite${end}`)), { force: true });
  }
  const exported: string[] = ['export PASSWORD=secret'];
  for (const command of commands.map(here)) {
    if (command.startsWith('export ')) {
      exported.push(command);
      continue;
    }
    const script = [...exported, SERVES.test(command) ? `exec ${command}` : command].join('\n');
    if (SERVES.test(command)) {
      running.push(spawn('bash', ['-c', script], { cwd: work.folder, detached: true, stdio: 'ignore' }));
    } else {
      await promisify(execFile)('bash', ['-c', script], { cwd: work.folder, maxBuffer: 1e8 });
    }
  }
}

it('are found', () => {
  expect(PAGES.map(({ file }) => file)).toEqual(
    expect.arrayContaining([FIRST, 'docs/many-machines.md', 'docs/statistics.md']),
  );
});

describe.each(PAGES)('$file', ({ blocks }) => {
  for (const { text } of blocks) {
    const commands = text
      .trim()
      .split('\n')
      .map(line => line.replace(/\s+#.*$/, ''));
    it.skipIf(/\bredis/.test(text) && !hasRedis)(commands.join('; '), () => type(commands));
  }
});

it('end with a figure for a paper', () => {
  expect(existsSync(work.path('my.csv'))).toBe(true);
  expect(existsSync(work.path(join('results', 'my.html')))).toBe(true);
  for (const end of ['svg', 'png'])
    expect(existsSync(work.path(join('figures', `thresholds-one-column.${end}`)))).toBe(true);
});
