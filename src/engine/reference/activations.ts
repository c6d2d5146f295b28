import type { Objective } from '../../domain/types.js';
import type { Activations, Path } from '../engine.js';
import { packResponses } from '../responses.js';
import { greedyByScores, greedyExhaustive } from './select.js';
import type { SpendWork } from './work-budget.js';

/** Phi as one array of n per neuron, with its outputs, norms and selections. */
export class ReferenceActivations implements Activations {
  readonly outputs: Float64Array;
  readonly squaredNorms: Float64Array;
  readonly #phi: readonly Float64Array[];
  readonly #labels: Float64Array;
  readonly #spend: SpendWork;

  constructor(phi: readonly Float64Array[], shares: Float64Array, labels: Float64Array, spend: SpendWork) {
    this.#phi = phi;
    this.#labels = labels;
    this.#spend = spend;
    this.squaredNorms = Float64Array.from(phi, squaredNorm);
    this.outputs = new Float64Array(labels.length);
    for (const [i, outputs] of phi.entries()) {
      for (let s = 0; s < outputs.length; s++) this.outputs[s]! += shares[i]! * outputs[s]!;
    }
  }

  responses(count: number): Uint32Array {
    return packResponses(this.#phi, count);
  }

  greedy(objective: Objective, subnetSize: number, samples: Int32Array | null): Path {
    const isExact = objective === 'squared' && samples === null;
    const select = isExact ? greedyByScores : greedyExhaustive(objective, samples);
    return select(this.#phi, this.#labels, subnetSize, this.#spend);
  }

  subnetOutputs(picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    const z = new Float64Array(this.#labels.length);
    let picked = 0;
    return sizes.map(k => {
      for (; picked < k; picked++) {
        const phi = this.#phi[picks[picked]!]!;
        for (let s = 0; s < z.length; s++) z[s]! += phi[s]!;
      }
      return z.map(sum => sum / k);
    });
  }
}

/** ||Phi_i||^2: 0 only for a silent neuron, even if all squares underflow. */
function squaredNorm(phi: Float64Array): number {
  let sum = 0;
  for (let s = 0; s < phi.length; s++) sum += phi[s]! * phi[s]!;
  return sum === 0 && phi.some(output => output !== 0) ? Number.MIN_VALUE : sum;
}
