/**
 * Greedy forward selection on the samples of each pick (science.md). The device gives the outputs of all candidates on
 * these samples; their objectives are evaluated in float64.
 */
import type { Objective } from '../../domain/types.js';
import type { Path } from '../engine.js';
import { OBJECTIVE } from '../reference/functions.js';
import { sampledPasses, samplesOfPick } from '../samples.js';
import type { Candidates } from './candidates.js';
import { addTo } from './phi.js';

/** @param samples as of `Activations.greedy`. */
export function selectSampled(
  candidates: Candidates,
  objective: Objective,
  subnetSize: number,
  samples: Int32Array | null,
): Path {
  const { phi, labels } = candidates;
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const z = new Float64Array(labels.length);
  for (let j = 1; j <= subnetSize; j++) {
    const looked = samplesOfPick(samples, j, subnetSize, labels.length);
    const pick = bestCandidate(candidates, objective, z, looked, j);
    picks[j - 1] = pick;
    passes[j - 1] = sampledPasses(looked.length, j, labels.length);
    addTo(z, phi.columns(Int32Array.of(pick))[0]!);
  }
  return { picks, passes };
}

/** The candidate with the smallest objective at (z + Phi_q) / j, ties to the lowest index. */
function bestCandidate(
  { phi, labels, neurons, squaredNorms }: Candidates,
  objective: Objective,
  z: Float64Array,
  looked: Int32Array,
  j: number,
): number {
  const lossAt = OBJECTIVE[objective];
  const sums = new Float64Array(squaredNorms.length);
  phi.forEachRow(looked, (s, outputs) => {
    for (const q of neurons) sums[q]! += lossAt((z[s]! + outputs[q]!) / j, labels[s]!);
  });
  let best = neurons[0]!;
  for (const q of neurons) if (sums[q]! < sums[best]!) best = q;
  return best;
}
