/** Compares a sweep of a database with a published table. */
import { curveKey } from '../analysis/thresholds.js';
import { UsageError } from '../base/errors.js';
import { groupBy } from '../base/group-by.js';
import { didYouMean } from '../base/nearest.js';
import { METRIC_COLUMNS, type MetricInfo } from '../domain/metrics.js';
import type { Reader } from '../store/read/reader.js';
import { finishedCurves, type SweepCurveInfo } from '../store/read/sweep-curves.js';
import { type CurveChoice, chooseCurves, commonSettings } from './choose-curves.js';
import { type Comparison, compareCurves, type OwnCurve } from './compare.js';
import type { TableCell } from './published-table.js';

export interface DatabaseComparison extends Comparison {
  readonly sweep: string;
  readonly metric: MetricInfo;
  /** By width: the settings that its curves share, by path (`commonSettings`). */
  readonly settings: ReadonlyMap<number, Readonly<Record<string, unknown>>>;
}

/** The metric of a column of the view `results`. @throws UsageError */
export function comparedMetric(name: string): MetricInfo {
  const found = METRIC_COLUMNS.find(metric => metric.name === name);
  if (found) return found;
  const names = METRIC_COLUMNS.map(metric => metric.name);
  throw new UsageError(
    `--metric: found ${JSON.stringify(name)}${didYouMean(name, names)}, expected one of ${names.join(', ')}`,
  );
}

/**
 * Trajectories of which all cells are finished are compared, at one moment of the database.
 *
 * @param table as `readTable` returns it.
 * @param from as of `compareCurves`.
 * @throws UsageError where the choice is ambiguous or fits nothing, and where no cell is on both sides.
 */
export function compareDatabase(
  reader: Reader,
  sweep: string,
  table: readonly TableCell[],
  metric: MetricInfo,
  choice: CurveChoice,
  from: number | null,
): DatabaseComparison {
  const { curves, own } = reader.inTransaction(() => {
    const chosen = chooseCurves(finishedCurves(reader, sweep), sweep, metric.network, table, choice);
    return { curves: chosen, own: valuesOf(reader, sweep, chosen, metric) };
  });
  if (!own.some(({ points }) => points.length > 0))
    throw new UsageError(
      `--metric: found ${metric.name}, which sweep ${sweep} does not measure, expected one that it does`,
    );
  const comparison = compareCurves(table, own, metric.better, from);
  if (comparison.cells.length === 0)
    throw new UsageError(
      `sweep ${sweep}: shares no cell (width, dataset_size, pretrain_iterations) with the table, expected at least one`,
    );
  const settings = new Map(
    [...groupBy(curves, ({ config }) => config.width)].map(([width, own]) => [
      width,
      commonSettings(own, metric.network),
    ]),
  );
  return { sweep, metric, settings, ...comparison };
}

function valuesOf(
  reader: Reader,
  sweep: string,
  curves: readonly SweepCurveInfo[],
  { column }: MetricInfo,
): OwnCurve[] {
  const points = new Map(curves.map(curve => [curveKey(curve), [] as { t: number; value: number }[]]));
  for (const row of reader.curveRows(sweep)) {
    const value = row.metrics[column] ?? null;
    if (value !== null) points.get(curveKey(row))?.push({ t: row.t, value });
  }
  return curves.map(curve => ({
    width: curve.config.width,
    n: curve.config.datasetSize,
    seed: curve.config.seed,
    points: points.get(curveKey(curve))!,
  }));
}
