/** The sweeps that are killed: tiny ones of the real engine, and one of many cells that computes nothing. */
import { plainSweep, VARIED } from '../support/small-sweeps.js';
import type { Subject } from './harness.js';

const SNAPSHOTS = ['--snapshot-every', '0.05'];

export const PLAIN: Subject = {
  sweep: plainSweep({
    name: 'plain',
    axes: {
      datasetSize: [40, 70],
      seed: { count: 3 },
      pretrainIterations: { from: 0, to: 12_000, ratio: 1.5 },
    },
  }),
  args: SNAPSHOTS,
  threads: [1, 2, 3],
  withinMs: 1_500,
  afterStop: 0.2,
  damage: 0.3,
};

const rich = VARIED[1]!;

/** Momentum, both layers, re-training: everything that a snapshot stores. */
export const RICH: Subject = {
  ...PLAIN,
  sweep: {
    ...rich,
    name: 'rich',
    axes: { ...(rich.axes as object), pretrainIterations: [4, 90, 700, 1500, 3000] },
  },
  threads: [1, 2, 4],
};

export const NOOP: Subject = {
  sweep: plainSweep({
    name: 'noop',
    axes: {
      datasetSize: [20, 21, 22],
      seed: { count: 30 },
      subnetSize: [1, 2, 3],
      pretrainIterations: { from: 0, to: 100, step: 10 },
    },
  }),
  args: ['--noop', '--snapshot-every', '0.02'],
  env: { ESPALIER_NOOP_STEP_MS: '0.2' },
  threads: [2, 3],
  withinMs: 1_500,
  afterStop: 0.2,
  damage: 0.2,
};

/** Checkpoints that follow from rows: killed between the rows that choose them and their own. */
export const REFINED: Subject = {
  ...PLAIN,
  sweep: plainSweep({
    name: 'refined',
    axes: {
      datasetSize: [40, 70],
      seed: { count: 3 },
      pretrainIterations: { from: 4, to: 12_000, ratio: 2, refine: 1.2 },
    },
    thresholds: [
      { metric: 'subnet_train_loss', atMost: 0.3 },
      { metric: 'subnet_train_loss', atMost: 0.05 },
      { metric: 'dense_train_loss', atMost: 0.2 },
    ],
  }),
};
