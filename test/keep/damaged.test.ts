import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import Sqlite from 'better-sqlite3';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { trajectoryId } from '../../src/domain/identity.js';
import { keepSweep } from '../../src/keep/keep.js';
import { Store } from '../../src/store/write/store.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';
import { compute, filesOf } from './fixtures.js';

const work = new Workplace();
/** Lies in the workplace, so that what is left there shows. */
const { TMPDIR } = process.env;
afterAll(() => {
  process.env.TMPDIR = TMPDIR ?? '';
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  work.remove();
});
const SWEEP = plainSweep({
  name: 'small',
  axes: { datasetSize: 40 },
  evaluate: { dense: ['train', 'test'], subnet: ['train'] },
  thresholds: [{ metric: 'dense_train_loss', atMost: 0.4 }],
});
beforeAll(async () => {
  process.env.TMPDIR = work.path('temporary');
  mkdirSync(work.path('temporary'));
  await compute(work.path('small.sqlite'), SWEEP);
  expect((await runInside(work, 'predict', 'small.sqlite', '--threads', '1')).code).toBe(0);
  keepSweep(work.path('small.sqlite'), 'small', work.path('good'));
});
beforeEach(() => {
  rmSync(work.path('kept'), { recursive: true, force: true });
  cpSync(work.path('good'), work.path('kept'), { recursive: true });
});

