/** The short forms of axes: seeds by count, checkpoints by range. */

/** The limit of values that a short form may give; more are refused as a mistake. */
export const MAX_AXIS_VALUES = 1_000_000;

export interface SeedCount {
  readonly count: number;
}

/** Checkpoints from `from` to `to` (both included) in iterations, at equal steps or at equal ratios. */
export type CheckpointRange =
  | { readonly from: number; readonly to: number; readonly step: number }
  | { readonly from: number; readonly to: number; readonly ratio: number };

/** The seeds 0..count-1, or the listed seeds. */
export function seedValues(form: SeedCount | readonly number[]): number[] {
  return 'count' in form ? Array.from({ length: form.count }, (_, seed) => seed) : [...form];
}

/**
 * Pre-training checkpoints, ascending and unique. They always include 0, and `to` even if the last step would jump
 * over it. By ratio: next = max(t + 1, round(t * ratio)).
 *
 * @returns null if a range has more than `limit` checkpoints before `to`.
 */
export function checkpointValues(
  form: CheckpointRange | readonly number[],
  limit = MAX_AXIS_VALUES,
): number[] | null {
  if (!('to' in form)) return withZero([...new Set(form)].sort((a, b) => a - b));
  const next = 'step' in form ? (t: number) => t + form.step : byRatio(form.ratio);
  const values: number[] = [];
  for (let t = form.from; t < form.to; t = next(t)) {
    if (values.length === limit) return null;
    values.push(t);
  }
  return withZero([...values, form.to]);
}

const byRatio = (ratio: number) => (t: number) => Math.max(t + 1, Math.round(t * ratio));

const withZero = (ascending: number[]): number[] => (ascending[0] === 0 ? ascending : [0, ...ascending]);
