import type { TrajectoryConfig } from '../../src/domain/types.js';

/** The settings of a trajectory whose sweep file states none. */
export const DEFAULTS: Pick<TrajectoryConfig, 'network' | 'inputs' | 'train'> = {
  network: { activation: 'relu', scaling: 'mean-field', bias: false, initScale: 1, symmetricInit: false },
  inputs: { scaling: 'raw' },
  train: { loss: 'squared', batchSize: 128, learningRate: 0.1, momentum: 0, weightDecay: 0, layers: 'first' },
};
