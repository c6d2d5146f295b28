/** Chooses the samples that each pick of a greedy selection looks at. They depend on (seed, t, n, m) alone. */
import { samplesPerPick } from '../domain/variant.js';
import { integerBelow, stream } from '../math/random.js';

/** The selection of one path at one checkpoint. */
export interface SampledSelection {
  readonly seed: number;
  /** The checkpoint. */
  readonly t: number;
  readonly n: number;
  /** m, as the sweep file says it; null for all n. */
  readonly sampleSize: number | null;
  readonly picks: number;
}

/**
 * Positions of samples, picks x m: m of n without replacement for every pick, ascending within it. Null where a pick
 * looks at all n. Fewer picks give the first of them.
 *
 * The stream is the same for every path of a checkpoint, so two objectives look at the same samples.
 */
export function selectionBatches({ seed, t, n, sampleSize, picks }: SampledSelection): Int32Array | null {
  const m = samplesPerPick(sampleSize, n);
  if (m === null) return null;
  const next = stream(seed, 'selection-batches', t);
  const order = Int32Array.from({ length: n }, (_, s) => s);
  const samples = new Int32Array(picks * m);
  for (let pick = 0; pick < picks; pick++) {
    // The first m steps of Fisher-Yates, from the order that the pick before left.
    for (let i = 0; i < m; i++) {
      const j = i + integerBelow(next, n - i);
      const chosen = order[j]!;
      order[j] = order[i]!;
      order[i] = chosen;
    }
    samples.set(order.slice(0, m).sort(), pick * m);
  }
  return samples;
}
