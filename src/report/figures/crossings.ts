/** Crossings as they are drawn. */
import type { CrossingPoint } from '../../store/figure-rows.js';

/** Where the point of an interval stands: at its geometric middle; of a left-censored one, at its upper end. */
export function middleOf({ lower, upper }: Pick<CrossingPoint, 'lower' | 'upper'>): number | null {
  if (upper === null) return lower;
  return lower === null || lower === 0 ? upper : Math.sqrt(lower * upper);
}

/**
 * The median over seeds, the later of the two middle ones for an even number; curves that have not crossed come last.
 * Null where the median curve can never cross.
 */
export function medianCrossing(
  rows: readonly CrossingPoint[],
): { readonly at: number; readonly censored: boolean } | null {
  const rank = (row: CrossingPoint): number =>
    row.censoring === 'unreachable' ? 2 : row.upper === null ? 1 : 0;
  const end = (row: CrossingPoint): number => row.upper ?? row.lower ?? 0;
  const sorted = [...rows].sort((a, b) => rank(a) - rank(b) || end(a) - end(b));
  const median = sorted[Math.floor(sorted.length / 2)];
  if (!median || median.censoring === 'unreachable') return null;
  return { at: end(median), censored: median.upper === null };
}
