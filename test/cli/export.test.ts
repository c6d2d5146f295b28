import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idxImages, writeSmallSet } from '../data/fixtures.js';
import { type Exported, readExport } from '../support/exported.js';
import { checkMetrics, checkPicks, checkTraining, type Verdict } from '../support/independent.js';
import { runInside } from '../support/inside.js';
import { readNpy } from '../support/npy-reader.js';
import { Workplace } from '../support/program.js';
import { allResults, query } from '../support/results.js';
import { DIGITS, type SweepObject } from '../support/small-sweeps.js';

const axes = { datasetSize: 40, width: 20, seed: [3], pretrainIterations: [6, 30], subnetSize: [4, 9] };
const METHODS = { method: ['greedy', 'random', 'magnitude'] };

/** Sweeps of one trajectory each. */
const SWEEPS: readonly SweepObject[] = [
  {
    name: 'squared',
    dataset: DIGITS,
    train: { batchSize: 16 },
    prune: METHODS,
    axes,
  },
  {
    name: 'logistic',
    dataset: DIGITS,
    network: { activation: 'tanh', bias: true },
    inputs: { scaling: 'centred' },
    train: {
      loss: 'logistic',
      batchSize: 16,
      learningRate: 0.5,
      momentum: 0.8,
      weightDecay: 0.01,
      layers: 'both',
    },
    prune: METHODS,
    axes,
  },
  {
    name: 'softplus',
    dataset: { ...DIGITS, positive: [1, 7] },
    network: { activation: 'softplus', scaling: 'ntk', symmetricInit: true, initScale: 0.5 },
    inputs: { scaling: 'unit' },
    train: { batchSize: 'full', learningRate: 1 },
    axes: { ...axes, 'prune.objective': ['squared', 'logistic'] },
  },
  {
    name: 'sampled',
    dataset: DIGITS,
    train: { loss: 'logistic', batchSize: 16, learningRate: 1 },
    axes: {
      ...axes,
      zip: [
        {
          'prune.objective': ['brier', 'squared', 'logistic', 'squared', 'brier'],
          'prune.sampleSize': [8, 8, 13, null, 500],
        },
      ],
    },
  },
];
/** Paths of selection at each checkpoint. */
const PATHS: Readonly<Record<string, number>> = { squared: 3, logistic: 3, softplus: 2, sampled: 5 };

let work: Workplace;
const exported = new Map<string, Exported>();
const idOf = (name: string): string =>
  String(query(work.path(`results/${name}.sqlite`), 'SELECT id FROM trajectories')[0]!.id);

beforeAll(async () => {
  work = new Workplace();
  for (const sweep of SWEEPS) {
    const { name } = sweep;
    const db = `results/${name}.sqlite`;
    expect((await runInside(work, 'run', work.sweep(sweep), '--threads', '1')).code).toBe(0);
    const args = ['export', db, '--trajectory', idOf(name).slice(0, 8), '--output', name];
    // One as users run it.
    const result = await (name === 'squared' ? work.run(...args) : runInside(work, ...args));
    expect(result).toMatchObject({ code: 0, stdout: '' });
    const files = readdirSync(work.path(name)).length;
    expect(result.stderr).toBe(`wrote ${files} files to ${name}\n`);
    exported.set(name, readExport(work.path(name)));
  }
});
afterAll(() => work.remove());

const passes = (verdict: Verdict, compared: number) => expect(verdict).toEqual({ compared, problems: [] });

