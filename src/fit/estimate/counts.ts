/** What there is at each data set size. */
import type { ThresholdRow } from '../../domain/types.js';

type Crossing = Pick<ThresholdRow, 'lower' | 'upper' | 'censoring'>;
type Ends = Crossing & Pick<ThresholdRow, 'flagged'> & { readonly datasetSize: number };

export interface SizeCounts {
  readonly n: number;
  readonly curves: number;
  readonly interval: number;
  readonly left: number;
  readonly right: number;
  readonly unreachable: number;
  /** interval + left. */
  readonly crossed: number;
  /** Curves whose raw and sustained crossings lie more than two checkpoints apart. */
  readonly flagged: number;
  /**
   * The interval of the median curve (the later of the two middle ones), where curves that have not crossed come
   * last; `upper` null where the median is right-censored, both null where it is unreachable.
   */
  readonly median: { readonly lower: number | null; readonly upper: number | null };
}

/** By size, ascending. */
export function countsBySize(rows: readonly Ends[]): SizeCounts[] {
  const sizes = [...new Set(rows.map(row => row.datasetSize))].sort((a, b) => a - b);
  return sizes.map(n => {
    const own = rows.filter(row => row.datasetSize === n);
    const count = (censoring: ThresholdRow['censoring']): number =>
      own.filter(row => row.censoring === censoring).length;
    const [interval, left] = [count('interval'), count('left')];
    const middle = medianCrossing(own)!;
    const gone = middle.censoring === 'unreachable';
    return {
      n,
      curves: own.length,
      interval,
      left,
      right: count('right'),
      unreachable: count('unreachable'),
      crossed: interval + left,
      flagged: own.filter(row => row.flagged).length,
      median: { lower: gone ? null : middle.lower, upper: gone ? null : middle.upper },
    };
  });
}

/** The median by time, the later of the two middle ones for an even number; curves that have not crossed come last. */
export function medianCrossing<Row extends Crossing>(rows: readonly Row[]): Row | undefined {
  const sorted = [...rows].sort((a, b) => place(a) - place(b) || end(a) - end(b));
  return sorted[Math.floor(sorted.length / 2)];
}

/** Crossed curves by time, then the right-censored, then the unreachable. */
const place = (row: Crossing): number => (row.censoring === 'unreachable' ? 2 : row.upper === null ? 1 : 0);
const end = (row: Crossing): number => row.upper ?? row.lower ?? 0;
