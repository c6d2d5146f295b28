/**
 * Greedy forward selection on the samples of each pick (science.md): every candidate's objective is evaluated on all of
 * them, in float64, samples and candidates ascending.
 */
import type { Objective } from '../../domain/types.js';
import type { Path } from '../engine.js';
import { OBJECTIVE } from '../reference/functions.js';
import { sampledPasses, samplesOfPick } from '../samples.js';
import { LANES } from './layout-parts.js';
import type { MemoryBlock } from './memory-block.js';
import { addToSum, clearSum } from './selected-sum.js';

/** Work of one sample of a block. */
const EVALUATION_WORK = 64;

/** @param samples as of `Activations.greedy`. */
export function selectSampled(
  memories: readonly MemoryBlock[],
  objective: Objective,
  subnetSize: number,
  samples: Int32Array | null,
): Path {
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const n = memories[0]!.samples;
  clearSum(memories);
  for (let j = 1; j <= subnetSize; j++) {
    const looked = samplesOfPick(samples, j, subnetSize, n);
    const pick = bestCandidate(memories, objective, looked, j);
    picks[j - 1] = pick;
    passes[j - 1] = sampledPasses(looked.length, j, n);
    addToSum(memories, pick);
  }
  return { picks, passes };
}

/** The neuron with the smallest objective at (z + Phi_q) / j, ties to the lowest index. */
function bestCandidate(
  memories: readonly MemoryBlock[],
  objective: Objective,
  looked: Int32Array,
  j: number,
): number {
  const lossAt = OBJECTIVE[objective];
  const sums = new Float64Array(LANES);
  // If every sum is NaN or Infinity, as after a divergence, any pick is equally good.
  let best = 0;
  let smallest = Infinity;
  for (const { f32, f64, layout, budget, first, width, samples: n } of memories) {
    for (let block = 0; block < layout.blocks; block++) {
      const lanes = Math.min(LANES, width - block * LANES);
      sums.fill(0);
      for (const s of looked) {
        const z = f64[layout.z / 8 + s]!;
        const y = f32[layout.labels / 4 + s]!;
        const phi = layout.phi / 4 + (block * n + s) * LANES;
        for (let lane = 0; lane < lanes; lane++) sums[lane]! += lossAt((z + f32[phi + lane]!) / j, y);
        budget.spend(EVALUATION_WORK);
      }
      for (let lane = 0; lane < lanes; lane++) {
        if (sums[lane]! >= smallest || Number.isNaN(sums[lane]!)) continue;
        smallest = sums[lane]!;
        best = first + block * LANES + lane;
      }
    }
  }
  return best;
}
