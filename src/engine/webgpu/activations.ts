/** The activations of a network on the device. */
import type { Objective } from '../../domain/types.js';
import type { Activations, Path } from '../engine.js';
import { Contenders } from './contenders.js';
import { widened } from './layout.js';
import type { Moments, Phi } from './phi.js';
import { meansOfPicks } from './picks.js';
import { selectByObjective } from './select-objective.js';
import { selectSquared } from './select-squared.js';

export class WebgpuActivations implements Activations {
  readonly outputs: Float64Array;
  readonly squaredNorms: Float64Array;
  readonly #phi: Phi;
  readonly #candidates: Parameters<typeof selectSquared>[0];
  /** Prepares the device, or throws if these activations are gone. */
  readonly #begin: () => void;

  /** @param shares the weights of the neurons in the mean, N */
  constructor(
    phi: Phi,
    moments: Moments,
    {
      shares,
      labels,
      lowestEqual,
      begin,
    }: { shares: Float64Array; labels: Float32Array; lowestEqual: () => Int32Array; begin: () => void },
  ) {
    this.#phi = phi;
    this.#begin = begin;
    this.outputs = Float64Array.from(phi.combine(widened(shares)));
    this.squaredNorms = moments.squaredNorms.slice();
    const contenders = new Contenders(phi, moments.squaredNorms, lowestEqual);
    this.#candidates = { phi, labels: Float64Array.from(labels), moments, contenders };
  }

  responses(count: number): Uint32Array {
    this.#begin();
    return this.#phi.responses(count);
  }

  greedy(objective: Objective, subnetSize: number, samples: Int32Array | null): Path {
    this.#begin();
    if (objective === 'squared' && samples === null) return selectSquared(this.#candidates, subnetSize);
    return selectByObjective(this.#candidates, objective, subnetSize, samples);
  }

  subnetOutputs(picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    this.#begin();
    const n = this.#phi.samples;
    const sums = this.#phi.combine(meansOfPicks(picks, sizes, this.#phi.width, q => q));
    return sizes.map((_, at) => Float64Array.from(sums.subarray(at * n, (at + 1) * n)));
  }
}
