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

/** Coarse checkpoints, a range or a list, with the ratio of the fine ones between them. */
export type RefinedCheckpoints = (CheckpointRange | { readonly at: readonly number[] }) & {
  readonly refine: number;
};

/** The checkpoints of a sweep that refines them. */
export interface RefinedGrid {
  /** Ascending from 0; members of `fine`. */
  readonly coarse: readonly number[];
  /** Ascending from 0. */
  readonly fine: readonly number[];
}

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

/**
 * The coarse checkpoints and the fine sequence between them.
 *
 * - By ratio, the fine sequence is that of the same range at the ratio `refine`, and a coarse checkpoint is its first
 *   member at or after each value of the coarse rule.
 * - By step or list, fine members start from each coarse checkpoint above 0: next = max(t + 1, round(t * refine)),
 *   ending before the next coarse one.
 *
 * Nothing lies between 0 and the first checkpoint after it.
 *
 * @returns null if there are more than `limit` checkpoints.
 */
export function refinedCheckpoints(form: RefinedCheckpoints, limit = MAX_AXIS_VALUES): RefinedGrid | null {
  const rule = checkpointValues('at' in form ? form.at : form, limit);
  if (!rule) return null;
  if ('ratio' in form) {
    const { from, to, refine } = form;
    const fine = checkpointValues({ from, to, ratio: refine }, limit);
    return fine && { coarse: membersAtOrAfter(rule, fine), fine };
  }
  const next = byRatio(form.refine);
  const fine = [0];
  for (const [i, coarse] of rule.entries()) {
    const previous = rule[i - 1] ?? 0;
    for (let t = previous > 0 ? next(previous) : coarse; t < coarse; t = next(t)) {
      if (fine.length === limit) return null;
      fine.push(t);
    }
    if (coarse > 0) fine.push(coarse);
  }
  return { coarse: rule, fine };
}

/** The refined checkpoints of a sweep's resolved axes (`SweepSpec.definition`); null where it does not refine. */
export function refinedGridOf(axes: Readonly<Record<string, unknown>>): RefinedGrid | null {
  const form = axes.pretrainIterations;
  return typeof form === 'object' && form !== null && 'refine' in form
    ? refinedCheckpoints(form as RefinedCheckpoints)
    : null;
}

/** For each value, the first member of a sequence at or after it, each member once. Both ascend. */
function membersAtOrAfter(values: readonly number[], sequence: readonly number[]): number[] {
  let i = 0;
  const members = values.map(value => {
    while (sequence[i]! < value) i++;
    return sequence[i]!;
  });
  return [...new Set(members)];
}

const byRatio = (ratio: number) => (t: number) => Math.max(t + 1, Math.round(t * ratio));

const withZero = (ascending: number[]): number[] => (ascending[0] === 0 ? ascending : [0, ...ascending]);