describe('an export can be checked by independent code', () => {
  it.each(SWEEPS)('training: $name', ({ name }) => {
    const both = name === 'logistic';
    passes(checkTraining(exported.get(name)!), both ? 6 : 3);
  });

  it.each(SWEEPS)('picks: $name', ({ name }) => {
    // Paths of nine picks at three checkpoints.
    passes(checkPicks(exported.get(name)!), 9 * 3 * PATHS[name]!);
  });

  it.each(SWEEPS)('metrics: $name', ({ name }) => {
    const rows = allResults(work.path(`results/${name}.sqlite`));
    expect(rows).toHaveLength(3 * 2 * PATHS[name]!);
    for (const row of rows)
      expect(row).toMatchObject({ trajectory_id: idOf(name), seed: 3, dataset_size: 40 });
    // Loss and accuracy of both networks, and the distinct neurons.
    passes(checkMetrics(exported.get(name)!, rows), 5 * rows.length);
    // The check detects a wrong loss.
    const wrong = rows.map(row => ({ ...row, subnet_train_loss: Number(row.subnet_train_loss) + 1e-4 }));
    expect(checkMetrics(exported.get(name)!, wrong).problems).toHaveLength(rows.length);
  });

  it('picks on samples are named by objective and sample size, and config.json says both', () => {
    const { picks, config } = exported.get('sampled')!;
    expect([...picks.keys()].sort()).toEqual(
      ['brier-500', 'brier-8', 'logistic-13', 'squared', 'squared-8'].map(name => `greedy-${name}`),
    );
    expect(config.prune).toEqual({
      method: ['greedy'],
      objective: ['brier', 'logistic', 'squared'],
      sampleSize: [8, 500, 13, null],
    });
    // Other samples give other picks: the check would find picks of the wrong samples.
    const swapped = new Map([['greedy-squared-9', picks.get('greedy-squared-8')!]]);
    expect(checkPicks({ ...exported.get('sampled')!, picks: swapped }).problems).not.toEqual([]);
  });

  it('inputs have the range, labels, bias column and norms of their settings', () => {
    const { samples, inputs, labels } = exported.get('squared')!;
    expect(new Set(Array.from(samples)).size).toBe(40);
    for (const sample of Array.from(samples)) expect(sample < 300 && sample >= 0).toBe(true);
    for (const pixel of Array.from(inputs.data)) expect(pixel >= 0 && pixel <= 1).toBe(true);
    expect([...new Set(Array.from(labels))].sort()).toEqual([-1, 1]);
    const withBias = exported.get('logistic')!.inputs;
    expect([inputs.columns, withBias.columns]).toEqual([784, 785]);
    for (let r = 0; r < 40; r++) expect(withBias.data[r * 785 + 784]).toBe(1);
    const unit = exported.get('softplus')!.inputs;
    for (let r = 0; r < 40; r++) {
      const row = Array.from({ length: 784 }, (_, c) => unit.data[r * 784 + c]!);
      expect(row.reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(1, 5);
    }
  });
});

describe('files', () => {
  const shapes = (folder: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(work.path(folder))
        .filter(name => name.endsWith('.npy'))
        .map(name => {
          const { descr, shape } = readNpy(join(work.path(folder), name));
          return [name, `${descr} ${shape.join('x')}`];
        }),
    );
  const always = (d: number) => ({
    'samples.npy': '<i4 40',
    'inputs.npy': `<f4 40x${d}`,
    'labels.npy': '<f4 40',
    'signs.npy': '<f4 20',
  });
  const at = (times: readonly number[], files: Record<string, string>) =>
    Object.fromEntries(
      times.flatMap(t => Object.entries(files).map(([name, shape]) => [`${name}_${t}.npy`, shape])),
    );
  const picks = { picks_greedy: '<i4 9', picks_random: '<i4 9', picks_magnitude: '<i4 9' };

  it('have the documented names, types and shapes', () => {
    expect(shapes('squared')).toEqual({
      ...always(784),
      'batches.npy': '<i4 30x16',
      ...at([0, 6, 30], { weights: '<f4 20x784', ...picks }),
    });
    expect(shapes('logistic')).toEqual({
      ...always(785),
      'batches.npy': '<i4 30x16',
      ...at([0, 6, 30], { weights: '<f4 20x785', outputs: '<f4 20', ...picks }),
    });
    expect(shapes('softplus')).toEqual({
      ...always(784),
      'batches.npy': '<i4 30x40',
      ...at([0, 6, 30], {
        weights: '<f4 20x784',
        'picks_greedy-squared': '<i4 9',
        'picks_greedy-logistic': '<i4 9',
      }),
    });
  });

  it('config.json has the resolved settings', () => {
    expect(JSON.parse(readFileSync(work.path('logistic/config.json'), 'utf8'))).toEqual({
      id: idOf('logistic'),
      engine: 'wasm',
      numerics: expect.any(Number),
      datasetSize: 40,
      width: 20,
      seed: 3,
      checkpoints: [0, 6, 30],
      subnetSize: 9,
      dataset: { ...DIGITS, positive: [5, 6, 7, 8, 9], seed: 0, content: expect.any(String) },
      network: { activation: 'tanh', scaling: 'mean-field', bias: true, initScale: 1, symmetricInit: false },
      inputs: { scaling: 'centred' },
      train: {
        loss: 'logistic',
        batchSize: 16,
        learningRate: 0.5,
        momentum: 0.8,
        weightDecay: 0.01,
        layers: 'both',
      },
      prune: { method: expect.arrayContaining(METHODS.method), objective: ['logistic'], sampleSize: [null] },
      retrain: { iterations: [0] },
    });
  });

  it('are the same bit for bit when written again', async () => {
    const args = [
      'export',
      'results/logistic.sqlite',
      '--trajectory',
      idOf('logistic'),
      '--output',
      'once/deep',
    ];
    expect(await runInside(work, ...args)).toMatchObject({ code: 0 });
    const names = readdirSync(work.path('logistic'));
    expect(readdirSync(work.path('once/deep'))).toEqual(names);
    for (const name of names) {
      const [first, second] = ['logistic', 'once/deep'].map(folder =>
        readFileSync(join(work.path(folder), name)),
      );
      expect(first!.equals(second!), name).toBe(true);
    }
  });

  it('--at and --batches choose the checkpoints and batches written', async () => {
    const run = (...args: string[]) =>
      runInside(work, 'export', 'results/squared.sqlite', '--trajectory', idOf('squared'), ...args);
    expect((await run('--output', 'some', '--at', '6')).code).toBe(0);
    expect((await run('--output', 'first', '--at', '0', '--batches', '9')).code).toBe(0);
    expect(shapes('some')).toEqual({
      ...always(784),
      'batches.npy': '<i4 6x16',
      ...at([0, 6], { weights: '<f4 20x784', ...picks }),
    });
    expect(shapes('first')).toEqual({
      ...always(784),
      'batches.npy': '<i4 9x16',
      ...at([0], { weights: '<f4 20x784', ...picks }),
    });
    expect(JSON.parse(readFileSync(work.path('some/config.json'), 'utf8')).checkpoints).toEqual([0, 6]);
    passes(checkTraining(readExport(work.path('some'))), 2);
    // These are the first batches of the complete export.
    const whole = exported.get('squared')!.batches;
    expect(Array.from(readExport(work.path('first')).batches.data)).toEqual(
      Array.from(whole.data).slice(0, 9 * 16),
    );

    const refusals = [
      await run('--output', 'x', '--at', '7'),
      await run('--output', 'x', '--at', '6,abc'),
      await run('--output', 'x', '--batches', '-1'),
      await run('--output', 'squared.yaml'),
    ];
    expect(refusals.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    expect(refusals.map(({ stderr }) => stderr)).toEqual([
      'espalier: --at: found 7, expected one of the checkpoints 0, 6, 30\n',
      'espalier: --at: found "abc", expected one of the checkpoints 0, 6, 30\n',
      'espalier: --batches: found -1, expected a whole number, 0 or more\n',
      'espalier: --output squared.yaml: this is a file, expected a folder to write to\n',
    ]);
  });
});

describe('a folder that is not empty', () => {
  const exportTo = (folder: string, name = 'squared', ...args: string[]) =>
    runInside(
      work,
      ...['export', `results/${name}.sqlite`, '--trajectory', idOf(name), '--output', folder, ...args],
    );
  const contents = (folder: string) =>
    readdirSync(work.path(folder)).map(name => [name, readFileSync(join(work.path(folder), name), 'latin1')]);
  const isRefused = async (folder: string, what: string) => {
    const before = contents(folder);
    expect(await exportTo(folder)).toMatchObject({
      code: 2,
      stderr: `espalier: --output ${folder}: this folder holds ${what}, expected another folder\n`,
    });
    expect(contents(folder)).toEqual(before);
  };

  it('is refused with the export of another trajectory, finished or not', async () => {
    await isRefused('logistic', `the export of trajectory ${idOf('logistic')}`);
    cpSync(work.path('logistic'), work.path('half'), { recursive: true });
    renameSync(work.path('half/config.json'), work.path('half/config.json.part'));
    await isRefused('half', `the export of trajectory ${idOf('logistic')}`);
  });

  it('is refused with files that have the name of one of an export', async () => {
    mkdirSync(work.path('arrays'));
    writeFileSync(work.path('arrays/weights_5.npy'), 'mine');
    await isRefused('arrays', 'weights_5.npy, and nothing says of what');
    mkdirSync(work.path('app'));
    writeFileSync(work.path('app/config.json'), '{"id": 5}');
    await isRefused('app', 'config.json, and nothing says of what');
  });

  it('of the same trajectory then holds the new export alone, and what is not of an export', async () => {
    const shown = exported.get('squared')!;
    cpSync(work.path('squared'), work.path('again'), { recursive: true });
    writeFileSync(work.path('again/notes.txt'), 'mine');
    expect(await exportTo('again', 'squared', '--at', '6')).toMatchObject({ code: 0 });
    const names = readdirSync(work.path('again'));
    expect(names.filter(name => name.startsWith('weights'))).toEqual(['weights_0.npy', 'weights_6.npy']);
    expect(names).toContain('notes.txt');
    expect(names).not.toContain('config.json.part');
    expect(readExport(work.path('again')).config).toEqual({ ...shown.config, checkpoints: [0, 6] });
    // One that was killed half-way.
    renameSync(work.path('again/config.json'), work.path('again/config.json.part'));
    expect(await exportTo('again')).toMatchObject({ code: 0 });
    expect(readdirSync(work.path('again'))).toEqual(
      [...readdirSync(work.path('squared')), 'notes.txt'].sort(),
    );
  });

  it('and one that cannot be made are named as the user did', async () => {
    for (const [folder, message] of [
      ['', '--output: found "", expected a value'],
      [
        'squared.yaml/x',
        '--output squared.yaml/x: cannot be written to (a part of this path is not a folder)',
      ],
      ...(process.platform === 'linux'
        ? ([['/proc/x/y', '--output /proc/x/y: cannot be made (']] as const)
        : []),
    ] as const) {
      const { code, stderr } = await exportTo(folder);
      expect([code, stderr]).toEqual([2, expect.stringContaining(`espalier: ${message}`)]);
    }
  });
});

describe('a data set of IDX files', () => {
  it('is found in the folders of the sweep, or by --data-dir', async () => {
    const pixels = (salt: number) => ({ replace: { 'train-images-idx3-ubyte': idxImages(6, 2, 3, salt) } });
    const folders = ['one', 'two'];
    for (const [salt, folder] of folders.entries()) writeSmallSet(work.path(folder), pixels(salt));
    const small = { datasetSize: 4, width: 6, pretrainIterations: [3], subnetSize: 2 };
    const sweeps = [
      { name: 'crossed', axes: { ...small, 'dataset.dir': folders } },
      { name: 'zipped', axes: { ...small, zip: [{ 'dataset.dir': folders, seed: [1, 2] }] } },
    ];
    const check = async ({ name, axes }: (typeof sweeps)[number]) => {
      const sweep = { name, dataset: { name: 'idx' }, axes };
      expect(await runInside(work, 'run', work.sweep(sweep), '--threads', '1')).toMatchObject({ code: 0 });
      const ids = query(work.path(`results/${name}.sqlite`), 'SELECT id FROM trajectories');
      expect(ids).toHaveLength(2);
      for (const [i, { id }] of ids.entries()) {
        const db = `results/${name}.sqlite`;
        const result = await runInside(
          work,
          'export',
          db,
          '--trajectory',
          String(id),
          '--output',
          `${name}-${i}`,
        );
        expect(result).toMatchObject({ code: 0 });
      }
    };
    for (const each of sweeps) await check(each);

    for (const folder of folders) renameSync(work.path(folder), work.path(`moved-${folder}`));
    const [{ id, content }] = query(
      work.path('results/crossed.sqlite'),
      `SELECT id, json_extract(config, '$.dataset.content') AS content FROM trajectories ORDER BY id`,
    ) as [{ id: string; content: string }];
    const again = (...args: string[]) =>
      runInside(work, 'export', 'results/crossed.sqlite', '--trajectory', id, '--output', 'found', ...args);
    const lost = await again();
    expect(lost.code).toBe(2);
    expect(lost.stderr).toMatch(
      /^espalier: the idx data of content [^\n]+; --data-dir says where they are\n$/,
    );
    expect(lost.stderr).toContain(content);
    for (const folder of folders) expect(lost.stderr).toContain(`${work.path(folder)} does not exist`);
    const tried = [await again('--data-dir', 'moved-one'), await again('--data-dir', 'moved-two')];
    expect(tried.map(({ code }) => code).sort()).toEqual([0, 2]);
    expect(tried.find(({ code }) => code === 2)!.stderr).toMatch(
      /moved-\w+: the content is [0-9a-f]{64}; --data-dir/,
    );
  });
});
