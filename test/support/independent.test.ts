import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../src/trajectory/npy.js';
import { type Exported, type ExportedConfig, type Matrix, readExport } from './exported.js';
import { checkMetrics, checkPicks, checkTraining, neuronOutputs } from './independent.js';

const matrix = (...rows: number[][]): Matrix => ({
  rows: rows.length,
  columns: rows[0]!.length,
  data: rows.flat(),
});

type Train = ExportedConfig['train'];
const TRAIN: Train = { loss: 'squared', learningRate: 0.5, momentum: 0, weightDecay: 0, layers: 'first' };

function exported(
  changes: Partial<Exported> & { network?: object; train?: Partial<Train>; objective?: string[] },
): Exported {
  const { network, train, objective = ['squared'], ...rest } = changes;
  const signs = rest.signs ?? [1, -1];
  return {
    config: {
      datasetSize: 2,
      width: signs.length,
      seed: 0,
      network: { activation: 'relu', scaling: 'mean-field', ...network },
      train: { ...TRAIN, ...train },
      prune: { objective },
    },
    samples: [4, 7],
    inputs: matrix([1, 0], [0, 1]),
    labels: [1, -1],
    signs,
    weights: new Map(),
    outputs: new Map(),
    picks: new Map(),
    batches: matrix([0]),
    ...rest,
  };
}

const outputsAt1 = (...b: number[]) =>
  new Map([
    [0, [1, -1]],
    [1, b],
  ]);

// Two neurons, a_0 = (1, 1), b_0 = 1 and a_1 = (1, -1), b_1 = -1: f = 0 at the first sample, 1/2 at the second.
describe('training, against steps computed by hand', () => {
  const stepped = (weights: number[][], changes: Parameters<typeof exported>[0] = {}) => {
    const batches = changes.batches ?? matrix([0]);
    const start = matrix([1, 1], [1, -1]);
    return exported({
      ...changes,
      batches,
      weights: new Map([
        [0, start],
        [batches.rows, matrix(...weights)],
      ]),
    });
  };
  const tanhSlope = 0.41997434;
  const cases: Record<string, Exported> = {
    'one step on one sample': stepped([
      [1.5, 1],
      [0.5, -1],
    ]),
    'two steps, the second past a silent neuron': stepped(
      [
        [1.5, 0.25],
        [0.5, -1],
      ],
      { batches: matrix([0], [1]) },
    ),
    'a batch of two': stepped(
      [
        [1.25, 0.625],
        [0.75, -1],
      ],
      { batches: matrix([0, 1]) },
    ),
    momentum: stepped(
      [
        [1.75, 0.25],
        [0.25, -1],
      ],
      { batches: matrix([0], [1]), train: { momentum: 0.5 } },
    ),
    'weight decay': stepped(
      [
        [1.25, 0.75],
        [0.25, -0.75],
      ],
      { train: { weightDecay: 0.5 } },
    ),
    logistic: stepped(
      [
        [1.25, 1],
        [0.75, -1],
      ],
      { train: { loss: 'logistic' } },
    ),
    ntk: stepped(
      [
        [1.35355339, 1],
        [0.64644661, -1],
      ],
      { network: { scaling: 'ntk' } },
    ),
    tanh: stepped(
      [
        [1 + tanhSlope / 2, 1],
        [1 - tanhSlope / 2, -1],
      ],
      { network: { activation: 'tanh' } },
    ),
    softplus: stepped(
      [
        [1.36552929, 1],
        [0.63447071, -1],
      ],
      { network: { activation: 'softplus' } },
    ),
    'both layers': stepped(
      [
        [1.5, 1],
        [0.5, -1],
      ],
      { train: { layers: 'both' }, outputs: outputsAt1(1.5, -0.5) },
    ),
  };

  test.each(Object.entries(cases))('is accepted: %s', (_, right) => {
    const verdict = checkTraining(right, 1e-6);
    expect(verdict.problems).toEqual([]);
    expect(verdict.compared).toBe(2 + right.outputs.size);
  });

  test.each(Object.entries(cases))('a wrong weight is reported: %s', (_, right) => {
    const last = right.batches.rows;
    for (let i = 0; i < 4; i++) {
      const data = Array.from(right.weights.get(last)!.data);
      data[i]! += 0.01;
      const wrong = { ...right, weights: new Map(right.weights).set(last, { rows: 2, columns: 2, data }) };
      expect(checkTraining(wrong).problems).toEqual([expect.stringContaining(`weights_${last}: off by 0.0`)]);
    }
  });

  test('wrong or missing output weights, wrong batches and NaN weights are reported', () => {
    const both = cases['both layers']!;
    const problems = (changes: Partial<Exported>) => checkTraining({ ...both, ...changes }).problems;
    expect(problems({ outputs: outputsAt1(1.5, -0.6) })).toEqual([
      expect.stringContaining('outputs_1: off by'),
    ]);
    expect(problems({ outputs: new Map() })).toEqual([
      'outputs_0: missing, though both layers are trained',
      'outputs_1: missing, though both layers are trained',
    ]);
    expect(problems({ batches: matrix([1]) })).toHaveLength(2);
    const broken = new Map(both.weights).set(1, matrix([Number.NaN, 1], [0.5, -1]));
    expect(problems({ weights: broken })).toHaveLength(1);
  });

  test('checkpoints that the batches do not reach are not compared', () => {
    const long = stepped([
      [1.5, 1],
      [0.5, -1],
    ]);
    const later = new Map(long.weights).set(9, matrix([0, 0], [0, 0]));
    expect(checkTraining({ ...long, weights: later })).toEqual({ compared: 2, problems: [] });
  });
});

