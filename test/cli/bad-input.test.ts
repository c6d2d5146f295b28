import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idxImages, idxLabels, writeSmallSet } from '../data/fixtures.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

let work: Workplace;
/** Makes all files before the tests. The tests must not change them. */
beforeAll(async () => {
  work = new Workplace();
  work.sweep(plainSweep({ name: 'good' }));
  work.sweep({ ...plainSweep({ name: 'misspelled' }), train: { learningrat: 0.1 } });
  work.sweep(plainSweep({ name: 'mnist', dataset: { name: 'mnist' } }));
  for (const set of ['whole', 'truncated', 'corrupt', 'lonely']) {
    const dataset = { name: 'idx', dir: set };
    work.sweep(plainSweep({ name: set, dataset, axes: { datasetSize: [4], width: 6, subnetSize: [2] } }));
    writeSmallSet(work.path(set), { gzip: set === 'corrupt' });
  }
  truncateSync(work.path('truncated/train-images-idx3-ubyte'), 40);
  const packed = gzipSync(idxImages(6, 2, 3));
  packed.fill(0x55, 30, 40);
  writeFileSync(work.path('corrupt/train-images-idx3-ubyte.gz'), packed);
  writeFileSync(work.path('lonely/train-labels-idx1-ubyte'), idxLabels([5, 6, 7, 8, 9, 5]));
  writeFileSync(work.path('syntax.yaml'), 'name: x\n  axes: [\n');
  writeFileSync(work.path('text.sqlite'), 'not a database at all\n'.repeat(300));
  const foreign = new Sqlite(work.path('foreign.sqlite'));
  foreign.exec('CREATE TABLE results (x); INSERT INTO results VALUES (1)');
  foreign.close();
  const made = await work.run('run', 'good.yaml', '--db', 'good.sqlite', '--set', 'axes.datasetSize=40');
  expect(made).toMatchObject({ code: 0 });
});
afterAll(() => work.remove());

type Case = readonly [what: string, message: RegExp, ...args: string[]];
const run = (...args: string[]) => ['run', 'good.yaml', ...args] as const;
const set = (...settings: string[]) => settings.flatMap(setting => ['--set', setting]);

