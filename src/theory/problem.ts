/** The kernel problem of a trajectory, out of its configuration. */
import { labelSigns, subDataset } from '../data/dataset.js';
import { unshifted } from '../data/dense.js';
import type { TrajectoryConfig } from '../domain/types.js';
import type { InputLibrary } from '../trajectory/environment.js';
import { initialState, outputScale } from '../trajectory/initial.js';
import type { KernelKind, KernelProblem } from './kernel.js';

/** The labels are -1 or +1, n of them. */
export function openProblem(
  config: TrajectoryConfig,
  kind: KernelKind,
  library: InputLibrary,
): { problem: KernelProblem; labels: Float32Array } {
  const { network, train, datasetSize, width, seed } = config;
  const { dataset, source } = library.open(config.dataset, config.inputs.scaling, network.bias);
  const samples = subDataset(dataset.pool.count, datasetSize, seed);
  const inputs = unshifted(source.gather('pool', samples));
  const signs = labelSigns(dataset.pool.labels, config.dataset.positive);
  const state = initialState(network, seed, width, inputs.columns);
  return {
    problem: {
      kind,
      inputs,
      weights: state.weights as Float32Array,
      signs: state.signs as Float32Array,
      width,
      activation: network.activation,
      layers: train.layers,
      outputScale: outputScale(network.scaling, width),
      initScale: network.initScale,
    },
    labels: Float32Array.from(samples, index => signs[index]!),
  };
}
