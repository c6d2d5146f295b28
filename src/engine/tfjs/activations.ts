/** The activations of a network on the device, and means over picks on the host. */
import type { Objective } from '../../domain/types.js';
import type { Activations, Path } from '../engine.js';
import { distinctOf } from '../picks.js';
import { packResponses } from '../responses.js';
import type { Candidates } from './candidates.js';
import { addTo } from './phi.js';
import { selectLogistic } from './select-logistic.js';
import { selectSampled } from './select-sampled.js';
import { selectSquared } from './select-squared.js';

/** Phi on the device, with the host's outputs and statistics. */
export class TfjsActivations implements Activations {
  readonly outputs: Float64Array;
  readonly squaredNorms: Float64Array;
  readonly #candidates: Candidates;
  #valid = true;

  constructor(candidates: Candidates, outputs: Float64Array) {
    this.outputs = outputs;
    this.squaredNorms = candidates.squaredNorms.slice();
    this.#candidates = candidates;
  }

  responses(count: number): Uint32Array {
    this.#checkValid();
    const all = Int32Array.from(this.squaredNorms, (_, i) => i);
    return packResponses(this.#candidates.phi.columns(all), count);
  }

  greedy(objective: Objective, subnetSize: number, samples: Int32Array | null): Path {
    this.#checkValid();
    if (samples !== null || objective === 'brier')
      return selectSampled(this.#candidates, objective, subnetSize, samples);
    const select = objective === 'squared' ? selectSquared : selectLogistic;
    return select(this.#candidates, subnetSize);
  }

  subnetOutputs(picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    this.#checkValid();
    const { phi, labels } = this.#candidates;
    const distinct = distinctOf(picks, sizes);
    return meansOfPicks(phi.columns(distinct), distinct, labels.length, picks, sizes);
  }

  /** Releases the device's memory. The network calls it when it trains, builds new activations or closes. */
  dispose(): void {
    this.#candidates.phi.dispose();
    this.#valid = false;
  }

  #checkValid(): void {
    if (!this.#valid) throw new Error('these activations were dropped by a later train, activate or close');
  }
}

/** u_k for each k of `sizes`, from the outputs of the distinct neurons on `rows` samples. */
export function meansOfPicks(
  columns: readonly ArrayLike<number>[],
  distinct: Int32Array,
  rows: number,
  picks: Int32Array,
  sizes: readonly number[],
): Float64Array[] {
  const columnOf = new Map(Array.from(distinct, (neuron, at) => [neuron, columns[at]!]));
  const z = new Float64Array(rows);
  let picked = 0;
  return sizes.map(k => {
    for (; picked < k; picked++) addTo(z, columnOf.get(picks[picked]!)!);
    return z.map(sum => sum / k);
  });
}
