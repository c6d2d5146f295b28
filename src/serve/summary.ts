/** Mean and range of curves over seeds, as figures show them. */
import { type CurvePoint, rounded, type Spread } from '../store/read/figure-rows.js';

/** Checkpoints sent to the page for one data set size, evenly chosen. The first and the last are always included. */
const MAX_CHECKPOINTS = 200;

/** The finished cells of one variant of one trajectory. */
export interface Curve {
  readonly t: readonly number[];
  /** One array per column, parallel to t; NaN where nothing was measured. */
  readonly values: readonly Float64Array[];
  readonly complete: boolean;
}

/**
 * Mean and range over seeds for one data set size. Each checkpoint covers the curves that have reached it. Refined ones,
 * which only some curves have, are left out: a band over other seeds at each checkpoint would jump.
 *
 * @param columns indices of loss and accuracy in `Curve.values`.
 * @param coarse the checkpoints that all curves will have; null for all.
 */
export function summarise(
  n: number,
  network: CurvePoint['network'],
  curves: readonly Curve[],
  columns: readonly number[],
  coarse: ReadonlySet<number> | null = null,
): CurvePoint[] {
  const sumsAt = new Map<number, Sums>();
  for (const { t, values } of curves) {
    for (let i = 0; i < t.length; i++) {
      let sums = sumsAt.get(t[i]!);
      if (!sums) {
        sums = { seeds: 0, measures: columns.map(newMeasure) };
        sumsAt.set(t[i]!, sums);
      }
      sums.seeds++;
      for (const [m, column] of columns.entries()) add(sums.measures[m]!, values[column]![i]!);
    }
  }
  const common = [...sumsAt].filter(([t, { seeds }]) => !coarse || coarse.has(t) || seeds === curves.length);
  return thinned(common.map(([t]) => t).sort((a, b) => a - b)).map(t => {
    const { seeds, measures } = sumsAt.get(t)!;
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
  if (last < MAX_CHECKPOINTS) return [...checkpoints];
  const step = last / (MAX_CHECKPOINTS - 1);
  return Array.from({ length: MAX_CHECKPOINTS }, (_, i) => checkpoints[Math.round(i * step)]!);
}