// Neuron outputs (2, 0), (0, -2), (1/2, 1/2), (2, 0); labels (1, -1).
const FOUR = {
  signs: [1, -1, 1, 1],
  weights: new Map([[5, matrix([2, -1], [-3, 2], [0.5, 0.5], [2, -3])]]),
};
const withPicks = (name: string, picks: number[], changes: object = {}): Exported =>
  exported({ ...FOUR, picks: new Map([[name, new Map([[5, picks]])]]), ...changes });

describe('picks', () => {
  test('the test neurons have the outputs of their comment', () => {
    expect(neuronOutputs(exported(FOUR), 5).map(phi => phi.map(v => v + 0))).toEqual([
      [2, 0],
      [0, -2],
      [0.5, 0.5],
      [2, 0],
    ]);
    const scaled = neuronOutputs(exported({ ...FOUR, network: { scaling: 'ntk' } }), 5);
    expect(scaled[0]).toEqual([4, 0]);
  });

  test('the greedy path is accepted, also with an equal neuron in it', () => {
    for (const picks of [
      [0, 1, 0],
      [3, 1, 0],
      [1, 0, 1],
    ]) {
      expect(checkPicks(withPicks('greedy', picks))).toEqual({ compared: 3, problems: [] });
    }
  });

  test('a wrong pick is reported, and later picks are tested by their own prefix', () => {
    expect(checkPicks(withPicks('greedy', [0, 0, 1])).problems).toEqual([
      'picks_greedy_5[1] = 0: neuron 1 is better by 8',
    ]);
    expect(checkPicks(withPicks('greedy', [2, 1, 0])).problems).toEqual([
      'picks_greedy_5[0] = 2: neuron 0 is better by 0.5',
    ]);
    expect(checkPicks(withPicks('greedy', [0, 4])).problems).toEqual([
      'picks_greedy_5[1] = 4: there are 4 neurons',
    ]);
  });

  test('a pick that is worse by more than rounding is reported', () => {
    const nudged = (excess: number) => {
      const weights = new Map([[5, matrix([2 + excess, -1], [-3, 2], [0.5, 0.5], [2, -3])]]);
      return checkPicks(withPicks('greedy', [0], { weights })).problems.length;
    };
    // The score of neuron 0 moves by 2 (2 - 1) excess; 1e-6 (||z||^2 + n) is 2e-6 at the first step.
    expect([nudged(0.9e-6), nudged(1.1e-6)]).toEqual([0, 1]);
  });

  test('the logistic objective comes from the setting, the training loss or the file name', () => {
    // Outputs (3, 0) and (0.2, 0), labels (1, -1): the 3 is bad for the squared loss, good for the logistic one.
    const two = { signs: [1, 1], weights: new Map([[5, matrix([3, 0], [0.2, 0])]]) };
    const wrong = (name: string, changes: object) =>
      checkPicks(exported({ ...two, picks: new Map([[name, new Map([[5, [0]]])]]), ...changes })).problems
        .length;
    expect(wrong('greedy', { objective: ['squared'] })).toBe(1);
    expect(wrong('greedy', { objective: ['logistic'] })).toBe(0);
    expect(wrong('greedy', { objective: ['training-loss'], train: { loss: 'logistic' } })).toBe(0);
    expect(wrong('greedy', { objective: ['training-loss'], train: { loss: 'squared' } })).toBe(1);
    expect(wrong('greedy-logistic', { objective: ['squared', 'logistic'] })).toBe(0);
    expect(wrong('greedy-squared', { objective: ['logistic', 'squared'] })).toBe(1);
  });

  test('magnitude picks need falling norms and each neuron once; random picks need to be in range', () => {
    const problems = (name: string, picks: number[]) => checkPicks(withPicks(name, picks)).problems;
    expect(problems('magnitude', [0, 1, 3, 2])).toEqual([]);
    expect(problems('magnitude', [0, 2])).toEqual(['picks_magnitude_5[1] = 2: neuron 1 is larger']);
    expect(problems('magnitude', [0, 0])).toEqual(['picks_magnitude_5[1] = 0: picked twice']);
    expect(problems('random', [2, 0, 3])).toEqual([]);
    expect(problems('random', [-1])).toEqual(['picks_random_5[0] = -1: there are 4 neurons']);
  });
});

