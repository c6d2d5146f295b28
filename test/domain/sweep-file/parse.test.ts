import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseSweep, readSweep, sweepAdvice } from '../../../src/domain/sweep-file/parse.js';
import { MINIMAL, messageOf, minimalWith } from '../fixtures.js';

const axisOf = (spec: ReturnType<typeof parseSweep>, path: string) =>
  spec.axes.find(axis => axis.path === path)?.values;

describe('a minimal sweep', () => {
  const spec = parseSweep(MINIMAL);

  it('has the documented defaults', () => {
    expect(spec.settings).toEqual({
      dataset: { name: 'mnist', positive: [5, 6, 7, 8, 9] },
      network: { activation: 'relu', scaling: 'mean-field', bias: false, initScale: 1, symmetricInit: false },
      inputs: { scaling: 'raw' },
      train: {
        loss: 'squared',
        batchSize: 128,
        learningRate: 0.1,
        momentum: 0,
        weightDecay: 0,
        layers: 'first',
      },
      prune: { method: 'greedy', objective: 'training-loss', sampleSize: null },
      retrain: { iterations: 0 },
    });
    expect(spec.evaluate).toEqual({ dense: ['train', 'test'], subnet: ['train', 'pool', 'test'] });
    expect(spec.thresholds).toEqual([
      { metric: 'subnet_train_loss', kind: 'atMost', value: 0.15, primary: true },
    ]);
    expect(axisOf(spec, 'seed')).toEqual([0]);
  });

  it('is frozen deeply', () => {
    expect(() => (spec.axes[0]!.values as number[]).push(1)).toThrow(TypeError);
    expect(() => {
      (spec.settings.train as { learningRate: number }).learningRate = 1;
    }).toThrow(TypeError);
    expect(Object.isFrozen((spec.definition as { dataset: object }).dataset)).toBe(true);
  });

  it('keeps its axes in one order, whatever the order of the keys', () => {
    expect(spec.axes.map(axis => axis.path)).toEqual([
      'datasetSize',
      'width',
      'seed',
      'pretrainIterations',
      'subnetSize',
    ]);
  });
});

describe('axes', () => {
  it('accept one value instead of a list, and short forms', () => {
    const spec = minimalWith(
      'axes={datasetSize: 500, width: 50, seed: 4, pretrainIterations: 30, subnetSize: 5}',
    );
    expect(spec.axes.map(axis => axis.values)).toEqual([[500], [50], [4], [0, 30], [5]]);
    expect(axisOf(minimalWith('axes.seed={count: 3}'), 'seed')).toEqual([0, 1, 2]);
    expect(axisOf(minimalWith('axes.pretrainIterations={to: 20, step: 10}'), 'pretrainIterations')).toEqual([
      0, 10, 20,
    ]);
  });

  it('replace the setting of their path', () => {
    const spec = minimalWith('axes.train.learningRate=[0.2, 0.4]', 'axes.dataset.positive=[[7, 3], [1]]');
    expect(axisOf(spec, 'train.learningRate')).toEqual([0.2, 0.4]);
    expect(axisOf(spec, 'dataset.positive')).toEqual([[3, 7], [1]]);
    expect(spec.settings.train.learningRate).toBe(0.2);
    expect(spec.settings.dataset.positive).toEqual([3, 7]);
  });

  it('may be a list of methods', () => {
    const spec = minimalWith('prune.method=[random, greedy]');
    expect(axisOf(spec, 'prune.method')).toEqual(['random', 'greedy']);
    expect(spec.settings.prune.method).toBe('random');
  });

  it('may name the data set, which needs no other name then', () => {
    const spec = parseSweep(MINIMAL.replace('{ name: mnist }', ''), {
      set: ['axes.dataset.name=[mnist, digits]'],
    });
    expect(spec.settings.dataset).toEqual({
      name: 'mnist',
      positive: [5, 6, 7, 8, 9],
      seed: 0,
      pool: 60000,
      test: 10000,
    });
  });

  it('move together in a zip, where values may repeat', () => {
    const text = MINIMAL.replace('  datasetSize: [1000, 2000]\n  width: [100]\n', '');
    const spec = parseSweep(text, {
      set: [
        'axes.zip=[{width: [50, 100, 100], datasetSize: [1000, 1000, 4000]}, {seed: {count: 2}, train.momentum: [0, 0.5]}]',
      ],
    });
    expect(spec.axes).toEqual([
      { path: 'datasetSize', values: [1000, 1000, 4000], zip: 0 },
      { path: 'width', values: [50, 100, 100], zip: 0 },
      { path: 'seed', values: [0, 1], zip: 1 },
      { path: 'train.momentum', values: [0, 0.5], zip: 1 },
      { path: 'pretrainIterations', values: [0, 10], zip: null },
      { path: 'subnetSize', values: [5, 10], zip: null },
    ]);
  });
});

