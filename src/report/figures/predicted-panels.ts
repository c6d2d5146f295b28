/** What the figures of predictions share: their targets, and rows of one target. */
import type { CrossingPoint } from '../../store/read/figure-rows.js';
import type { PredictedPoint } from '../../store/read/predictions.js';
import { SYMBOL, targetSign } from '../style/text.js';
import { type Columns, distinct, type FigureData } from './figure.js';

/** Panels that readers can compare. */
const MAX_PANELS = 4;

export interface PredictedPanel {
  readonly title: string;
  readonly summed: boolean;
  readonly target: string;
  /** Ascending, with a prediction or a measured threshold. */
  readonly sizes: readonly number[];
  readonly points: readonly PredictedPoint[];
  /** Measured thresholds of the subnetwork and of the dense network, each seed once. */
  readonly subnet: readonly CrossingPoint[];
  readonly dense: readonly CrossingPoint[];
}

/** One panel for each target with predictions at two sizes or more, the easiest first; of many, some spread evenly. */
export function predictedPanels({ predictions, crossings }: FigureData): PredictedPanel[] {
  const keys = [...new Set(predictions.map(({ summed, target }) => JSON.stringify([summed, target])))];
  const panels = keys.flatMap(key => {
    const [summed, target] = JSON.parse(key) as [boolean, string];
    const points = predictions.filter(
      point => point.summed === summed && point.target === target && (point.predicted ?? 0) > 0,
    );
    if (distinct(points.map(({ n }) => n)).length < 2) return [];
    const suffix = summed ? '_sum' : '';
    const of = (network: string) =>
      once(crossings.filter(row => row.metric === `${network}_train_loss${suffix}` && row.target === target));
    const title = `${summed ? 'summed ' : ''}training loss ${targetSign(target)}`;
    const [subnet, dense] = [of('subnet'), of('dense')];
    const sizes = distinct([...points, ...subnet, ...dense].map(({ n }) => n));
    return [{ title, summed, target, sizes, points, subnet, dense }];
  });
  if (panels.length <= MAX_PANELS) return panels;
  const step = (panels.length - 1) / (MAX_PANELS - 1);
  return Array.from({ length: MAX_PANELS }, (_, i) => panels[Math.round(i * step)]!);
}

/** Rows of greedy selection where there are any: a dense network's are the same for every method. */
function once(rows: readonly CrossingPoint[]): CrossingPoint[] {
  const greedy = rows.filter(({ method }) => method === 'greedy');
  const kept = new Map<string, CrossingPoint>();
  for (const row of greedy.length > 0 ? greedy : rows) {
    const key = `${row.n}/${row.seed}`;
    if (!kept.has(key)) kept.set(key, row);
  }
  return [...kept.values()];
}

/** The geometric mean of positive values; null unless there are any. */
function geometricMean(values: readonly number[]): number | null {
  if (values.length === 0 || values.some(value => !(value > 0))) return null;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** The geometric mean over seeds of one n; null where a seed has no value. */
export function meanAt<T extends { readonly n: number }>(
  rows: readonly T[],
  n: number,
  of: (row: T) => number | null,
): number | null {
  const values = rows.filter(row => row.n === n).map(of);
  return values.includes(null) ? null : geometricMean(values as number[]);
}

/** The middle of a measured interval; null where it is open. */
export const middleOf = ({ lower, upper, censoring }: CrossingPoint): number | null =>
  censoring === 'interval' && lower !== null && upper !== null && lower > 0 ? Math.sqrt(lower * upper) : null;

/** The dense network's prediction over its measured t*, of geometric means over seeds; null without either. */
export function ratioAt({ points, dense }: PredictedPanel, n: number): number | null {
  const predicted = meanAt(points, n, row => row.predicted);
  const measured = meanAt(dense, n, middleOf);
  return predicted === null || measured === null ? null : predicted / measured;
}

/** Title of a panel's size axis, for which the whole name is too long. */
export const sizeTitle = (columns: Columns): string =>
  columns === 1 ? `size ${SYMBOL.n}` : `${SYMBOL.n} (samples)`;
