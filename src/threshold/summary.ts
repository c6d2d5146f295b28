/** Summarises thresholds by data set size for the small table at the end of a run. Decides nothing. */
import type { SelectionRule, ThresholdRow, ThresholdSpec, TrajectoryConfig } from '../domain/types.js';
import { pathKey, selectionText } from '../domain/variant.js';
import { flatten } from './flatten.js';
import { targetLabel } from './targets.js';

/** The thresholds of one target at one data set size, over seeds. */
export interface SummaryCell {
  /** Curves with a threshold. If 0, the texts are `-`. */
  readonly curves: number;
  readonly crossed: number;
  readonly left: number;
  readonly right: number;
  readonly unreachable: number;
  /**
   * The median threshold (upper end). An even count takes the later of the two middle curves; curves without a
   * crossing sort last. E.g. `300`, `<= 5` (left-censored), `> 4000` (right-censored), `unreachable`.
   */
  readonly median: string;
  /** Earliest and latest threshold, in the same notation; only one if they are equal. */
  readonly range: string;
}

/** The thresholds of one target, by data set size. */
export interface SummaryTarget {
  readonly metric: string;
  readonly target: string;
  readonly primary: boolean;
  /** Parallel to `sizes`. */
  readonly cells: readonly SummaryCell[];
}

/** All targets of one kind of curve, at the largest width and subnetwork size. */
export interface ThresholdSummary extends SelectionRule {
  /** Null if the width moves with the data set size. */
  readonly width: number | null;
  readonly subnetSize: number;
  readonly retrainIterations: number;
  /** Settings that differ between trajectories of one data set size, by path, e.g. `train.learningRate`. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** Ascending. */
  readonly sizes: readonly number[];
  /** The primary target first. */
  readonly targets: readonly SummaryTarget[];
}

/** A table to print: cells are text or numbers. */
export interface TextTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly body: readonly (readonly (string | number)[])[];
}

/**
 * One summary for each combination of selection, re-training and further axes. Greedy ones come first, the rest in the
 * order of the rows.
 *
 * @param trajectories by id; must contain every trajectory of `rows`.
 */
