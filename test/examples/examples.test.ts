/** Every program of examples/, run as its first lines say. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { readSweep } from '../../src/domain/sweep-file/parse.js';
import { Workplace } from '../support/program.js';
import { query } from '../support/results.js';

const EXAMPLES = join(PACKAGE_ROOT, 'examples');
const PROGRAMS = readdirSync(EXAMPLES).filter(file => /\.(mjs|py)$/.test(file));
/** The sweep of the examples with one seed, where the number of curves does not matter. */
const ONE_SEED = 'one-seed.yaml';

const work = new Workplace();
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-examples-'));
  writeFileSync(join(folder, ONE_SEED), readFileSync(SWEEP, 'utf8').replace('count: 5', 'count: 1'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  work.remove();
});

async function run(program: string, ...args: string[]): Promise<string[]> {
  const command = program.endsWith('.py') ? 'python3' : process.execPath;
  const done = await promisify(execFile)(command, [join(EXAMPLES, program), ...args], { cwd: folder });
  expect(done.stderr).toBe('');
  return done.stdout.trim().split('\n');
}

const SWEEP = join(EXAMPLES, 'small.yaml');
const hasPandas = spawnSync('python3', ['-c', 'import pandas']).status === 0;
const hasNumPy = spawnSync('python3', ['-c', 'import numpy']).status === 0;

describe('the example', () => {
  it('run-a-sweep.mjs runs it, in fifteen lines', async () => {
    const lines = await run('run-a-sweep.mjs', SWEEP, 'a.sqlite');
    expect(lines[0]).toMatch(/^(\d+) of \1 cells$/);
    expect(lines[1]).toMatch(/^subnet_train_loss <= 0.2 \{ '50': '\d+', .*'800': '\d+' \}$/);
    const text = readFileSync(join(EXAMPLES, 'run-a-sweep.mjs'), 'utf8');
    expect(text.trim().split('\n').length).toBeLessThanOrEqual(20);
  });

  it('read-a-database.mjs reads it', async () => {
    const lines = await run('read-a-database.mjs', 'a.sqlite');
    expect(lines[0]).toBe('dataset_size\tcurves\tearliest\tlatest');
    expect(lines).toHaveLength(1 + 5 + 1);
    expect(lines[1]).toMatch(/^50\t5\t\d+\t\d+$/);
    expect(lines.at(-1)).toMatch(/^small, subnet_train_loss <= 0.2: [a-z ]+$/);
  });

  it.skipIf(!hasPandas)('read_a_database.py reads it (without pandas in python3 it is skipped)', async () => {
    const lines = await run('read_a_database.py', 'a.sqlite');
    expect(lines.join('\n')).toMatch(/subnet_train_loss <= 0.2 +50 +5\.0/);
  });

  it.skipIf(!hasNumPy)(
    'write_idx.py writes a data set (without numpy in python3 it is skipped)',
    async () => {
      expect(await run('write_idx.py', 'halves')).toEqual(['']);
      const { code, stdout } = await work.run('data', 'info', 'idx', '--dir', join(folder, 'halves'));
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/^idx, 8 x 8 pixels.*pool +4000 .*test +1000 /s),
      ]);
      expect(stdout).toMatch(/labels 0: \d+, 1: \d+\n/);
    },
  );

  it('own-law.mjs compares a law with those of espalier', async () => {
    const lines = await run('own-law.mjs', 'a.sqlite');
    const laws = lines.map(line => /^ *(-?\d+\.\d) {2}(.+)$/.exec(line)!);
    const aicc = laws.map(([, value]) => Number(value));
    expect(aicc).toEqual(aicc.toSorted((a, b) => a - b));
    const names = laws.map(([, , name]) => name!);
    expect(names).toEqual(expect.arrayContaining(['logarithmic', 'free', 'constant']));
    expect(names.filter(name => /^\d\S* \(ln n\)\^2$/.test(name))).toHaveLength(1);
  });

  it('own-engine.mjs stores its results under a name of its own', async () => {
    const [line] = await run('own-engine.mjs', ONE_SEED, 'engine.sqlite');
    expect(line).toMatch(/^own:one-shot: (\d+) of \1 cells$/);
    const sql = `SELECT engine, numerics, status, count(*) AS count, min(id) AS id FROM trajectories GROUP BY 1, 2, 3`;
    const rows = query(join(folder, 'engine.sqlite'), sql);
    const id = expect.any(String);
    expect(rows).toEqual([{ engine: 'own:one-shot', numerics: 1, status: 'done', count: 5, id }]);
    const exported = await work.run(
      'export',
      join(folder, 'engine.sqlite'),
      '--trajectory',
      String(rows[0]!.id),
      '--output',
      'out',
    );
    expect(exported).toMatchObject({
      code: 2,
      stderr:
        'espalier: engine "own:one-shot" is part of a program that uses espalier as a library: that program has to pass it\n',
    });
    expect(work.files()).toEqual([]);
  });

  it('own-executor.mjs keeps account of every trajectory', async () => {
    const lines = await run('own-executor.mjs', ONE_SEED, 'account.sqlite');
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(line).toMatch(/^[0-9a-f]{16}: n = \d+, [1-9]\d* checkpoints$/);
  });

  it('is one of these', () => {
    expect(PROGRAMS.toSorted()).toEqual([
      'own-engine.mjs',
      'own-executor.mjs',
      'own-law.mjs',
      'read-a-database.mjs',
      'read_a_database.py',
      'run-a-sweep.mjs',
      // docs/first-hour.md runs it.
      'write-idx.mjs',
      'write_idx.py',
    ]);
    expect(readSweep(SWEEP).name).toBe('small');
  });
});
