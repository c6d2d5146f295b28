import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { Store } from '../../src/store/write/store.js';
import { Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

let work: Workplace;
const program = () => work.path('copy');

/** A copy of the program whose native packages lack their compiled parts. */
beforeAll(() => {
  work = new Workplace();
  work.sweep(plainSweep({ name: 'good' }));
  Store.open(work.path('good.sqlite')).close();
  const packages = join(PACKAGE_ROOT, 'node_modules');
  const copied = join(program(), 'node_modules');
  mkdirSync(join(copied, '@resvg'), { recursive: true });
  for (const part of ['dist', 'package.json', 'assets'])
    cpSync(join(PACKAGE_ROOT, part), join(program(), part), { recursive: true });
  for (const name of readdirSync(packages))
    if (!['better-sqlite3', '@resvg'].includes(name)) symlinkSync(join(packages, name), join(copied, name));
  for (const file of ['package.json', 'lib'])
    cpSync(join(packages, 'better-sqlite3', file), join(copied, 'better-sqlite3', file), { recursive: true });
  cpSync(join(packages, '@resvg', 'resvg-js'), join(copied, '@resvg', 'resvg-js'), { recursive: true });
});
afterAll(() => work.remove());

function runCopy(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const entry = join(program(), 'dist', 'src', 'cli', 'main.js');
  return new Promise(resolve => {
    execFile(process.execPath, [entry, ...args], { cwd: work.folder }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

const SQLITE = /^espalier: better-sqlite3 is not built for [^\n]+: run `npm rebuild better-sqlite3`\n$/;
const RESVG = /^espalier: the package @resvg\/resvg-js-\S+ is missing [^\n]+: run `npm ci`\n$/;

test('what is not built or not installed is one line and exit code 2, in child processes too', async () => {
  for (const [message, ...args] of [
    [SQLITE, 'query', 'good.sqlite', 'SELECT 1'],
    [SQLITE, 'report', 'good.sqlite'],
    [RESVG, 'run', 'good.yaml', '--serve', '--port', '0', '--db', 'new.sqlite'],
  ] as const) {
    const { code, stdout, stderr } = await runCopy(...args);
    expect(stderr, args.join(' ')).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  }
  expect(work.files()).not.toContain('new.sqlite');

  const doctor = await runCopy('doctor');
  expect({ code: doctor.code, stderr: doctor.stderr }).toEqual({ code: 2, stderr: '' });
  expect(doctor.stdout).toMatch(
    /^error: SQLite: better-sqlite3 is not built [^\n]+\n[^\n]+npm rebuild better-sqlite3$/m,
  );
  expect(doctor.stdout).toMatch(/^error: PNG figures: the package @resvg\/resvg-js-\S+ is missing/m);
  expect(doctor.stdout).toMatch(/^engine wasm +ready/m);

  const verbose = await runCopy('status', 'good.sqlite', '--verbose');
  expect(verbose.stderr).toMatch(/^espalier: better-sqlite3 is not built for [^\n]+\nError: /);
  rmSync(join(program(), 'node_modules', 'yargs'));
  const { code, stderr } = await runCopy('status', 'good.sqlite');
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/^espalier: the package yargs is missing [^\n]+\n$/),
  });
});
