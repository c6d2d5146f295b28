import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axesWithoutColumn, axisValuesOf, countCells, expandGrid } from '../../src/domain/grid.js';
import { trajectoryId } from '../../src/domain/identity.js';
import { parseSweep, type SweepSpec } from '../../src/domain/sweep-file/parse.js';
import type { PlannedTrajectory } from '../../src/domain/types.js';
import { ENGINE, identify, MINIMAL, minimalWith } from './fixtures.js';

const expand = (spec: SweepSpec) => expandGrid(spec, identify, ENGINE);
const plan = (...set: string[]) => expand(minimalWith(...set));
const GREEDY = { method: 'greedy', objective: 'squared', sampleSize: null, retrainIterations: 0 };

/** Every cell as text. */
const cellsOf = (trajectories: readonly PlannedTrajectory[]): string[] =>
  trajectories.flatMap(({ id, checkpoints }) =>
    checkpoints.flatMap(({ t, variants }) =>
      variants.map(v =>
        [id, t, v.method, v.objective, v.sampleSize, v.subnetSize, v.retrainIterations].join(' '),
      ),
    ),
  );

describe('the grid', () => {
  it('is every combination, with the data set size varying slowest', () => {
    const found = plan('axes.seed.count=2', 'axes.width=[100, 50]');
    expect(found.map(({ config }) => [config.datasetSize, config.width, config.seed])).toEqual([
      [1000, 100, 0],
      [1000, 100, 1],
      [1000, 50, 0],
      [1000, 50, 1],
      [2000, 100, 0],
      [2000, 100, 1],
      [2000, 50, 0],
      [2000, 50, 1],
    ]);
    expect(found[0]!.checkpoints).toEqual([
      {
        t: 0,
        variants: [
          { ...GREEDY, subnetSize: 5 },
          { ...GREEDY, subnetSize: 10 },
        ],
      },
      {
        t: 10,
        variants: [
          { ...GREEDY, subnetSize: 5 },
          { ...GREEDY, subnetSize: 10 },
        ],
      },
    ]);
    expect(countCells(found)).toBe(8 * 2 * 2);
  });

  it('has a config for each trajectory, and its id', () => {
    const [first] = plan('train={loss: logistic, batchSize: full}', 'network.bias=true');
    expect(first!.config).toEqual({
      dataset: { name: 'mnist', positive: [5, 6, 7, 8, 9], content: 'content of mnist' },
      datasetSize: 1000,
      width: 100,
      seed: 0,
      network: { activation: 'relu', scaling: 'mean-field', bias: true, initScale: 1, symmetricInit: false },
      inputs: { scaling: 'raw' },
      train: {
        loss: 'logistic',
        batchSize: 'full',
        learningRate: 0.1,
        momentum: 0,
        weightDecay: 0,
        layers: 'first',
      },
      engine: 'wasm',
      numerics: 1,
    });
    expect(first!.id).toBe(trajectoryId(first!.config));
  });

  it('shares trajectories between cells: pruning axes add no trajectories', () => {
    const found = plan(
      'prune.method=[greedy, random]',
      'axes.retrain.iterations=[0, 50]',
      'axes.pretrainIterations={to: 90, step: 10}',
    );
    expect(found).toHaveLength(2);
    expect(countCells(found)).toBe(2 * 10 * (2 * 2 * 2));
    expect(new Set(found.map(trajectory => trajectory.id))).toEqual(new Set(plan().map(({ id }) => id)));
  });

  it('shares equal lists of variants and of checkpoints by reference', () => {
    const found = plan('axes.seed.count=3', 'axes.train.loss=[squared, logistic]');
    expect(new Set(found.map(({ checkpoints }) => checkpoints)).size).toBe(2);
    expect(new Set(found.flatMap(({ checkpoints }) => checkpoints.map(c => c.variants))).size).toBe(2);
  });

  it('is frozen', () => {
    const [first] = plan();
    const things = [first, first!.config, first!.config.train, first!.checkpoints, first!.checkpoints[0]];
    for (const thing of things) expect(Object.isFrozen(thing)).toBe(true);
    expect(Object.isFrozen(first!.checkpoints[0]!.variants[0])).toBe(true);
  });

  it('resolves the objective to the training loss, and has none for the controls', () => {
    const found = plan('axes.train.loss=[squared, logistic]', 'prune.method=[greedy, random, magnitude]');
    for (const { config, checkpoints } of found) {
      const objectives = checkpoints[0]!.variants.map(({ method, objective }) => `${method} ${objective}`);
      expect(new Set(objectives)).toEqual(
        new Set([`greedy ${config.train.loss}`, 'random null', 'magnitude null']),
      );
    }
  });

  it('has the sample size of greedy selection alone, as it is set', () => {
    const found = plan(
      'prune.method=[greedy, random]',
      'axes.prune.sampleSize=[128, null, 5000]',
      'axes.subnetSize=5',
    );
    const exact = plan('prune.method=[greedy, random]', 'axes.subnetSize=5');
    expect(found.map(({ id }) => id)).toEqual(exact.map(({ id }) => id));
    for (const { checkpoints } of found) {
      for (const { variants } of checkpoints) {
        // Of 1,000 samples, 5,000 are all: still a cell of its own.
        expect(variants.map(({ method, sampleSize }) => [method, sampleSize])).toEqual([
          ['greedy', 128],
          ['greedy', null],
          ['greedy', 5000],
          ['random', null],
        ]);
      }
    }
  });

  it('zips objectives with sample sizes', () => {
    const [first] = plan(
      'axes.zip=[{ prune.objective: [brier, squared], prune.sampleSize: [128, null] }]',
      'axes.subnetSize=5',
    );
    const variants = first!.checkpoints[0]!.variants.map(v => [v.objective, v.sampleSize]);
    expect(variants).toEqual([
      ['brier', 128],
      ['squared', null],
    ]);
  });

  it('merges cells that coincide', () => {
    const found = plan(
      'prune.method=[greedy, random]',
      'axes.prune.objective=[training-loss, squared, logistic]',
      'axes.subnetSize=5',
    );
    const variants = found[0]!.checkpoints[0]!.variants.map(({ method, objective }) => [method, objective]);
    expect(variants).toEqual([
      ['greedy', 'squared'],
      ['greedy', 'logistic'],
      ['random', null],
    ]);
  });

  it('merges trajectories that coincide, and identifies each data set once', () => {
    const identified: string[] = [];
    const spec = minimalWith(
      'axes.dataset.name=[mnist, digits]',
      'axes.dataset.seed=[0, 1]',
      'axes.seed.count=5',
    );
    const found = expandGrid(
      spec,
      dataset => {
        identified.push(`${dataset.name} ${dataset.seed}`);
        return identify(dataset);
      },
      ENGINE,
    );
    expect(identified).toEqual(['mnist undefined', 'digits 0', 'digits 1']);
    expect(found).toHaveLength(2 * 5 * 3);
    expect(found.filter(({ config }) => config.dataset.name === 'mnist')).toHaveLength(2 * 5);
    expect(found[0]!.config.dataset).not.toHaveProperty('pool');
  });

  it('moves zipped axes together', () => {
    const text = MINIMAL.replace('  datasetSize: [1000, 2000]\n  width: [100]\n', '');
    const set = [
      'axes.zip=[{datasetSize: [1000, 4000], width: [50, 100]}, {seed: [3, 4], train.momentum: [0, 0.5]}]',
    ];
    const found = expand(parseSweep(text, { set }));
    expect(found.map(({ config: c }) => [c.datasetSize, c.width, c.seed, c.train.momentum])).toEqual([
      [1000, 50, 3, 0],
      [1000, 50, 4, 0.5],
      [4000, 100, 3, 0],
      [4000, 100, 4, 0.5],
    ]);
  });

  it('zips axes of cells with axes of trajectories, and prunes all at 0', () => {
    const text = 'name: z\ndataset: { name: mnist }\naxes:\n  seed: 0\n';
    const set = [
      'axes.zip=[{datasetSize: [10, 10, 20], width: [8, 8, 8], pretrainIterations: [5, 7, 9], subnetSize: [1, 2, 3]}]',
    ];
    const found = expand(parseSweep(text, { set }));
    const sizes = found.map(({ checkpoints }) =>
      checkpoints.map(({ t, variants }) => [t, ...variants.map(variant => variant.subnetSize)]),
    );
    expect(sizes).toEqual([
      [
        [0, 1, 2],
        [5, 1],
        [7, 2],
      ],
      [
        [0, 3],
        [9, 3],
      ],
    ]);
  });

  it('has the engine and its numerics in the identity', () => {
    const ids = [
      ENGINE,
      { name: 'wasm', numerics: 2 } as const,
      { name: 'reference', numerics: 1 } as const,
    ].map(engine => expandGrid(minimalWith(), identify, engine)[0]!.id);
    expect(new Set(ids).size).toBe(3);
  });
});

