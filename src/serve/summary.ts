/** Curves over seeds: what a figure needs of them. */
import { type CurvePoint, rounded, type Spread } from '../store/read/figure-rows.js';

/** Checkpoints of a data set size that the page is sent at most, evenly chosen; the last is always among them. */
const MOST_CHECKPOINTS = 200;

/** The finished cells of one variant of one trajectory. */
export interface Curve {
  readonly t: readonly number[];
  /** By column, parallel to t; NaN where nothing was measured. */
  readonly values: readonly Float64Array[];
  readonly complete: boolean;
}

/**
 * The curves of one data set size, over seeds: at each checkpoint those that have reached it.
 * @param columns of loss and of accuracy.
 */
export function summarise(
  n: number,
  network: CurvePoint['network'],
  curves: readonly Curve[],
  columns: readonly number[],
): CurvePoint[] {
  const at = new Map<number, Sums>();
  for (const { t, values } of curves) {
    for (let i = 0; i < t.length; i++) {
      let sums = at.get(t[i]!);
      if (!sums) {
        sums = { seeds: 0, measures: columns.map(newMeasure) };
        at.set(t[i]!, sums);
      }
      sums.seeds++;
      for (const [m, column] of columns.entries()) add(sums.measures[m]!, values[column]![i]!);
    }
  }
  return thinned([...at.keys()].sort((a, b) => a - b)).map(t => {
    const { seeds, measures } = at.get(t)!;
    const [loss, accuracy] = measures.map(spreadOf);
    return { n, t, network, seeds, loss: loss!, accuracy: accuracy! };
  });
}

interface Sums {
  seeds: number;
  readonly measures: readonly Measure[];
}
interface Measure {
  count: number;
  sum: number;
  low: number;
  high: number;
}

const newMeasure = (): Measure => ({
  count: 0,
  sum: 0,
  low: Number.POSITIVE_INFINITY,
  high: Number.NEGATIVE_INFINITY,
});

function add(measure: Measure, value: number): void {
  if (Number.isNaN(value)) return;
  measure.count++;
  measure.sum += value;
  measure.low = Math.min(measure.low, value);
  measure.high = Math.max(measure.high, value);
}

const spreadOf = ({ count, sum, low, high }: Measure): Spread | null =>
  count === 0 ? null : { mean: rounded(sum / count), low: rounded(low), high: rounded(high) };

function thinned(checkpoints: readonly number[]): number[] {
  const last = checkpoints.length - 1;
  if (last < MOST_CHECKPOINTS) return [...checkpoints];
  const step = last / (MOST_CHECKPOINTS - 1);
  return Array.from({ length: MOST_CHECKPOINTS }, (_, i) => checkpoints[Math.round(i * step)]!);
}
