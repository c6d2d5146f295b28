/** Sweeps of a few trajectories on a few hundred generated digits: each runs in well under a second. */

export interface SweepObject {
  readonly name: string;
  readonly [key: string]: unknown;
}

export const DIGITS = { name: 'digits', pool: 300, test: 100 };

/** One loss, relu, the first layer: four trajectories of four checkpoints. `axes` and settings may be replaced. */
export function plainSweep(
  changes: { name?: string; axes?: object; [key: string]: unknown } = {},
): SweepObject {
  const { axes, ...settings } = changes;
  return {
    name: 'plain',
    dataset: DIGITS,
    train: { batchSize: 16 },
    ...settings,
    axes: {
      datasetSize: [40, 70],
      width: 24,
      seed: { count: 2 },
      pretrainIterations: [2, 9, 30],
      subnetSize: [3, 7],
      ...axes,
    },
  };
}

/** Sweeps that cover all state of a trajectory between iterations, and every kind of cell. */
export const VARIED: readonly SweepObject[] = [
  plainSweep({
    name: 'methods',
    prune: { method: ['greedy', 'random', 'magnitude'] },
    thresholds: [{ metric: 'subnet_train_loss', atMost: 0.3 }],
  }),
  plainSweep({
    name: 'rich',
    network: { activation: 'tanh', bias: true },
    inputs: { scaling: 'centred' },
    train: {
      loss: 'logistic',
      batchSize: 16,
      learningRate: 0.5,
      momentum: 0.9,
      weightDecay: 0.001,
      layers: 'both',
    },
    prune: { method: ['greedy', 'magnitude'] },
    evaluate: { dense: ['train', 'pool', 'test'], subnet: ['train', 'pool', 'test'] },
    axes: {
      datasetSize: 50,
      'prune.objective': ['training-loss', 'squared'],
      subnetSize: 6,
      'retrain.iterations': [0, 4, 9],
    },
  }),
  plainSweep({
    name: 'kernel',
    network: { activation: 'softplus', scaling: 'ntk', symmetricInit: true },
    inputs: { scaling: 'unit' },
    train: { batchSize: 'full', learningRate: 2, momentum: 0.5 },
    axes: { datasetSize: 60 },
  }),
];