describe('metrics', () => {
  const row = {
    pretrain_iterations: 5,
    prune_method: 'greedy',
    prune_objective: 'squared',
    subnet_size: 2,
    dense_train_loss: 0.1015625,
    dense_train_accuracy: 1,
    dense_test_loss: 3,
    subnet_train_loss: 0,
    subnet_train_accuracy: 1,
    distinct_neurons: 2,
  };
  const right = withPicks('greedy', [0, 1, 0]);

  test('are compared for the dense network and every prefix', () => {
    expect(checkMetrics(right, [row])).toEqual({ compared: 5, problems: [] });
    // The first neuron alone: outputs (2, 0), and 0 counts as wrong.
    const single = {
      ...row,
      subnet_size: 1,
      subnet_train_loss: 0.5,
      subnet_train_accuracy: 0.5,
      distinct_neurons: 1,
    };
    expect(checkMetrics(right, [single])).toEqual({ compared: 5, problems: [] });
    const three = { ...row, subnet_size: 3, subnet_train_loss: 1 / 18, distinct_neurons: 2 };
    expect(checkMetrics(right, [three])).toEqual({ compared: 5, problems: [] });
  });

  test('are compared for the logistic loss', () => {
    const logistic = { ...right, config: { ...right.config, train: { ...TRAIN, loss: 'logistic' } } };
    const { dense_train_loss, ...others } = row;
    // log(1 + e^-1) for both samples
    expect(checkMetrics(logistic, [{ ...others, subnet_train_loss: 0.31326169 }])).toEqual({
      compared: 4,
      problems: [],
    });
  });

  test('are reported where any value is wrong', () => {
    const wrong = {
      dense_train_loss: 0.1016,
      dense_train_accuracy: 0.5,
      subnet_train_loss: 2e-5,
      subnet_train_accuracy: 0.5,
      distinct_neurons: 1,
    };
    for (const [column, value] of Object.entries(wrong)) {
      const { compared, problems } = checkMetrics(right, [{ ...row, [column]: value }]);
      expect(compared).toBe(5);
      expect(problems).toEqual([
        expect.stringContaining(`${column} (t = 5, greedy, k = 2): ${value}, recomputed`),
      ]);
    }
  });

  test('are not compared where not exported or not measured', () => {
    expect(checkMetrics(right, [{ ...row, pretrain_iterations: 6 }]).compared).toBe(0);
    expect(checkMetrics(right, [{ ...row, prune_method: 'random' }]).compared).toBe(2);
    expect(checkMetrics(right, [{ ...row, subnet_size: 4 }]).compared).toBe(2);
    expect(
      checkMetrics(right, [{ ...row, dense_train_loss: null, subnet_train_accuracy: null }]).compared,
    ).toBe(3);
  });
});

describe('an export directory', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'espalier-export-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is read file by file, and a file of another shape or type is refused', () => {
    const { config } = exported({});
    const write = (name: string, values: number[], shape?: [number, number]) =>
      writeNpy(join(folder, `${name}.npy`), Float32Array.from(values), shape ?? [values.length]);
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    writeNpy(join(folder, 'samples.npy'), Int32Array.of(4, 7));
    write('inputs', [1, 0, 0, 1], [2, 2]);
    write('labels', [1, -1]);
    write('signs', [1, -1]);
    write('weights_0', [1, 1, 1, -1], [2, 2]);
    write('weights_1', [1.5, 1, 0.5, -1], [2, 2]);
    write('outputs_1', [1, -1]);
    writeNpy(join(folder, 'picks_greedy_1.npy'), Int32Array.of(0, 1, 0));
    writeNpy(join(folder, 'batches.npy'), Int32Array.of(0), [1, 1]);

    const read = readExport(folder);
    expect(read.config).toEqual(config);
    expect([...read.weights.keys()].sort()).toEqual([0, 1]);
    expect(read.picks.get('greedy')?.get(1)).toEqual(Int32Array.of(0, 1, 0));
    expect(checkTraining({ ...read, outputs: new Map() })).toEqual({ compared: 2, problems: [] });

    writeNpy(join(folder, 'picks_greedy_1.npy'), Float32Array.of(0, 1));
    expect(() => readExport(folder)).toThrow('picks_greedy_1.npy: <f4 (2), not <i4');
    writeNpy(join(folder, 'picks_greedy_1.npy'), Int32Array.of(0, 1));
    write('labels', [1, -1, 1]);
    expect(() => readExport(folder)).toThrow('labels.npy');
  });
});