describe('the data set', () => {
  it('has the defaults of digits, with a pool for the largest sub-data-set', () => {
    const digits = { name: 'digits', positive: [5, 6, 7, 8, 9], seed: 0, pool: 60000, test: 10000 };
    expect(minimalWith('dataset.name=digits').settings.dataset).toEqual(digits);
    expect(minimalWith('dataset.name=digits', 'axes.datasetSize=[10, 70000]').settings.dataset).toEqual({
      ...digits,
      pool: 70000,
    });
    expect(
      minimalWith('dataset={name: digits, pool: 2000, test: 5, seed: 9, positive: [8, 1]}').settings.dataset,
    ).toEqual({ name: 'digits', positive: [1, 8], seed: 9, pool: 2000, test: 5 });
  });

  it('needs a folder where it is idx', () => {
    expect(minimalWith('dataset={name: idx, dir: my/files}').settings.dataset.dir).toBe('my/files');
  });
});

describe('thresholds', () => {
  it('have one primary: the one marked as primary, else the first', () => {
    const spec = minimalWith(
      'retrain.iterations=100',
      'thresholds=[{metric: dense_train_loss, atMost: 0.1}, {metric: subnet_test_accuracy, atLeast: 1}, ' +
        '{metric: retrained_pool_loss_sum, atMost: 100, primary: true}, {metric: subnet_train_loss, withinDense: 0.01}, ' +
        '{metric: subnet_train_accuracy, published: true}]',
    );
    expect(spec.thresholds).toEqual([
      { metric: 'dense_train_loss', kind: 'atMost', value: 0.1, primary: false },
      { metric: 'subnet_test_accuracy', kind: 'atLeast', value: 1, primary: false },
      { metric: 'retrained_pool_loss_sum', kind: 'atMost', value: 100, primary: true },
      { metric: 'subnet_train_loss', kind: 'withinDense', value: 0.01, primary: false },
      { metric: 'subnet_train_accuracy', kind: 'published', value: null, primary: false },
    ]);
    const first = minimalWith(
      'thresholds=[{metric: dense_train_loss, atMost: 0.1, primary: false}, {metric: dense_train_loss, atMost: 0.2}]',
    );
    expect(first.thresholds.map(({ primary }) => primary)).toEqual([true, false]);
  });

  it('may be none, and are none by default where the training loss is not recorded', () => {
    expect(minimalWith('thresholds=[]').thresholds).toEqual([]);
    expect(minimalWith('evaluate.subnet=[test]').thresholds).toEqual([]);
  });
});

describe('an empty group', () => {
  it('has all defaults', () => {
    const text = `${MINIMAL}train:\n  # learningRate: 0.2\nevaluate:\nthresholds:\n`;
    expect(parseSweep(text)).toEqual(parseSweep(MINIMAL));
  });
});

describe('--set', () => {
  it('replaces values, lists, groups and short forms; the last one wins', () => {
    const spec = minimalWith(
      'name=other',
      'train.learningRate=1e-3',
      'train.batchSize=7',
      'train.batchSize=full',
      'network={activation: tanh, bias: true}',
      'axes.seed.count=4',
      'evaluate.dense=[pool, train]',
      'dataset.positive=[0]',
    );
    expect(spec.name).toBe('other');
    expect(spec.settings.train).toMatchObject({ learningRate: 0.001, batchSize: 'full' });
    expect(spec.settings.network).toMatchObject({ activation: 'tanh', bias: true, initScale: 1 });
    expect(axisOf(spec, 'seed')).toEqual([0, 1, 2, 3]);
    expect(spec.evaluate.dense).toEqual(['train', 'pool']);
    expect(spec.settings.dataset.positive).toEqual([0]);
  });
});

