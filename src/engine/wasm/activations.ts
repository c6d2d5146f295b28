/** Phi, the outputs of all neurons on the training samples, stored in the memory blocks by `buildActivations`. */
import type { Objective } from '../../domain/types.js';
import type { Activations, Path } from '../engine.js';
import { LANES, ROW_BYTES } from './layout-parts.js';
import { initOutputs, type MemoryBlock, unpackVector, unpackWideVector } from './memory-block.js';
import { selectLogistic } from './select-logistic.js';
import { selectSampled } from './select-sampled.js';
import { selectSquared } from './select-squared.js';
import { addToSum, clearSum } from './selected-sum.js';
import type { Statistics } from './statistics.js';

/** Samples that are built together and stay in the second-level cache. A multiple of the kernels' segment of 64. */
const CHUNK = 512;
/** Work of adding one row of a block to its statistics. */
const STATISTICS_WORK = 8;

/** Fills phi, projections, norms and peaks of each memory block, and returns a view of them. */
export function buildActivations(memories: readonly MemoryBlock[]): WasmActivations {
  let previous: MemoryBlock | null = null;
  for (const memory of memories) {
    initOutputs(memory, previous, memory.samples);
    build(memory);
    previous = memory;
  }
  const { f64, layout, samples } = memories.at(-1)!;
  const outputs = f64.slice(layout.f / 8, layout.f / 8 + samples);
  const projections = unpackWideVector(memories, layout => layout.projections);
  const squaredNorms = unpackWideVector(memories, layout => layout.norms);
  const peaks = unpackVector(memories, layout => layout.peaks);
  for (let i = 0; i < peaks.length; i++) {
    // Squares of tiny outputs underflow in float32; such a neuron is not silent.
    if (squaredNorms[i] === 0 && peaks[i]! > 0) squaredNorms[i] = Number.MIN_VALUE;
  }
  return new WasmActivations(memories, outputs, { projections, squaredNorms, peaks });
}

function build(memory: MemoryBlock): void {
  const { kernels, layout, f32, f64, budget, kind, samples, columns } = memory;
  const { projections, norms, peaks, padded } = layout;
  const rowWork = memory.entriesPerRow + 2 * memory.sigmaWork + STATISTICS_WORK;
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
      budget.spend(count * rowWork);
    }
  }
}

export class WasmActivations implements Activations {
  readonly outputs: Float64Array;
  readonly #memories: readonly MemoryBlock[];
  readonly #statistics: Statistics;
  #valid = true;

  constructor(memories: readonly MemoryBlock[], outputs: Float64Array, statistics: Statistics) {
    this.#memories = memories;
    this.outputs = outputs;
    this.#statistics = statistics;
  }

  get squaredNorms(): Float64Array {
    return this.#statistics.squaredNorms;
  }

  responses(count: number): Uint32Array {
    this.#checkValid();
    const words = Math.ceil(count / 32);
    const width = this.squaredNorms.length;
    const bits = new Uint32Array(width * words);
    for (const { f32, layout, first, width: own, samples } of this.#memories) {
      for (let block = 0; block < layout.blocks; block++) {
        const neurons = Math.min(LANES, own - block * LANES);
        const to = (first + block * LANES) * words;
        const phi = (layout.phi + block * samples * ROW_BYTES) / 4;
        for (let w = 0; w < words; w++) {
          const from = phi + 32 * w * LANES;
          const rows = Math.min(32, count - 32 * w);
          for (let i = 0; i < neurons; i++) {
            let word = 0;
            for (let s = 0, at = from + i; s < rows; s++, at += LANES) if (f32[at] !== 0) word |= 1 << s;
            bits[to + i * words + w] = word;
          }
        }
      }
    }
    return bits;
  }

  greedy(objective: Objective, subnetSize: number, samples: Int32Array | null): Path {
    this.#checkValid();
    if (samples !== null || objective === 'brier')
      return selectSampled(this.#memories, objective, subnetSize, samples);
    const select = objective === 'squared' ? selectSquared : selectLogistic;
    return select(this.#memories, this.#statistics, subnetSize);
  }

  subnetOutputs(picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    this.#checkValid();
    const memories = this.#memories;
    const { f64, layout, samples } = memories[0]!;
    clearSum(memories);
    const z = layout.z / 8;
    let picked = 0;
    return sizes.map(k => {
      for (; picked < k; picked++) addToSum(memories, picks[picked]!);
      const outputs = f64.slice(z, z + samples);
      for (let s = 0; s < samples; s++) outputs[s]! /= k;
      return outputs;
    });
  }

  /** The network calls it before it overwrites the memory that this is a view of. */
  invalidate(): void {
    this.#valid = false;
  }

  #checkValid(): void {
    if (!this.#valid) throw new Error('these activations were overwritten by a later train or activate');
  }
}