const SWEEPS: readonly Case[] = [
  ['a missing sweep file', /^none\.yaml: no such file, .*espalier init/, 'run', 'none.yaml'],
  ['a sweep file without a name', /^sweep: found "", expected a value/, 'run', ''],
  ['a database', /^good\.sqlite: this is an SQLite database \(`espalier status`/, 'plan', 'good.sqlite'],
  [
    'a sweep file as a database',
    /^good\.yaml: this is a sweep file, not its database/,
    'status',
    'good.yaml',
  ],
  ['no YAML', /^syntax\.yaml:1:7: .*next one is indented too far, expected one key/, 'run', 'syntax.yaml'],
  [
    'a misspelled key',
    /^misspelled\.yaml:\d+: .*learningrat.*did you mean learningRate/,
    'run',
    'misspelled.yaml',
  ],
  ['a wrong type', /train\.batchSize: found "many", expected/, ...run(...set('train.batchSize=many'))],
  ['an empty axis', /axes\.width: found \[\], expected .*whole number/, ...run(...set('axes.width=[]'))],
  [
    'n above the pool',
    /axes\.datasetSize: found 301, expected at most 300/,
    ...run(...set('axes.datasetSize=301')),
  ],
  [
    'k above the width',
    /axes\.subnetSize.*: found 25, expected at most .*24/,
    ...run(...set('axes.subnetSize=[25]')),
  ],
  [
    'a negative rate',
    /learningRate: found -0\.1, expected a number above 0/,
    ...run(...set('train.learningRate=-0.1')),
  ],
];

const DATA: readonly Case[] = [
  ['a missing data directory', /^--data-dir: .+nowhere does not exist/, ...run('--data-dir', 'nowhere')],
  ['a missing data set', /^mnist: not found in .+`espalier data fetch mnist`/, 'run', 'mnist.yaml'],
  [
    'a missing folder',
    /^dataset\.dir: .+gone does not exist/,
    'run',
    'whole.yaml',
    ...set('dataset.dir=gone'),
  ],
  [
    'a truncated IDX file',
    /idx3-ubyte: truncated: ends at byte 40, expected 52 bytes/,
    'run',
    'truncated.yaml',
  ],
  ['a corrupt gz', /idx3-ubyte\.gz: corrupt gzip stream at byte \d+/, 'run', 'corrupt.yaml'],
  ['only one label', /dataset\.positive: .+some but not all of the labels/, 'plan', 'lonely.yaml'],
];

const DATABASES: readonly Case[] = [
  ['no SQLite', /^text\.sqlite: this is not an SQLite file/, ...run('--db', 'text.sqlite')],
  [
    "another program's SQLite",
    /^foreign\.sqlite: .+belongs to another program/,
    ...run('--db', 'foreign.sqlite'),
  ],
  ['a path through a file', /^good\.yaml\/a\.sqlite: /, ...run('--db', 'good.yaml/a.sqlite')],
  ['a database without a name', /^--db: found "", expected a value/, ...run('--db', '')],
  ['SQL that writes', /^SQL: DELETE writes/, 'query', 'good.sqlite', 'DELETE FROM cells'],
  ['an unknown trajectory', /^--trajectory: found "zz"/, ...exported('--trajectory', 'zz')],
  ['no trajectory', /^--trajectory is missing/, ...exported()],
];

const USAGE: readonly Case[] = [
  ['an unknown command', /^unknown command "rnu" \(did you mean run\?\)/, 'rnu', 'good.yaml'],
  ['an unknown option', /^unknown option "--thread" \(did you mean --threads\?\)/, ...run('--thread', '2')],
  ['no threads', /^--threads: found 0, expected a whole number from 1/, ...run('--threads', '0')],
  [
    'threads in words',
    /^--threads: found "two", expected a whole number/,
    'plan',
    'good.yaml',
    '--threads',
    'two',
  ],
  ['an unknown engine', /^--engine: found "nonsense", expected one of wasm,/, ...run('--engine', 'nonsense')],
];

/** Options that would have no effect. */
const INEFFECTIVE: readonly Case[] = [
  ['design looks at no database', /^unknown option "--db"/, 'design', 'good.yaml', '--db', 'good.sqlite'],
  ['simulations of what is written', /^design: --simulations is for/, ...written('--simulations', '9')],
  ['threads of what is written', /^design: --threads is for/, ...written('--threads', '2')],
  ['files of digits', /^bench: digits are generated, expected --dataset mnist/, 'bench', '--data-dir', '.'],
  [
    'files of digits',
    /^--data-dir \.: digits are generated/,
    ...['data', 'info', 'digits', '--data-dir', '.'],
  ],
  [
    'a limit of no rows',
    /^query: .+ expected no --limit with it$/m,
    ...['query', 'good.sqlite', '--views', '--limit', '3'],
  ],
  [
    'a time for no statement',
    /^query: .+ expected no --timeout with it$/m,
    ...['query', 'good.sqlite', '--views', '--timeout', '3'],
  ],
];

const large = set('axes.datasetSize=60000', 'axes.width=10000000', 'dataset.pool=60000');
const TOO_LARGE: readonly Case[] = [
  ['n and N, run', /^datasetSize 60000 with width 10000000 needs .+, expected at most /, ...run(...large)],
  ['n and N, plan', /^datasetSize 60000 with width 10000000 needs /, 'plan', 'good.yaml', ...large],
  [
    'n alone',
    /^datasetSize 3000000 is more than the wasm engine can hold, expected at most 2\d{6} of these data\n$/,
    'plan',
    'good.yaml',
    ...set('dataset.pool=3000000', 'axes.datasetSize=3000000', 'axes.width=50'),
  ],
  [
    'images',
    /^dataset\.pool 9000000 of digits does not fit in one array, expected at most \d+\n$/,
    ...run(...set('dataset.pool=9000000')),
  ],
];

function written(...args: string[]): string[] {
  return ['design', 'good.yaml', '--write', 'w.sqlite', '--law', 'linear', ...args];
}

function exported(...args: string[]): string[] {
  return ['export', 'good.sqlite', '--output', 'o', ...args];
}

async function refused([, message, ...args]: Case): Promise<void> {
  const { code, stdout, stderr } = await runInside(work, ...args);
  expect(stderr).toMatch(/^espalier: [^\n]+\n$/);
  expect(stderr.slice('espalier: '.length)).toMatch(message);
  expect(stderr).not.toContain('undefined');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
}

const GROUPS = { SWEEPS, DATA, DATABASES, USAGE, INEFFECTIVE, TOO_LARGE };
describe('bad input: one line, exit code 2, nothing written', () => {
  for (const [name, cases] of Object.entries(GROUPS)) {
    it(name.toLowerCase().replace('_', ' '), async () => {
      const files = work.files();
      const foreign = readFileSync(work.path('foreign.sqlite'));
      for (const each of cases) {
        await refused(each).catch(error => {
          error.message = `${each[0]}: ${error.message}`;
          throw error;
        });
      }
      const left = work.files().filter(file => !/^good\.sqlite-(shm|wal)$/.test(file));
      expect(left).toEqual(files.filter(file => !/^good\.sqlite-(shm|wal)$/.test(file)));
      expect(readFileSync(work.path('foreign.sqlite')).equals(foreign)).toBe(true);
    });
  }

  it('from the program itself, once for each kind of error', async () => {
    for (const [, message, ...args] of [SWEEPS[0]!, USAGE[0]!]) {
      const { code, stdout, stderr } = await work.run(...args);
      expect(stderr).toMatch(/^espalier: [^\n]+\n$/);
      expect(stderr.slice('espalier: '.length)).toMatch(message);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    }
  });
});
