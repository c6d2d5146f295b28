/** Assembles curves from the store's rows, which come cell by cell, joined with the dense network's measures. */
import type { CurveRow } from '../domain/types.js';
import { variantKey } from '../domain/variant.js';

/** One variant of one trajectory, over t. */
export interface RawCurve {
  /** The curve's first row; it gives the trajectory and the variant. */
  readonly head: CurveRow;
  readonly t: readonly number[];
  /** By column, each parallel to `t`. */
  readonly values: ReadonlyMap<string, readonly (number | null)[]>;
}

/**
 * Splits a stream of rows into curves. Keeps one curve in memory.
 *
 * @param rows ordered by trajectory, variant, t.
 * @param columns the metrics to collect.
 * @throws Error if the rows of a curve or a trajectory are not contiguous.
 */
export function* curves(rows: Iterable<CurveRow>, columns: readonly string[]): Generator<RawCurve> {
  const trajectories = new Set<string>();
  let variants = new Set<string>();
  let head: CurveRow | null = null;
  let t: number[] = [];
  let values: (number | null)[][] = [];
  const finished = (first: CurveRow): RawCurve => ({
    head: first,
    t,
    values: new Map(columns.map((column, i) => [column, values[i]!])),
  });
  for (const row of rows) {
    if (!head || !sameCurve(head, row)) {
      if (head) yield finished(head);
      if (head?.trajectoryId !== row.trajectoryId) {
        assertUnseen(trajectories, row.trajectoryId, row);
        variants = new Set();
      }
      assertUnseen(variants, variantKey(row), row);
      head = row;
      t = [];
      values = columns.map(() => []);
    }
    t.push(row.t);
    for (let i = 0; i < columns.length; i++) values[i]!.push(row.metrics[columns[i]!] ?? null);
  }
  if (head) yield finished(head);
}

function sameCurve(a: CurveRow, b: CurveRow): boolean {
  return (
    a.trajectoryId === b.trajectoryId &&
    a.subnetSize === b.subnetSize &&
    a.method === b.method &&
    a.objective === b.objective &&
    a.sampleSize === b.sampleSize &&
    a.retrainIterations === b.retrainIterations
  );
}

function assertUnseen(seen: Set<string>, key: string, row: CurveRow): void {
  if (seen.has(key))
    throw new Error(`rows of trajectory ${row.trajectoryId} are out of order at t = ${row.t}`);
  seen.add(key);
}