export function summariseThresholds(
  specs: readonly ThresholdSpec[],
  rows: readonly ThresholdRow[],
  trajectories: ReadonlyMap<string, TrajectoryConfig>,
): ThresholdSummary[] {
  const configs = new Map(rows.map(row => [row.trajectoryId, trajectories.get(row.trajectoryId)!]));
  const axes = axesOf([...configs.values()]);
  const width = axes.has('width')
    ? [...configs.values()].reduce((largest, config) => Math.max(largest, config.width), 0)
    : null;
  const subnetSize = rows.reduce((largest, row) => Math.max(largest, row.subnetSize), 0);
  const shown = rows.filter(
    row =>
      row.subnetSize === subnetSize && (width === null || configs.get(row.trajectoryId)!.width === width),
  );
  axes.delete('width');

  const groups = new Map<
    string,
    { head: ThresholdRow; axes: Record<string, unknown>; rows: ThresholdRow[] }
  >();
  for (const row of shown) {
    const settings = flatten(configs.get(row.trajectoryId)!);
    const values = Object.fromEntries([...axes].map(path => [path, settings.get(path)]));
    const key = JSON.stringify([pathKey(row), row.retrainIterations, values]);
    const group = groups.get(key) ?? { head: row, axes: values, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }

  const ordered = [...specs].sort((a, b) => Number(b.primary) - Number(a.primary));
  const commonWidth = width ?? singleWidth([...configs.values()]);
  const summaries = [...groups.values()].map(group => {
    const size = (row: ThresholdRow): number => configs.get(row.trajectoryId)!.datasetSize;
    const sizes = [...new Set(group.rows.map(size))].sort((a, b) => a - b);
    const targets = ordered.map(spec => {
      const own = group.rows.filter(row => row.metric === spec.metric && row.target === targetLabel(spec));
      const cells = sizes.map(n => summariseCell(own.filter(row => size(row) === n)));
      return { metric: spec.metric, target: targetLabel(spec), primary: spec.primary, cells };
    });
    const { method, objective, sampleSize, retrainIterations } = group.head;
    return {
      width: commonWidth,
      method,
      objective,
      sampleSize,
      subnetSize,
      retrainIterations,
      axes: group.axes,
      sizes,
      targets,
    };
  });
  const rank = (summary: ThresholdSummary): number => (summary.method === 'greedy' ? 0 : 1);
  return summaries.sort((a, b) => rank(a) - rank(b));
}

/** The first (primary) target in full, one line for each data set size; null without targets. */
export function primaryTable(summary: ThresholdSummary): TextTable | null {
  const target = summary.targets[0];
  if (!target) return null;
  return {
    title: `t* in iterations, ${target.metric} ${target.target} (${describe(summary)})`,
    head: ['n', 'seeds', 'median t*', 'range', 'crossed', 'left', 'right', 'unreachable'],
    body: target.cells.map((cell, i) => [
      summary.sizes[i]!,
      cell.curves,
      cell.median,
      cell.range,
      cell.crossed,
      cell.left,
      cell.right,
      cell.unreachable,
    ]),
  };
}

/** The median t* of every target, one line for each target and one column for each data set size. */
export function targetsTable(summary: ThresholdSummary): TextTable {
  return {
    title: `median t* in iterations (${describe(summary)})`,
    head: ['target', ...summary.sizes.map(n => `n = ${n}`)],
    body: summary.targets.map(({ metric, target, cells }) => [
      `${metric} ${target}`,
      ...cells.map(cell => cell.median),
    ]),
  };
}

/** The settings that the curves share, on one line. */
function describe(summary: ThresholdSummary): string {
  const { width, subnetSize, retrainIterations, axes } = summary;
  return [
    selectionText(summary),
    width === null ? 'N moves with n' : `N = ${width}`,
    `k = ${subnetSize}`,
    ...(retrainIterations > 0 ? [`re-trained for ${retrainIterations}`] : []),
    ...Object.entries(axes).map(([path, value]) => `${path} = ${JSON.stringify(value)}`),
  ].join(', ');
}

function summariseCell(rows: readonly ThresholdRow[]): SummaryCell {
  const count = (censoring: ThresholdRow['censoring']): number =>
    rows.filter(row => row.censoring === censoring).length;
  const sorted = [...rows].sort((a, b) => censoringRank(a) - censoringRank(b) || endTime(a) - endTime(b));
  const [first, last] = [sorted[0], sorted.at(-1)];
  const range = !first || !last ? '-' : [...new Set([label(first), label(last)])].join(' .. ');
  const middle = sorted[Math.floor(sorted.length / 2)];
  return {
    curves: rows.length,
    crossed: count('interval'),
    left: count('left'),
    right: count('right'),
    unreachable: count('unreachable'),
    median: middle ? label(middle) : '-',
    range,
  };
}

/** Sorts crossed curves first, then right-censored, then unreachable ones. */
const censoringRank = (row: ThresholdRow): number =>
  row.censoring === 'unreachable' ? 2 : row.upper === null ? 1 : 0;
const endTime = (row: ThresholdRow): number => row.upper ?? row.lower ?? 0;

function label(row: ThresholdRow): string {
  switch (row.censoring) {
    case 'interval':
      return `${row.upper}`;
    case 'left':
      return `<= ${row.upper}`;
    case 'right':
      return `> ${row.lower}`;
    case 'unreachable':
      return 'unreachable';
  }
}

/**
 * Paths of the settings, without n and seed, that take several values at one data set size. A setting that moves with
 * n (zipped axes) does not divide the table.
 */
function axesOf(configs: readonly TrajectoryConfig[]): Set<string> {
  const seen = new Map<string, string>();
  const axes = new Set<string>();
  for (const config of configs) {
    for (const [path, value] of flatten(config)) {
      if (path === 'datasetSize' || path === 'seed') continue;
      const key = `${config.datasetSize} ${path}`;
      const text = JSON.stringify(value);
      if ((seen.get(key) ?? text) !== text) axes.add(path);
      seen.set(key, text);
    }
  }
  return axes;
}

function singleWidth(configs: readonly TrajectoryConfig[]): number | null {
  const [width, another] = new Set(configs.map(config => config.width));
  return another === undefined ? (width ?? null) : null;
}
