/**
 * The thresholds of a sweep: the one place that decides whether to take the stored ones or to compute. Only the live page
 * also computes, for single curves of a run at work (serve/curve-cache.ts).
 */
import { type RefinedGrid, refinedGridOf } from '../domain/sweep-file/axes.js';
import type { ThresholdRow, ThresholdSpec, Variant } from '../domain/types.js';
import { variantKey } from '../domain/variant.js';
import type { Reader } from '../store/read/reader.js';
import type { SweepRow } from '../store/schema/rows.js';
import type { Store } from '../store/write/store.js';
import { computeThresholds, isPublished, type Thresholds, targetLabel } from '../threshold/targets.js';
import { THRESHOLD_VERSION } from '../threshold/version.js';

/**
 * Thresholds of a sweep's finished trajectories: the stored ones where they are valid, else computed. Their order is the
 * same either way, so whatever follows from them has the same bits.
 */
export function sweepThresholds(reader: Reader, sweep: SweepRow): Thresholds {
  return storedThresholds(reader, sweep) ?? computeFrom(reader, sweep);
}

/** As `sweepThresholds`; what had to be computed is stored. */
export function refreshThresholds(store: Store, sweep: SweepRow): Thresholds {
  const reader = store.toReader();
  const stored = storedThresholds(reader, sweep);
  if (stored) return stored;
  // One moment: whoever edits the database meanwhile makes what is stored invalid, not wrong.
  const { data, thresholds } = reader.inTransaction(() => ({
    data: reader.thresholdData(sweep.name)!,
    thresholds: computeFrom(reader, sweep),
  }));
  store.replaceThresholds(sweep.name, thresholds, { version: THRESHOLD_VERSION, data });
  return thresholds;
}

function storedThresholds(reader: Reader, { name, thresholds }: SweepRow): Thresholds | null {
  const stored = reader.validThresholds(name, THRESHOLD_VERSION);
  return stored && { ...stored, rows: inOrderOfTargets(stored.rows, thresholds) };
}

/** Orders the rows of each curve by target, as they are computed: those of `published`, which come last, apart. */
function inOrderOfTargets(rows: readonly ThresholdRow[], specs: readonly ThresholdSpec[]): ThresholdRow[] {
  const places = new Map(specs.map((spec, i) => [`${spec.metric} ${targetLabel(spec)}`, i]));
  let curve = 0;
  const keyed = rows.map((row, i) => {
    const previous = rows[i - 1];
    const isOther =
      previous && (curveKey(row) !== curveKey(previous) || isPublished(row) !== isPublished(previous));
    if (isOther) curve++;
    return { row, curve, place: places.get(`${row.metric} ${row.target}`) ?? specs.length };
  });
  return keyed.sort((a, b) => a.curve - b.curve || a.place - b.place).map(({ row }) => row);
}

function computeFrom(reader: Reader, { name, thresholds, definition }: SweepRow): Thresholds {
  return computeThresholds(thresholds, reader.curveRows(name), {
    largestSize: reader.largestSize(name),
    grid: storedGrid(definition),
  });
}

/** The refined checkpoints of a stored definition; null where it does not refine. */
export const storedGrid = (definition: unknown): RefinedGrid | null =>
  refinedGridOf((definition as { axes?: Record<string, unknown> }).axes ?? {});

type CurveId = Variant & { readonly trajectoryId: string };
/** Names a curve within its sweep. */
export const curveKey = (curve: CurveId): string => `${curve.trajectoryId}/${variantKey(curve)}`;
