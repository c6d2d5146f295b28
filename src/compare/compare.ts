/** Compares curves with a published table, cell by cell and by their thresholds. Pure: neither file nor database. */

import { groupBy } from '../base/group-by.js';
import type { MetricInfo } from '../domain/metrics.js';
import { bestOf, type Crossing, checkpointsApart, firstAt, type Point } from './crossings.js';
import { byPlace, type CellPlace, type TableCell } from './published-table.js';
import { type ComparedCell, type Summary, summarise } from './summary.js';

/** One trajectory's values of the metric. */
export interface OwnCurve {
  readonly width: number;
  readonly n: number;
  readonly seed: number;
  /** Ascending in t. */
  readonly points: readonly Point[];
}

export interface SizeThresholds {
  readonly n: number;
  readonly published: Crossing;
  /** Of the curve of means over seeds; null where it is not known. */
  readonly ours: Crossing | null;
  /** Of each seed's own curve against its own level; null where it is not known. Ascending in seed. */
  readonly seeds: readonly { readonly seed: number; readonly crossing: Crossing | null }[];
}

export interface WidthThresholds {
  /** The n whose best value is the level: the table's largest at this width. */
  readonly largestSize: number;
  readonly publishedLevel: number;
  /** Of the means over seeds; null where the curve at `largestSize` is incomplete. */
  readonly level: number | null;
  readonly sizes: readonly SizeThresholds[];
  /** Sizes where both thresholds are known. */
  readonly compared: number;
  /** Of these, where they are at most one of the table's checkpoints apart. */
  readonly withinOneCheckpoint: number;
}

export interface WidthComparison {
  readonly width: number;
  readonly all: Summary;
  /** Of the cells from `from` on; null without it. */
  readonly from: Summary | null;
  readonly byT: readonly ({ readonly t: number } & Summary)[];
  readonly thresholds: WidthThresholds;
}

export interface Comparison {
  /** The widths of the table that have cells on both sides, ascending. */
  readonly widths: readonly WidthComparison[];
  /** Ordered by width, n, t. */
  readonly cells: readonly ComparedCell[];
  readonly missing: {
    /** Cells of the table that no curve has. */
    readonly ours: readonly CellPlace[];
    /** Cells of curves that the table lacks. */
    readonly published: readonly CellPlace[];
  };
}

const keyOf = ({ width, n, t }: CellPlace): string => `${width}/${n}/${t}`;

/**
 * Cells meet by width, n and t; nothing is interpolated. Ours is the mean over the seeds that have the cell. A curve that
 * lacks a checkpoint of the table has no threshold.
 *
 * @param table ordered by width, n, t.
 * @param curves at most one for each width, n and seed.
 * @param better which way the metric improves.
 * @param from first t of the summaries `from`; null for none.
 */
export function compareCurves(
  table: readonly TableCell[],
  curves: readonly OwnCurve[],
  better: MetricInfo['better'],
  from: number | null,
): Comparison {
  const ordered = [...curves].sort((a, b) => a.width - b.width || a.n - b.n || a.seed - b.seed);
  const own = ownCells(ordered);
  const cells = table.flatMap(cell => comparedCell(cell, own.get(keyOf(cell))?.values ?? []));
  const inTable = new Set(table.map(keyOf));
  const widths = [...new Set(cells.map(({ width }) => width))].map((width): WidthComparison => {
    const here = cells.filter(cell => cell.width === width);
    const times = [...new Set(here.map(({ t }) => t))].sort((a, b) => a - b);
    return {
      width,
      all: summarise(here),
      from: from === null ? null : summarise(here.filter(({ t }) => t >= from)),
      byT: times.map(t => ({ t, ...summarise(here.filter(cell => cell.t === t)) })),
      thresholds: thresholdsOf(
        table.filter(cell => cell.width === width),
        here,
        ordered.filter(curve => curve.width === width),
        better,
      ),
    };
  });
  return {
    widths,
    cells,
    missing: {
      ours: table.filter(cell => !own.has(keyOf(cell))).map(({ width, n, t }) => ({ width, n, t })),
      published: [...own.values()]
        .flatMap(({ place }) => (inTable.has(keyOf(place)) ? [] : place))
        .sort(byPlace),
    },
  };
}

interface OwnCell {
  readonly place: CellPlace;
  /** Of the seeds, ascending. */
  readonly values: number[];
}

function ownCells(curves: readonly OwnCurve[]): Map<string, OwnCell> {
  const cells = new Map<string, OwnCell>();
  for (const { width, n, points } of curves)
    for (const { t, value } of points) {
      const place = { width, n, t };
      const cell = cells.get(keyOf(place)) ?? { place, values: [] };
      cells.set(keyOf(place), cell);
      cell.values.push(value);
    }
  return cells;
}

function comparedCell({ width, n, t, value }: TableCell, values: readonly number[]): ComparedCell[] {
  if (values.length === 0) return [];
  const ours = values.reduce((sum, one) => sum + one, 0) / values.length;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return [{ width, n, t, published: value, ours, seeds: values.length, low, high, difference: ours - value }];
}

/** All parameters are those of one width. */
function thresholdsOf(
  table: readonly TableCell[],
  cells: readonly ComparedCell[],
  curves: readonly OwnCurve[],
  better: MetricInfo['better'],
): WidthThresholds {
  const published = groupBy(table, ({ n }) => n);
  const means = groupBy(cells, ({ n }) => n);
  const largestSize = table.at(-1)!.n;
  const publishedLevel = bestOf(published.get(largestSize)!, better);
  const timesAt = (n: number): number[] => published.get(n)!.map(({ t }) => t);
  /** The points at the table's checkpoints, if all of them are there. */
  const atTable = (n: number, points: readonly Point[]): readonly Point[] | null => {
    const times = timesAt(n);
    const kept = points.filter(({ t }) => times.includes(t));
    return kept.length === times.length ? kept : null;
  };
  const meanAt = (n: number) =>
    atTable(
      n,
      (means.get(n) ?? []).map(({ t, ours }) => ({ t, value: ours })),
    );
  const ofSeed = (n: number, seed: number) =>
    atTable(n, curves.find(curve => curve.n === n && curve.seed === seed)?.points ?? []);
  const crossing = (points: readonly Point[] | null, atLargest: readonly Point[] | null): Crossing | null =>
    points && atLargest && firstAt(points, bestOf(atLargest, better), better);

  const largest = meanAt(largestSize);
  const sizes = [...published].map(([n, points]): SizeThresholds => {
    const seeds = curves.filter(curve => curve.n === n).map(({ seed }) => seed);
    return {
      n,
      published: firstAt(points, publishedLevel, better),
      ours: crossing(meanAt(n), largest),
      seeds: seeds.map(seed => ({
        seed,
        crossing: crossing(ofSeed(n, seed), ofSeed(largestSize, seed)),
      })),
    };
  });
  const known = sizes.filter(({ ours }) => ours !== null);
  const isNear = ({ n, published: theirs, ours }: SizeThresholds) =>
    checkpointsApart(theirs, ours!, timesAt(n)) <= 1;
  return {
    largestSize,
    publishedLevel,
    level: largest && bestOf(largest, better),
    sizes,
    compared: known.length,
    withinOneCheckpoint: known.filter(isNear).length,
  };
}