describe('the definition', () => {
  const sweeps = [
    minimalWith(),
    minimalWith('dataset.name=digits', 'prune.method=[greedy, random]', 'axes.train.batchSize=[full, 32]'),
    minimalWith('thresholds=[]', 'axes.dataset.positive=[[1, 2], [3]]', 'retrain.iterations=5'),
    minimalWith(
      'axes={width: 50, subnetSize: 5, zip: [{datasetSize: [9, 9, 8], pretrainIterations: [0, 5, 7]}]}',
      'thresholds=[{metric: subnet_test_accuracy, published: true}, {metric: subnet_train_loss, withinDense: 0.1}]',
    ),
  ];
  it.each(sweeps)('parses again to the same sweep', spec => {
    expect(parseSweep(JSON.stringify(spec.definition))).toEqual(spec);
    expect(parseSweep(stringify(spec.definition))).toEqual(spec);
  });

  it('leaves out the description, which may be any text', () => {
    const plain = parseSweep(MINIMAL);
    const described = parseSweep(`description: |\n  Why: a "test" # of words,\n\n  日本.\n${MINIMAL}`);
    expect(described.description).toBe('Why: a "test" # of words,\n\n日本.\n');
    expect({ ...described, description: null }).toEqual(plain);
    expect(minimalWith('description=for the appendix').description).toBe('for the appendix');
    expect(messageOf(() => minimalWith('description=5'))).toMatch(
      /^InputError: --set: description: found 5, expected text \(in quotes where /,
    );
    expect(messageOf(() => parseSweep(`${MINIMAL}  description: [a]\n`))).toMatch(
      /axes\.description: cannot be an axis/,
    );
  });

  it('does not depend on the order of the keys in the file', () => {
    const top = MINIMAL.trim().split(/\n(?=\S)/);
    const axes = top.at(-1)!.split('\n').slice(1);
    const extra = [
      '  train.momentum: [0, 0.5]',
      '  prune.method: [random, greedy]',
      '  network.bias: [true, false]',
    ];
    const expected = parseSweep(MINIMAL.concat(extra.join('\n')));
    const order = (length: number) =>
      fc.shuffledSubarray(
        Array.from({ length }, (_, i) => i),
        { minLength: length, maxLength: length },
      );
    fc.assert(
      fc.property(order(3), order(axes.length + extra.length), (outer, inner) => {
        const lines = [...axes, ...extra];
        const parts = [...top.slice(0, 2), ['axes:', ...inner.map(i => lines[i])].join('\n')];
        const shuffled = parseSweep(outer.map(i => parts[i]).join('\n'));
        expect(shuffled).toEqual(expected);
        expect(JSON.stringify(shuffled.definition)).toBe(JSON.stringify(expected.definition));
      }),
      { numRuns: 50 },
    );
  });
});

describe('advice', () => {
  it('warns about NTK scaling with small subnetworks', () => {
    expect(sweepAdvice(minimalWith())).toEqual([]);
    expect(sweepAdvice(minimalWith('network.scaling=ntk', 'axes.subnetSize=50'))).toEqual([]);
    expect(sweepAdvice(minimalWith('network.scaling=ntk'))).toEqual([
      'network.scaling ntk with subnetSize 5 at width 100: the loss that pruning adds grows like width / subnetSize; ' +
        'a good subnetwork needs subnetSize to grow with the width',
    ]);
  });

  it('says when refined checkpoints serve no target, or a published one in the next run alone', () => {
    const refined = 'axes.pretrainIterations={from: 5, to: 80, ratio: 2, refine: 1.12}';
    const adviceOn = (threshold: string) => sweepAdvice(minimalWith(refined, `thresholds=[${threshold}]`));
    expect(adviceOn('{metric: subnet_train_loss, atMost: 0.15}')).toEqual([]);
    expect(adviceOn('{metric: subnet_train_loss, atMost: 0.15, refine: false}')).toEqual([
      'axes.pretrainIterations.refine has no effect: no threshold is refined',
    ]);
    expect(adviceOn('{metric: subnet_train_loss, published: true}')).toEqual([
      expect.stringContaining('run the sweep once more'),
    ]);
    expect(sweepAdvice(minimalWith('thresholds=[{metric: subnet_train_loss, published: true}]'))).toEqual([]);
  });
});

describe('reading a file', () => {
  it('names the file as its source', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'espalier-')), 'a.yaml');
    writeFileSync(file, MINIMAL);
    const spec = readSweep(file, { set: ['axes.width=200'] });
    expect(spec.source).toBe(file);
    expect(axisOf(spec, 'width')).toEqual([200]);
  });
});
