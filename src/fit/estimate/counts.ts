/** Counts curves by censoring at each data set size and finds the median crossing. */
import type { ThresholdRow } from '../../domain/types.js';
import type { Sample } from '../laws/sample.js';

type Crossing = Pick<ThresholdRow, 'lower' | 'upper' | 'censoring'>;
type Ends = Crossing & Pick<ThresholdRow, 'flagged'> & { readonly datasetSize: number };

/** Curves by censoring at one data set size. */
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
   * The interval of the median curve (see `medianCrossing`). `upper` is null if the median is right-censored, both
   * are null if it is unreachable.
   */
  readonly median: { readonly lower: number | null; readonly upper: number | null };
}

/** One entry for each size, ascending. */
export function countsBySize(rows: readonly Ends[]): SizeCounts[] {
  const sizes = [...new Set(rows.map(row => row.datasetSize))].sort((a, b) => a - b);
  return sizes.map(n => {
    const own = rows.filter(row => row.datasetSize === n);
    const count = (censoring: ThresholdRow['censoring']): number =>
      own.filter(row => row.censoring === censoring).length;
    const [interval, left] = [count('interval'), count('left')];
    const middle = medianCrossing(own)!;
    const isUnreachable = middle.censoring === 'unreachable';
    return {
      n,
      curves: own.length,
      interval,
      left,
      right: count('right'),
      unreachable: count('unreachable'),
      crossed: interval + left,
      flagged: own.filter(row => row.flagged).length,
      median: { lower: isUnreachable ? null : middle.lower, upper: isUnreachable ? null : middle.upper },
    };
  });
}

/** The same of a sample, which has no unreachable curves. */
export function countsOfSample({ sizes, size, lower, upper }: Sample): SizeCounts[] {
  const rows = Array.from(size, (at, i): Ends => {
    const isRight = upper[i] === Number.POSITIVE_INFINITY;
    const isLeft = lower[i] === Number.NEGATIVE_INFINITY;
    return {
      datasetSize: sizes[at]!,
      lower: Math.exp(lower[i]!),
      upper: isRight ? null : Math.exp(upper[i]!),
      censoring: isRight ? 'right' : isLeft ? 'left' : 'interval',
      flagged: false,
    };
  });
  return countsBySize(rows);
}

/** The median by time, the later of two middle curves for an even count. Curves without a crossing sort last. */
export function medianCrossing<Row extends Crossing>(rows: readonly Row[]): Row | undefined {
  const sorted = [...rows].sort((a, b) => censoringRank(a) - censoringRank(b) || endTime(a) - endTime(b));
  return sorted[Math.floor(sorted.length / 2)];
}

/** Sorts crossed curves first, then right-censored, then unreachable ones. */
const censoringRank = (row: Crossing): number =>
  row.censoring === 'unreachable' ? 2 : row.upper === null ? 1 : 0;
const endTime = (row: Crossing): number => row.upper ?? row.lower ?? 0;
