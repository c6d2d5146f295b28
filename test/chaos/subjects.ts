/** The sweeps that are disturbed: mini-batches, momentum, both layers, re-training. */
import { plainSweep } from '../support/small-sweeps.js';

export const RICH = plainSweep({
  name: 'chaos-rich',
  network: { activation: 'tanh', bias: true },
  inputs: { scaling: 'centred' },
  train: { batchSize: 16, learningRate: 0.1, momentum: 0.9, weightDecay: 0.001, layers: 'both' },
  prune: { method: ['greedy', 'magnitude'] },
  axes: {
    datasetSize: [50, 80],
    seed: { count: 2 },
    pretrainIterations: { from: 0, to: 6_000, ratio: 1.6 },
    subnetSize: [3, 6],
    'retrain.iterations': [0, 5],
  },
});

export const LONG = plainSweep({
  name: 'chaos-long',
  train: { batchSize: 16, momentum: 0.5 },
  axes: {
    datasetSize: [60, 90],
    width: 60,
    seed: { count: 2 },
    pretrainIterations: { from: 0, to: 60_000, ratio: 1.7 },
    subnetSize: [4],
  },
});

/** Further checkpoints follow from the rows that were heard, whoever sent them. */
export const REFINED = plainSweep({
  name: 'chaos-refined',
  train: { batchSize: 16, momentum: 0.5 },
  thresholds: [{ metric: 'subnet_train_loss', atMost: 0.5 }],
  axes: {
    datasetSize: [60, 90],
    width: 60,
    seed: { count: 2 },
    pretrainIterations: { from: 4, to: 12_000, ratio: 2, refine: 1.2 },
    subnetSize: [4, 9],
  },
});

export const NOOP = plainSweep({
  name: 'chaos-noop',
  axes: {
    datasetSize: [20, 21, 22],
    seed: { count: 500 },
    subnetSize: [1, 2],
    pretrainIterations: { from: 0, to: 40, step: 20 },
  },
});