describe('any grid', () => {
  const some = <T>(...values: T[]) => fc.shuffledSubarray(values, { minLength: 1 });
  const axes = fc.record(
    {
      datasetSize: some(10, 20, 30),
      width: some(8, 16),
      seed: some(0, 1, 5),
      pretrainIterations: some(0, 1, 10, 100),
      subnetSize: some(1, 2, 8),
      'train.loss': some('squared', 'logistic'),
      'train.learningRate': some(0.1, 0.2),
      'prune.method': some('greedy', 'random', 'magnitude'),
      'prune.objective': some('training-loss', 'squared', 'logistic'),
      'prune.sampleSize': some(null, 7, 100),
      'retrain.iterations': some(0, 5),
      'dataset.positive': some([0], [1, 2]),
    },
    { requiredKeys: ['datasetSize', 'width', 'seed', 'pretrainIterations', 'subnetSize'] },
  );
  const sweep = (file: object) =>
    parseSweep(JSON.stringify({ name: 'any', dataset: { name: 'mnist' }, axes: file }));

  it('has each trajectory once and each cell once, ascending in t from 0', () => {
    fc.assert(
      fc.property(axes, file => {
        const found = expand(sweep(file));
        expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
        const cells = cellsOf(found);
        expect(new Set(cells).size).toBe(cells.length);
        expect(countCells(found)).toBe(cells.length);
        const times = [...new Set([0, ...file.pretrainIterations])].sort((a, b) => a - b);
        for (const { checkpoints } of found) expect(checkpoints.map(({ t }) => t)).toEqual(times);
        const lengths = [
          'datasetSize',
          'width',
          'seed',
          'train.loss',
          'train.learningRate',
          'dataset.positive',
        ] as const;
        expect(found).toHaveLength(lengths.reduce((product, key) => product * (file[key]?.length ?? 1), 1));
      }),
      { numRuns: 60 },
    );
  });

  it('has the same cells whatever the order of keys and of values', () => {
    fc.assert(
      fc.property(axes, file => {
        const turned = Object.fromEntries(
          Object.entries(file)
            .reverse()
            .map(([path, values]) => [path, [...values].reverse()]),
        );
        expect(cellsOf(expand(sweep(turned))).sort()).toEqual(cellsOf(expand(sweep(file))).sort());
      }),
      { numRuns: 40 },
    );
  });

  it('is contained in a wider one', () => {
    fc.assert(
      fc.property(axes, file => {
        const wider = new Set(
          cellsOf(expand(sweep({ ...file, datasetSize: [10, 20, 30, 40], subnetSize: [1, 2, 4, 8] }))),
        );
        for (const cell of cellsOf(expand(sweep(file)))) expect(wider).toContain(cell);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the values of other axes at a cell', () => {
  it('are by path, without axes that have a column of their own', () => {
    const spec = minimalWith(
      'axes.train.learningRate=[0.1, 0.2]',
      'prune.method=[greedy, random]',
      'axes.prune.objective=[training-loss]',
      'axes.prune.sampleSize=[128, null]',
      'axes.dataset.name=[mnist, digits]',
      'axes.dataset.seed=[4]',
    );
    expect(axesWithoutColumn(spec)).toEqual([
      'dataset.name',
      'dataset.seed',
      'train.learningRate',
      'prune.objective',
      'prune.sampleSize',
    ]);
    const cells = expand(spec).flatMap(({ config, checkpoints }) =>
      checkpoints[0]!.variants.map(variant => JSON.stringify(axisValuesOf(spec, config, variant))),
    );
    expect(new Set(cells)).toEqual(
      new Set(
        ['mnist', 'digits'].flatMap(name =>
          [0.1, 0.2].flatMap(rate =>
            [
              ['squared', 128],
              ['squared', null],
              [null, null],
            ].map(([objective, sampleSize]) =>
              JSON.stringify({
                'dataset.name': name,
                'dataset.seed': name === 'digits' ? 4 : null,
                'train.learningRate': rate,
                'prune.objective': objective,
                'prune.sampleSize': sampleSize,
              }),
            ),
          ),
        ),
      ),
    );
  });

  it('are none in a plain sweep', () => {
    const spec = minimalWith();
    const [{ config, checkpoints }] = expand(spec) as [PlannedTrajectory];
    expect(axisValuesOf(spec, config, checkpoints[0]!.variants[0]!)).toEqual({});
  });
});
