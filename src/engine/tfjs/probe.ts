import type { Activation } from '../../domain/types.js';
import type { Engine, Problem } from '../engine.js';

const ACTIVATIONS: readonly Activation[] = ['relu', 'tanh', 'softplus'];

/**
 * Runs every operation once, on two samples and two neurons. It finds a TensorFlow.js that loads but does not work
 * before a run starts.
 *
 * The native binding keeps an unlocked table of the names that operations use. A probe in the main thread fills the
 * table before worker threads share it.
 */
export function probe(engine: Engine): void {
  for (const activation of ACTIVATIONS) {
    const network = engine.open(tinyProblem(activation));
    try {
      network.train(Int32Array.of(0, 1), 1);
      const activations = network.activate();
      const { picks } = activations.greedy('squared', 2, null);
      activations.greedy('logistic', 2, null);
      activations.greedy('brier', 2, Int32Array.of(0, 1));
      activations.subnetOutputs(picks, [2]);
      network.outputs(INPUTS);
      network.subnetOutputs(INPUTS, picks, [2]);
    } finally {
      network.close();
    }
  }
}

const INPUTS: Problem['inputs'] = {
  rows: 2,
  columns: 2,
  rowStart: Uint32Array.of(0, 1, 2),
  column: Uint16Array.of(0, 1),
  value: Float32Array.of(1, 0.5),
};

function tinyProblem(activation: Activation): Problem {
  return {
    inputs: INPUTS,
    labels: Float32Array.of(1, -1),
    width: 2,
    activation,
    outputScale: 1,
    shares: null,
    rate: 1,
    loss: 'squared',
    layers: 'both',
    learningRate: 0.1,
    momentum: 0.5,
    weightDecay: 0.1,
    batchSize: 2,
    state: {
      weights: Float32Array.of(0.5, -0.25, 0.75, 1),
      signs: Float32Array.of(1, -1),
      weightVelocity: null,
      signVelocity: null,
    },
    pulse: () => {},
  };
}
