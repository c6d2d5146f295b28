/** docs/first-hour.md, typed as it stands. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { PROGRAM, Workplace } from '../support/program.js';

const PAGE = readFileSync(join(PACKAGE_ROOT, 'docs', 'first-hour.md'), 'utf8');
const COMMANDS = [...PAGE.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) => block!.trim().split('\n'));
const FILES = [...PAGE.matchAll(/^```yaml (\S+)\n(.*?)^```/gms)];

const work = new Workplace();
beforeAll(() => {
  cpSync(join(PACKAGE_ROOT, 'examples'), work.path('examples'), { recursive: true });
  for (const [, name, text] of FILES) writeFileSync(work.path(name!), text!);
  const bin = work.path(join('node_modules', '.bin'));
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'espalier'), `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`, {
    mode: 0o755,
  });
});
afterAll(() => work.remove());

it('has commands', () => {
  expect(COMMANDS.length).toBeGreaterThan(6);
  expect(FILES).toHaveLength(1);
});

it.each(COMMANDS)('%s', async command => {
  await promisify(execFile)('bash', ['-c', command], { cwd: work.folder });
});

it('ends with a figure for a paper', () => {
  expect(existsSync(work.path('my.csv'))).toBe(true);
  expect(existsSync(work.path(join('results', 'my.html')))).toBe(true);
  for (const end of ['svg', 'png'])
    expect(existsSync(work.path(join('figures', `thresholds-one-column.${end}`)))).toBe(true);
});
