/**
 * Greedy forward selection (science.md). At step j, counted from 1, with z the sum of the neurons picked so far:
 *
 *   q_j = argmin_q objective((z + Phi_q) / j, y)        ties to the lowest index        z <- z + Phi_{q_j}
 *
 * The objective is a mean over all n samples, or over those of the pick.
 * `passes` counts passes over the N x n activations after they are built.
 */
import type { Objective } from '../../domain/types.js';
import type { Path } from '../engine.js';
import { sampledPasses, samplesOfPick } from '../samples.js';
import { OBJECTIVE } from './functions.js';
import type { SpendWork } from './work-budget.js';

type Select = (phi: readonly Float64Array[], y: Float64Array, subnetSize: number, spend: SpendWork) => Path;

/**
 * Selection for the squared loss, by scores instead of losses:
 *
 *   score_q(j) = ||z + Phi_q - j y||^2 - ||z - j y||^2 = 2 <Phi_q, z> - 2 j <Phi_q, y> + ||Phi_q||^2
 *
 * <Phi_q, y> and ||Phi_q||^2 count as part of building the activations. Each pick adds one column of the Gram matrix
 * to <Phi_q, z>. The first pick of a neuron costs one pass, which computes its column; the column is then cached.
 */
export const greedyByScores: Select = (phi, y, subnetSize, spend) => {
  const withLabels = column(phi, y, spend);
  const squaredNorms = phi.map(outputs => dot(outputs, outputs));
  const withSum = new Float64Array(phi.length);
  const gram = new Map<number, Float64Array>();
  const path = emptyPath(subnetSize);
  for (let j = 1; j <= subnetSize; j++) {
    const pick = argmin(phi.length, q => 2 * withSum[q]! - 2 * j * withLabels[q]! + squaredNorms[q]!);
    path.picks[j - 1] = pick;
    path.passes[j - 1] = gram.size;
    if (j === subnetSize) break;

    const products = gram.get(pick) ?? column(phi, phi[pick]!, spend);
    gram.set(pick, products);
    for (let q = 0; q < phi.length; q++) withSum[q]! += products[q]!;
    spend(3 * phi.length);
  }
  return path;
};

/** Selection for any objective: each step evaluates every candidate on the samples of the pick. */
export const greedyExhaustive =
  (objective: Objective, samples: Int32Array | null): Select =>
  (phi, y, subnetSize, spend) => {
    const lossAt = OBJECTIVE[objective];
    const z = new Float64Array(y.length);
    const path = emptyPath(subnetSize);
    for (let j = 1; j <= subnetSize; j++) {
      const looked = samplesOfPick(samples, j, subnetSize, y.length);
      const pick = argmin(phi.length, q => {
        let total = 0;
        for (const s of looked) total += lossAt((z[s]! + phi[q]![s]!) / j, y[s]!);
        spend(40 * looked.length);
        return total;
      });
      path.picks[j - 1] = pick;
      path.passes[j - 1] = sampledPasses(looked.length, j, y.length);
      for (let s = 0; s < y.length; s++) z[s]! += phi[pick]![s]!;
    }
    return path;
  };

function emptyPath(subnetSize: number): Path {
  return { picks: new Int32Array(subnetSize), passes: new Int32Array(subnetSize) };
}

/** The lowest index below `count` with the smallest value. */
function argmin(count: number, value: (q: number) => number): number {
  let best = 0;
  let smallest = value(0);
  for (let q = 1; q < count; q++) {
    const candidate = value(q);
    if (candidate < smallest) {
      best = q;
      smallest = candidate;
    }
  }
  return best;
}

/** <Phi_q, v> for every q: one pass. */
function column(phi: readonly Float64Array[], v: Float64Array, spend: SpendWork): Float64Array {
  return Float64Array.from(phi, outputs => {
    spend(v.length);
    return dot(outputs, v);
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let s = 0; s < a.length; s++) sum += a[s]! * b[s]!;
  return sum;
}
