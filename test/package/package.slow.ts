/** The package as a stranger gets it: packed, installed in an empty folder, used from there. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT, TOOL_VERSION } from '../../src/base/paths.js';
import { packInto } from '../support/pack.js';

let folder: string;
let installed: string;

const run = promisify(execFile);
const inFolder = (command: string, ...args: string[]) =>
  run(command, args, { cwd: folder, maxBuffer: 1e8 }).catch(error => {
    throw new Error(`${command} ${args.join(' ')}: ${error.stdout}\n${error.stderr}`);
  });
const espalier = (...args: string[]) => inFolder('npx', '--no-install', 'espalier', ...args);

/** better-sqlite3 is compiled here already, which takes minutes; espalier's own script runs. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-package-'));
  const packed = await packInto(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      allowScripts: { espalier: true, 'better-sqlite3': true },
    }),
  );
  await inFolder(...(['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'] as const), packed);
  installed = join(folder, 'node_modules', 'espalier');
  cpSync(
    join(PACKAGE_ROOT, 'node_modules', 'better-sqlite3', 'build'),
    join(folder, 'node_modules', 'better-sqlite3', 'build'),
    { recursive: true },
  );
  await inFolder('npm', 'rebuild', 'espalier');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the installed package', () => {
  it('holds what it needs and what its help texts name, and nothing else', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    const there = new Set(files);
    const help = readdirSync(join(PACKAGE_ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts'))
      .flatMap(
        file => readFileSync(join(PACKAGE_ROOT, 'src', file), 'utf8').match(/\bdocs\/[\w/-]+\.md\b/g) ?? [],
      );
    expect(help.length).toBeGreaterThan(5);
    for (const document of help) expect(there).toContain(document);
    for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', join('sweeps', 'quickstart.yaml')])
      expect(there).toContain(file);
    expect(files.filter(file => /\.map$|\.test\.|^test\b|^bench\b|^dist.assembly/.test(file))).toEqual([]);
  });

  it('runs the quickstart to a verdict', async () => {
    expect((await espalier('--version')).stdout.trim()).toBe(TOOL_VERSION);
    const { stdout } = await espalier('run', join('node_modules', 'espalier', 'sweeps', 'quickstart.yaml'));
    expect(stdout).toMatch(/quickstart finished after .*: (\d+) of \1 cells, 25 of 25 trajectories/);
    const report = await espalier('report', join('results', 'quickstart.sqlite'), '--figures', 'figures');
    expect(report.stdout).toMatch(
      /^verdict on [^\n]*: grows faster than logarithmic, lambda = [^\n]+\nreport: results.quickstart\.html\nfigures/,
    );
    expect(readdirSync(join(folder, 'figures')).filter(file => file.endsWith('.png')).length).toBeGreaterThan(
      3,
    );
    const doctor = JSON.parse((await espalier('doctor', '--json')).stdout);
    expect(doctor.engines[0]).toMatchObject({ name: 'wasm', available: true });
    expect(doctor.advice.filter(({ level }: { level: string }) => level === 'error')).toEqual([]);
  });

  it('runs its examples from a program of its own', async () => {
    const examples = join(folder, 'examples');
    cpSync(join(installed, 'examples'), examples, { recursive: true });
    const lines = async (program: string, ...args: string[]) =>
      (await inFolder(process.execPath, join('examples', program), ...args)).stdout.trim().split('\n');
    expect((await lines('run-a-sweep.mjs'))[0]).toMatch(/^(\d+) of \1 cells$/);
    expect(await lines('read-a-database.mjs')).toHaveLength(7);
    expect((await lines('own-law.mjs')).length).toBeGreaterThan(6);
    expect((await lines('own-executor.mjs')).length).toBe(25);
    expect((await lines('own-engine.mjs'))[0]).toMatch(/^own:one-shot/);
  });
});

/** Names a type and a value of each part of the public API. */
const CONSUMER = `
import { createEngine, type Engine, type Executor, prepareSweep, readSweep, runSweep, type RunOutcome } from 'espalier';
import { analyseSweep, fitSweep, type FitInput, FIGURES, drawFigure, openReader, querySql } from 'espalier';

export async function run(file: string, executor: Executor): Promise<RunOutcome> {
  const own: Engine = { ...(await createEngine('wasm')), name: 'own:x', numerics: 1 };
  const prepared = await prepareSweep(readSweep(file), { engine: own });
  return runSweep(prepared, { db: 'a.sqlite', threads: 1, executor: () => executor });
}
export async function read(db: string, input: FitInput): Promise<number> {
  for await (const { rows } of querySql(db, 'SELECT 1', { params: [1] })) console.log(rows.length);
  const reader = openReader(db);
  const { report } = await analyseSweep(reader, reader.sweeps()[0]!);
  console.log(FIGURES.length, drawFigure, report.groups[0]?.lambda?.interval95?.low);
  return fitSweep(input).groups.length;
}
// @ts-expect-error Other names are no engines.
void createEngine('wasn');
`;

describe('its types', () => {
  it.each([
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('hold with module %s, moduleResolution %s', async (module, moduleResolution) => {
    const place = join(folder, `types-${moduleResolution}`);
    mkdirSync(place);
    writeFileSync(join(place, 'consumer.ts'), CONSUMER);
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'es2023',
      strict: true,
      noEmit: true,
      types: ['node'],
    };
    writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    const compiler = join(PACKAGE_ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    await inFolder(process.execPath, compiler, '-p', place);
  });
});
