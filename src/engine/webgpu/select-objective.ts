/**
 * Greedy forward selection for any objective, over all samples or those of each pick. The device computes what every
 * candidate changes of the objective; those next to the best are evaluated in float64.
 */
import type { Objective } from '../../domain/types.js';
import { sigmoid } from '../../math/elementary.js';
import type { Path } from '../engine.js';
import { OBJECTIVE } from '../reference/functions.js';
import { sampledPasses, samplesOfPick } from '../samples.js';
import type { Candidates } from './select-squared.js';

/**
 * The most by which a summed change is wrong, relative to the sum of the sizes of the changes: additions as in
 * select-squared.ts, and a few tens of roundings in each change (kernels/objective.ts).
 */
const CHANGE_ERROR = 300 / 2 ** 24;

/** @param samples as of `Activations.greedy` */
export function selectByObjective(
  { phi, labels, contenders }: Candidates,
  objective: Objective,
  subnetSize: number,
  samples: Int32Array | null,
): Path {
  const lossAt = OBJECTIVE[objective];
  const n = labels.length;
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const z = new Float64Array(n);
  for (let j = 1; j <= subnetSize; j++) {
    const looked = samplesOfPick(samples, j, subnetSize, n);
    const listed = samples === null ? null : looked;
    const now = new Float32Array(4 * looked.length);
    for (const [at, s] of looked.entries()) now.set(currentOf(objective, z[s]! / j, labels[s]!, j), 4 * at);
    const { change, size } = phi.objectiveChanges(objective, now, listed);
    const close = contenders.among({
      scores: Float64Array.from(change),
      errors: Float64Array.from(size, value => CHANGE_ERROR * value),
    });
    const pick = contenders.best(close, listed, outputs => {
      let total = 0;
      for (const [at, s] of looked.entries()) total += lossAt((z[s]! + outputs[at]!) / j, labels[s]!);
      return total;
    });
    picks[j - 1] = pick;
    passes[j - 1] = sampledPasses(looked.length, j, n);
    const outputs = contenders.column(pick);
    for (let s = 0; s < n; s++) z[s]! += outputs[s]!;
  }
  return { picks, passes };
}

/** `now` of kernels/objective.ts for one sample, with u = z / j. */
function currentOf(objective: Objective, u: number, y: number, j: number): readonly number[] {
  if (objective === 'squared') return [u - y, 1 / j, 0, 0];
  const a = -y * u;
  return [sigmoid(a), sigmoid(-a), -y / j, a];
}