const edit = (file: string, change: (text: string) => string): void => {
  const path = work.path(`kept/${file}`);
  const text = readFileSync(path, 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
};
/** Changes the table `file`.csv, whose first row has the names of columns. */
const table = (file: string, change: (rows: string[][]) => string[][]) =>
  edit(`${file}.csv`, text => stringify(change(parse(text)), { record_delimiter: '\n' }));
/** Changes a value of a row, counted from 1. */
const field = (file: string, row: number, column: string, value: string) =>
  table(file, rows => {
    rows[row]![rows[0]!.indexOf(column)] = value;
    return rows;
  });
/** Gives all rows a column that stands in the definition alone. */
const addColumn = (file: string, column: string, value: string) =>
  table(file, ([head, ...rows]) => [[...head!, column], ...rows.map(row => [...row, value])]);
// biome-ignore lint/suspicious/noExplicitAny: each case edits another place of it.
const definition = (change: (definition: any) => unknown) =>
  edit('sweep.json', text => {
    const about = JSON.parse(text);
    change(about.definition);
    return JSON.stringify(about);
  });

/** Every file below the workplace, with its content. */
const everything = (): string[] =>
  work.files().map(name => {
    try {
      return `${name} ${createHash('sha256')
        .update(readFileSync(work.path(name)))
        .digest('hex')}`;
    } catch {
      return name;
    }
  });

/** Runs a command that must be refused in one line, and change nothing. */
async function refused(...args: string[]): Promise<string> {
  const before = everything();
  const { code, stdout, stderr } = await runInside(work, ...args);
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({
    code: 2,
    stdout: '',
    lines: 1,
  });
  expect(everything()).toEqual(before);
  return stderr;
}

const TRAJECTORY = '[0-9a-f]{16}';

describe('damaged files are refused by both commands, which change nothing', () => {
  const remove = (file: string) => () => rmSync(work.path(`kept/${file}`));
  const empty = (file: string) => () => writeFileSync(work.path(`kept/${file}`), '');
  it.each<[string, () => void, RegExp]>([
    ...['sweep.json', 'trajectories.csv', 'results.csv', 'provenance.csv'].map(
      (file): [string, () => void, RegExp] => [
        `no ${file}`,
        remove(file),
        new RegExp(`kept/${file}: no such file, expected a file as|holds trajectories.csv without ${file}`),
      ],
    ),
    ...['trajectories.csv', 'results.csv', 'provenance.csv', 'predictions.csv'].map(
      (file): [string, () => void, RegExp] => [
        `${file} is empty`,
        empty(file),
        new RegExp(`kept/${file}: is empty, expected`),
      ],
    ),
    ['an empty sweep.json', empty('sweep.json'), /kept\/sweep\.json: is no JSON \(/],
    ['a list', () => edit('sweep.json', () => '[1]'), /sweep\.json: found \[1\], expected a file as/],
    [
      'an object of others',
      () => edit('sweep.json', () => '{"name":"x"}'),
      /sweep\.json: has no shape, this version reads 1/,
    ],
    [
      'shape 2',
      () => edit('sweep.json', text => text.replace('"shape": 1', '"shape": 2')),
      /found shape 2, this version reads 1/,
    ],
    [
      'no definition',
      () => edit('sweep.json', () => '{"shape":1,"name":"small"}'),
      /sweep\.json: has no definition/,
    ],
    [
      'another name',
      () =>
        definition(it => {
          it.name = 'other';
        }),
      /is of "small", its definition of "other"/,
    ],
    [
      'a wrong setting',
      () =>
        definition(it => {
          it.train.learningRate = 'fast';
        }),
      /sweep\.json: train\.learningRate: found "fast", expected/,
    ],
    [
      'another width',
      () =>
        definition(it => {
          it.axes.width = [25];
        }),
      /trajectories\.csv:2: trajectory_id: found "[0-9a-f]+", expected a trajectory that the definition of small asks for/,
    ],
    [
      'another rate',
      () =>
        definition(it => {
          it.train.learningRate = 0.2;
        }),
      /trajectory that the definition of small asks for/,
    ],
    [
      'a further checkpoint',
      () =>
        definition(it => {
          it.axes.pretrainIterations = [0, 2, 9, 20, 30];
        }),
      /trajectories\.csv:2: trajectory_id: found [0-9a-f]+ without the cell t = 20, greedy on squared loss, k = 3, expected a trajectory with all its cells/,
    ],
    [
      'a checkpoint less',
      () =>
        definition(it => {
          it.axes.pretrainIterations = [0, 2, 30];
        }),
      /results\.csv:\d+: pretrain_iterations: found the cell t = 9, greedy on squared loss, k = 3, expected a cell that the definition of small asks for/,
    ],
    [
      'a further set',
      () =>
        definition(it => {
          it.evaluate.subnet = ['train', 'pool'];
        }),
      /results\.csv: has no column subnet_pool_loss, expected/,
    ],
    [
      'a digit of a configuration',
      () => edit('trajectories.csv', text => text.replace('""width"":24', '""width"":25')),
      /trajectories\.csv:2: config: found .*, expected the configuration whose hash is/,
    ],
    [
      'no JSON as configuration',
      () => field('trajectories', 1, 'config', '{'),
      /trajectories\.csv:2: config: found "\{", expected the configuration/,
    ],
    [
      'another seed beside it',
      () => field('trajectories', 1, 'seed', '7'),
      /trajectories\.csv:2: seed: found "7", expected 0 as in the configuration/,
    ],
    [
      'another engine beside it',
      () => field('trajectories', 2, 'engine', 'tfjs'),
      /trajectories\.csv:3: engine: found "tfjs", expected wasm as in the configuration/,
    ],
    [
      'a trajectory twice',
      () => table('trajectories', rows => [...rows, rows[1]!]),
      /trajectories\.csv:4: trajectory_id: found .*, expected each trajectory once/,
    ],
    [
      'a trajectory without results',
      () => table('results', rows => rows.filter(([id]) => id !== rows[1]![0])),
      /trajectories\.csv:2: trajectory_id: .* expected one with rows in results\.csv/,
    ],
    [
      'a trajectory without provenance',
      () => table('provenance', ([head]) => [head!]),
      /trajectories\.csv:2: trajectory_id: .* expected one with a row in provenance\.csv/,
    ],
    [
      'results of an unknown trajectory',
      () => table('trajectories', rows => rows.slice(0, 2)),
      /results\.csv:\d+: trajectory_id: found .*, expected a trajectory of trajectories\.csv/,
    ],
    [
      'predictions of an unknown one',
      () => field('predictions', 1, 'trajectory_id', 'abc'),
      /predictions\.csv:2: trajectory_id: found "abc", expected a trajectory of/,
    ],
    [
      'a cell twice',
      () => table('results', rows => [...rows, rows.at(-1)!]),
      /results\.csv:18: pretrain_iterations: a second row of a cell at t = 30, expected each cell once/,
    ],
    [
      'a cell less',
      () => table('results', rows => rows.slice(0, -1)),
      /trajectories\.csv:3: trajectory_id: found .* without the cell t = 30, greedy on squared loss, k = 7/,
    ],
    [
      'text for a number',
      () => field('results', 1, 'subnet_train_loss', 'low'),
      /results\.csv:2: subnet_train_loss: found "low", expected a number/,
    ],
    [
      'a hexadecimal number',
      () => field('results', 1, 'subnet_train_loss', '0x1'),
      /found "0x1", expected a number/,
    ],
    [
      'too large a number',
      () => field('results', 1, 'subnet_train_loss', '1e999'),
      /found "1e999", expected a number/,
    ],
    [
      'an accuracy above 1',
      () => field('results', 1, 'subnet_train_accuracy', '1.5'),
      /results\.csv:2: subnet_train_accuracy: found "1.5", expected a number from 0 to 1/,
    ],
    [
      'no accuracy',
      () => field('results', 3, 'subnet_train_accuracy', ''),
      /results\.csv:4: subnet_train_accuracy: found none, expected a value/,
    ],
    [
      'a negative t',
      () => field('results', 1, 'pretrain_iterations', '-1'),
      /pretrain_iterations: found "-1", expected a whole number/,
    ],
    [
      'half an iteration',
      () => addColumn('results', 'retrain_iterations', '0.5'),
      /retrain_iterations: found "0.5", expected a whole number/,
    ],
    [
      'more dead neurons than there are',
      () =>
        table('results', rows =>
          rows.map((row, i) =>
            row.map((value, j) => (i > 0 && rows[0]![j] === 'dead_neurons' ? '25' : value)),
          ),
        ),
      /dead_neurons: found "25", expected at most 24, the width/,
    ],
    [
      'an unknown method',
      () => addColumn('results', 'prune_method', 'lazy'),
      /results\.csv:2: pretrain_iterations: found the cell t = 0, lazy on squared loss, k = 3, expected a cell/,
    ],
    [
      'an unknown objective',
      () => addColumn('results', 'prune_objective', 'hinge'),
      /results\.csv:2: pretrain_iterations: found the cell t = 0/,
    ],
    [
      'a sample size that is not asked for',
      () => addColumn('results', 'prune_sample_size', '8'),
      /found the cell t = 0, greedy on squared loss of 8 samples, k = 3/,
    ],
    [
      'a dense network that differs',
      () => field('results', 2, 'dense_train_loss', '0.5'),
      /results\.csv:3: dense_train_loss: found "0.5", expected [\d.]+ as in kept\/results\.csv:2, of the same checkpoint/,
    ],
    [
      'another n beside a result',
      () => field('results', 5, 'dataset_size', '70'),
      /results\.csv:6: dataset_size: found "70", expected 40 as in the configuration/,
    ],
    [
      'a column less',
      () => table('results', rows => rows.map(row => row.slice(0, -2))),
      /results\.csv: has no column /,
    ],
    [
      'an unknown column',
      () => table('results', rows => rows.map((row, i) => [...row, i === 0 ? 'note' : 'x'])),
      /results\.csv: has a column "note" too many/,
    ],
    [
      'a column twice',
      () => table('provenance', rows => rows.map(row => [...row, row.at(-1)!])),
      /provenance\.csv: has a column "threads" too many/,
    ],
    [
      'a row that is cut off',
      () => edit('results.csv', text => text.slice(0, -60)),
      /results\.csv: is no CSV \(/,
    ],
    [
      'bytes that are no text',
      () => writeFileSync(work.path('kept/results.csv'), Buffer.from([0xff, 0xfe, 0x0a])),
      /results\.csv: is no text in UTF-8/,
    ],
    [
      'two horizons',
      () =>
        table('predictions', rows => [
          ...rows,
          rows[1]!.map((value, j) => ({ horizon: '31', target: '0.7' })[rows[0]![j]!] ?? value),
        ]),
      /predictions\.csv:4: horizon: found "31", expected 30 as in kept\/predictions\.csv:2/,
    ],
    [
      'a prediction twice',
      () => table('predictions', rows => [...rows, rows[1]!]),
      /predictions\.csv:4: target: found .*, expected each target of a trajectory once/,
    ],
  ])('%s', async (_, damage, message) => {
    damage();
    expect(await refused('restore', 'kept', 'new/back.sqlite')).toMatch(message);
    const ofKeep = await refused('keep', 'small.sqlite', 'kept');
    expect(ofKeep).toMatch(message);
  });
});

describe('keep', () => {
  const differs = (column: string, file = 'results') =>
    table(file, rows => {
      const at = rows[0]!.indexOf(column);
      return rows.map((row, i) =>
        i === 0 ? row : row.map((value, j) => (j === at ? String(Number(value) + 1e-12) : value)),
      );
    });
  it.each([
    ['subnet_train_loss', 't = 0, greedy on squared loss, k = 3'],
    ['dense_train_loss', 't = 0'],
  ])('refuses another %s than the database has, and says where both are', async (column, place) => {
    differs(column);
    const message = await refused('keep', 'small.sqlite', 'kept');
    expect(message).toMatch(
      new RegExp(
        `^espalier: trajectory ${TRAJECTORY} \\(n = 40, N = 24, seed 0\\) at ${place}: ${column} is [\\d.]+ in kept/results.csv:2 ` +
          'and [\\d.]+ in small.sqlite; equal settings give equal bits, so one of them is wrong; nothing was written\n$',
      ),
    );
  });

  it('refuses another prediction than the database has', async () => {
    differs('lambda_max', 'predictions');
    expect(await refused('keep', 'small.sqlite', 'kept')).toMatch(
      /at the prediction of the initial kernel for 0.4: lambda_max is \S+ in kept\/predictions\.csv:2 and \S+ in small\.sqlite/,
    );
  });

  it('refuses a loss that is not finite where the other is', async () => {
    table('results', rows =>
      rows.map((row, i) =>
        row.map((value, j) => (i > 0 && rows[0]![j] === 'subnet_train_loss' ? '' : value)),
      ),
    );
    expect(await refused('keep', 'small.sqlite', 'kept')).toMatch(
      /subnet_train_loss is none in kept\/results\.csv:2 and [\d.]+ in/,
    );
  });

  it('takes what an earlier version has not recorded from the database', async () => {
    table('results', rows =>
      rows.map((row, i) =>
        row.map((value, j) =>
          i > 0 && ['gates_changed', 'certified_loss'].includes(rows[0]![j]!) ? '' : value,
        ),
      ),
    );
    expect(await runInside(work, 'keep', 'small.sqlite', 'kept')).toMatchObject({ code: 0, stderr: '' });
    expect(filesOf(work.path('kept'))).toEqual(filesOf(work.path('good')));
  });

  it('refuses a folder of another sweep, and of an edited one', async () => {
    edit('sweep.json', text => text.replaceAll('"small"', '"large"'));
    expect(await refused('keep', 'small.sqlite', 'kept')).toBe(
      'espalier: kept: holds the sweep large, expected a folder for small\n',
    );
    edit('sweep.json', text =>
      text.replaceAll('"large"', '"small"').replace('"atMost": 0.4', '"atMost": 0.3'),
    );
    expect(await refused('keep', 'small.sqlite', 'kept')).toBe(
      'espalier: kept: holds small as it was defined before, expected a new folder for the edited sweep\n',
    );
  });

  it('refuses results of another version of the engine', async () => {
    const other = new Sqlite(work.path('small.sqlite'), { readonly: true });
    const config = JSON.parse(
      other.prepare('SELECT config FROM trajectories LIMIT 1').pluck().get() as string,
    );
    other.close();
    const former = (id: string) => {
      const row = parse(readFileSync(work.path('good/trajectories.csv'), 'utf8'), {
        columns: true,
      }) as Record<string, string>[];
      return trajectoryId({
        ...JSON.parse(row.find(each => each.trajectory_id === id)!.config!),
        numerics: 1,
      });
    };
    expect(config.numerics).toBeGreaterThan(1);
    for (const file of ['results', 'predictions', 'provenance', 'trajectories'])
      table(file, rows => rows.map((row, i) => (i === 0 ? row : [former(row[0]!), ...row.slice(1)])));
    table('trajectories', rows =>
      rows.map((row, i) =>
        i === 0
          ? row
          : row.map((value, j) =>
              rows[0]![j] === 'numerics' ? '1' : value.replace(/"numerics":\d+/, '"numerics":1'),
            ),
      ),
    );
    expect(await refused('keep', 'small.sqlite', 'kept')).toMatch(
      /^espalier: small\.sqlite: engine: found wasm with numerics \d+, expected wasm with numerics 1 as in kept\/trajectories\.csv:2\n$/,
    );
  });

  it('leaves files of others alone', async () => {
    mkdirSync(work.path('mine'), { recursive: true });
    writeFileSync(work.path('mine/results.csv'), 'my,own\n');
    expect(await refused('keep', 'small.sqlite', 'mine')).toBe(
      'espalier: mine: holds results.csv without sweep.json, expected an empty folder or one that `espalier keep` has written\n',
    );
    writeFileSync(work.path('mine/sweep.json'), '{"definition":{}}');
    expect(await refused('keep', 'small.sqlite', 'mine')).toMatch(
      /^espalier: mine\/sweep\.json: has no shape/,
    );
    writeFileSync(work.path('kept/README.md'), 'What this is.\n');
    expect((await runInside(work, 'keep', 'small.sqlite', 'kept')).code).toBe(0);
    expect(filesOf(work.path('kept'))).toEqual({
      ...filesOf(work.path('good')),
      'README.md': 'What this is.\n',
    });
  });

  it('refuses a folder that cannot be one, and leaves none behind', async () => {
    writeFileSync(work.path('file'), '');
    expect(await refused('keep', 'small.sqlite', 'file')).toMatch(
      /^espalier: folder file: this is a file, expected a folder/,
    );
    expect(await refused('keep', 'small.sqlite', 'file/in/it')).toMatch(/not a folder|is a file/);
    expect(await refused('keep', 'small.sqlite', '')).toMatch(
      /^espalier: folder: found "", expected a value/,
    );
    expect(await refused('keep', 'none.sqlite', 'new')).toMatch(/^espalier: none\.sqlite: no such database/);
    expect(await refused('keep', 'kept/results.csv', 'new')).toMatch(/this is not an SQLite file/);
    expect(await refused('keep', 'small.sqlite', 'new', '--sweep', 'smal')).toMatch(
      /--sweep: found "smal" \(did you mean/,
    );
    // A folder where a file would go.
    mkdirSync(work.path('odd/results.csv'), { recursive: true });
    writeFileSync(work.path('odd/sweep.json'), '{}');
    expect(await refused('keep', 'small.sqlite', 'odd')).toMatch(/sweep\.json: has no shape/);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'refuses a folder without permission',
    async () => {
      chmodSync(work.path('kept'), 0o500);
      expect(await refused('keep', 'small.sqlite', 'kept')).toMatch(
        /folder kept: cannot be written to \(no permission\)/,
      );
      chmodSync(work.path('kept'), 0o700);
    },
  );
});

describe('restore', () => {
  it('refuses a database that has the sweep, and what is no database', async () => {
    expect(await refused('restore', 'kept', 'small.sqlite')).toBe(
      'espalier: small.sqlite: holds the sweep small already, expected another database\n',
    );
    expect(await refused('restore', 'kept', 'kept')).toMatch(
      /^espalier: kept: this is a folder, expected an espalier database/,
    );
    expect(await refused('restore', 'kept', 'kept/results.csv')).toMatch(/this is not an SQLite file/);
    expect(await refused('restore', 'kept', 'kept/results.csv/x')).toMatch(
      /^espalier: kept\/results\.csv\/x: /,
    );
    expect(await refused('restore', 'nowhere', 'back.sqlite')).toMatch(
      /^espalier: nowhere\/sweep\.json: no such file/,
    );
    expect(await refused('restore', 'small.sqlite', 'back.sqlite')).toMatch(
      /^espalier: small\.sqlite\/sweep\.json: /,
    );
  });

  it('makes the folder of the database', async () => {
    expect((await runInside(work, 'restore', 'kept', 'far/away/back.sqlite', '--json')).stdout).toBe(
      `${JSON.stringify({ folder: 'kept', db: 'far/away/back.sqlite', sweep: 'small', trajectories: 2 }, null, 2)}\n`,
    );
    expect(readdirSync(work.path('far/away'))).toEqual(['back.sqlite']);
  });

  it('does not wait for a run that holds the database', async () => {
    const store = Store.open(work.path('held.sqlite'));
    const { code, stderr } = await runInside(work, 'restore', 'kept', 'held.sqlite');
    store.close();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^espalier: held\.sqlite: .*\n$/),
    });
    expect((await runInside(work, 'restore', 'kept', 'held.sqlite')).code).toBe(0);
  });

  it('refuses a value that another sweep of the database has otherwise, and names the folder', async () => {
    copyFileSync(work.path('small.sqlite'), work.path('renamed.sqlite'));
    const db = new Sqlite(work.path('renamed.sqlite'));
    db.exec(`UPDATE sweeps SET name = 'other'; UPDATE cells SET subnet_train_loss = 0.125 WHERE t = 9`);
    db.close();
    expect(await refused('restore', 'kept', 'renamed.sqlite')).toMatch(
      /at t = 9, .*: subnet_train_loss is .* in (kept|renamed\.sqlite) \(by .*\) and .* in (kept|renamed\.sqlite) \(by .*; nothing was merged/,
    );
  });
});
