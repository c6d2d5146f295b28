/**
 * Greedy forward selection that looks at some of the samples at each pick (science.md): every candidate's loss on them, in
 * float64. Rows of phi are read in place.
 */
import type { Objective } from '../../domain/types.js';
import type { Path } from '../engine.js';
import { sampledPasses, samplesOfPick } from '../samples.js';
import { OBJECTIVE_KIND } from './kernels.js';
import { LANES, ROW_BYTES } from './layout-parts.js';
import { broadcastRegion, type MemoryBlock } from './memory-block.js';
import { addToSum, clearSum } from './selected-sum.js';

/** Work of one sample's losses of a block. */
const LOSS_WORK: Readonly<Record<Objective, number>> = { squared: 8, logistic: 64, brier: 64 };

/** Samples of a call: a multiple of 512. */
const SLICE = 2 ** 15;

/** @param samples as of `Activations.greedy`. */
export function selectSampled(
  memories: readonly MemoryBlock[],
  objective: Objective,
  subnetSize: number,
  samples: Int32Array | null,
): Path {
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const { samples: n } = memories[0]!;
  clearSum(memories);
  let count = 0;
  for (let j = 1; j <= subnetSize; j++) {
    if (samples || j === 1) {
      const looked = samplesOfPick(samples, j, subnetSize, n);
      placeRows(memories, looked);
      count = looked.length;
    }
    gatherSums(memories, count);
    const pick = bestOf(memories, objective, count, j);
    picks[j - 1] = pick;
    passes[j - 1] = sampledPasses(count, j, n);
    addToSum(memories, pick);
  }
  return { picks, passes };
}

/** Writes the samples' rows, and their labels, into every memory block: at `columnEntries` and `slopes`. */
function placeRows(memories: readonly MemoryBlock[], positions: Int32Array): void {
  for (const { u32, f32, layout } of memories) {
    const [rows, labels] = [layout.columnEntries / 4, layout.slopes / 4];
    for (let i = 0; i < positions.length; i++) {
      u32[rows + i] = positions[i]! * ROW_BYTES;
      f32[labels + i] = f32[layout.labels / 4 + positions[i]!]!;
    }
  }
}

/** Copies z of the samples to f, in every memory block. */
function gatherSums(memories: readonly MemoryBlock[], count: number): void {
  const home = memories[0]!;
  const { u32, f64, layout } = home;
  const [rows, z, f] = [layout.columnEntries / 4, layout.z / 8, layout.f / 8];
  for (let i = 0; i < count; i++) f64[f + i] = f64[z + u32[rows + i]! / ROW_BYTES]!;
  broadcastRegion(home, memories, 'f', 2 * count);
}

/** The candidate with the smallest loss on the samples, ties to the lowest index. */
function bestOf(memories: readonly MemoryBlock[], objective: Objective, count: number, j: number): number {
  // If every loss is NaN or Infinity, as after a divergence, any pick is equally good.
  let best = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const { kernels, layout, f64, budget, samples, first, width } of memories) {
    const { phi, columnEntries, f, slopes, scratch, blocks } = layout;
    for (let block = 0; block < blocks; block++) {
      const rows = phi + block * samples * ROW_BYTES;
      f64.fill(0, scratch / 8, scratch / 8 + LANES);
      for (let s = 0; s < count; s += SLICE) {
        const slice = Math.min(SLICE, count - s);
        const kind = OBJECTIVE_KIND[objective];
        kernels.sampleLosses(kind, rows, columnEntries + 4 * s, f + 8 * s, slopes + 4 * s, slice, j, scratch);
        budget.spend(LOSS_WORK[objective] * slice);
      }
      const from = block * LANES;
      for (let i = from; i < Math.min(width, from + LANES); i++) {
        const loss = f64[scratch / 8 + i - from]!;
        if (loss < smallest) {
          smallest = loss;
          best = first + i;
        }
      }
    }
  }
  return best;
}
