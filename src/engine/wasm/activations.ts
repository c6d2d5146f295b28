/** The outputs Phi of all neurons on the training samples, as they lie in memory after `buildActivations`. */
import type { Loss } from '../../domain/config.js';
import type { Activations, Path } from '../engine.js';
import { LANES, ROW_BYTES } from './layout.js';
import { selectLogistic } from './select-logistic.js';
import { selectSquared } from './select-squared.js';
import { neuronAddress, type Site } from './site.js';

/** Samples that are built together: they stay in the second-level cache. A multiple of the kernels' segments. */
const CHUNK = 512;
/** Work of adding one output of a neuron to a sum, whose reads are far apart. */
const STRIDED_WORK = 4;

/** Fills layout.phi, layout.projections, norms and peaks, and returns a view of them. */
export function buildActivations(site: Site): WasmActivations {
  const { kernels, layout, f32, f64, pace, kind, samples, width, columns, entriesPerRow } = site;
  const { projections, norms, peaks, padded } = layout;
  f64.fill(0, layout.f / 8, layout.f / 8 + samples);
  f64.fill(0, projections / 8, projections / 8 + padded);
  f64.fill(0, norms / 8, norms / 8 + padded);
  f32.fill(0, peaks / 4, peaks / 4 + padded);
  for (let block = 0; block < layout.blocks; block++) {
    const weights = layout.weights + block * columns * ROW_BYTES;
    const vector = block * ROW_BYTES;
    for (let s = 0; s < samples; s += CHUNK) {
      const count = Math.min(CHUNK, samples - s);
      const phi = layout.phi + (block * samples + s) * ROW_BYTES;
      kernels.preactivate(weights, layout.runs + 8 * s, count, phi);
      kernels.addOutputs(kind, phi, count, layout.coefficients + vector, layout.f + 8 * s);
      kernels.activate(kind, phi, count, layout.gains + vector);
      kernels.addStatistics(
        phi,
        layout.labels + 4 * s,
        count,
        projections + 2 * vector,
        norms + 2 * vector,
        peaks + vector,
      );
      pace.spend(count * entriesPerRow);
    }
  }
  const squaredNorms = f64.slice(norms / 8, norms / 8 + width);
  for (let i = 0; i < width; i++) {
    // Squares of tiny outputs vanish in float32, the neuron is not silent for that.
    if (squaredNorms[i] === 0 && f32[peaks / 4 + i]! > 0) squaredNorms[i] = Number.MIN_VALUE;
  }
  return new WasmActivations(site, f64.slice(layout.f / 8, layout.f / 8 + samples), squaredNorms);
}

export class WasmActivations implements Activations {
  readonly outputs: Float64Array;
  readonly squaredNorms: Float64Array;
  readonly #site: Site;
  #valid = true;

  constructor(site: Site, outputs: Float64Array, squaredNorms: Float64Array) {
    this.#site = site;
    this.outputs = outputs;
    this.squaredNorms = squaredNorms;
  }

  greedy(objective: Loss, subnetSize: number): Path {
    this.#checkValid();
    return objective === 'squared'
      ? selectSquared(this.#site, this.squaredNorms, subnetSize)
      : selectLogistic(this.#site, this.squaredNorms, subnetSize);
  }

  subnetOutputs(picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    this.#checkValid();
    const { f64, layout, samples } = this.#site;
    clearSum(this.#site);
    const z = layout.z / 8;
    let picked = 0;
    return sizes.map(k => {
      for (; picked < k; picked++) addToSum(this.#site, picks[picked]!);
      const outputs = f64.slice(z, z + samples);
      for (let s = 0; s < samples; s++) outputs[s]! /= k;
      return outputs;
    });
  }

  /** Said by the network when it overwrites what this is a view of. */
  invalidate(): void {
    this.#valid = false;
  }

  #checkValid(): void {
    if (!this.#valid) throw new Error('these activations were overwritten by a later train or activate');
  }
}

/** z = 0 */
export function clearSum({ f64, layout, samples }: Site): void {
  f64.fill(0, layout.z / 8, layout.z / 8 + samples);
}

/** z += Phi_i */
export function addToSum({ kernels, layout, pace, samples }: Site, neuron: number): void {
  kernels.addNeuron(neuronAddress(layout.phi, neuron, samples), samples, layout.z);
  pace.spend((STRIDED_WORK * samples) / LANES);
}
