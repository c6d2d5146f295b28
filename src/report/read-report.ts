/** Reads the content of a sweep's report. */

import { readFitInput } from '../analysis/fit-input.js';
import { storedGrid } from '../analysis/thresholds.js';
import { UsageError } from '../base/errors.js';
import { inTurns } from '../base/steps.js';
import { findMetric } from '../domain/metrics.js';
import type { RefinedGrid } from '../domain/sweep-file/axes.js';
import { SET_NAMES, type SetName } from '../domain/types.js';
import { type FitInput, type FitOptions, fitSteps } from '../fit/index.js';
import { type ChosenSlice, chooseSlice, type SliceChoice } from '../slice/choose-slice.js';
import {
  type CrossingPoint,
  type CurvePoint,
  checkpointsOf,
  curvePoints,
  type Slice,
  subnetSizePoints,
  sweepCurves,
  timePoints,
} from '../store/read/figure-rows.js';
import { costOf, provenanceOf } from '../store/read/history.js';
import { predictedPoints } from '../store/read/predictions.js';
import type { Reader } from '../store/read/reader.js';
import type { SweepRow } from '../store/schema/rows.js';
import { targetLabel } from '../threshold/targets.js';
import { evenSubset } from './figures/curves.js';
import type { FigureData } from './figures/figure.js';
import { isOfSlice } from './figures/groups.js';
import type { ReportContent } from './page/report.js';

/** Checkpoints per drawn curve. More could not be distinguished. */
const MOST_CHECKPOINTS = 100;
/** Checkpoints in the figure of loss against subnetwork size. */
const SIZE_CHECKPOINTS = 5;

/**
 * Reads a report's content in one transaction, then fits; `options` may simulate less than a reader of the report should
 * get. `renderReport` has an example.
 *
 * @throws UsageError (USAGE) if the sweep has no cells, or lacks the chosen width or size; StoreError (DATABASE_IO,
 *   NOT_A_DATABASE)
 */
export async function readReport(
  reader: Reader,
  sweep: SweepRow,
  choice: SliceChoice = {},
  options: Partial<FitOptions> = {},
): Promise<ReportContent> {
  const { input, figures, ...content } = reader.inTransaction(() => {
    const input = readFitInput(reader, sweep);
    return {
      input,
      sweep,
      progress: reader.progress(sweep.name)[0]!,
      failures: reader.failures(sweep.name),
      provenance: provenanceOf(reader, sweep.name),
      cost: costOf(reader, sweep.name),
      figures: readFigureData(reader, sweep, slicesOf(reader, sweep, choice), input.rows),
    };
  });
  const fit = await inTurns(
    fitSteps(input, { ...options, wantsBands: group => isOfSlice(group, figures.slice) }),
  );
  return { ...content, figures: { ...figures, fit } };
}

/** @throws UsageError if the sweep requests no cells, or none of this width or size. */
function slicesOf(reader: Reader, sweep: SweepRow, choice: SliceChoice): ChosenSlice {
  const members = sweepCurves(reader, sweep.name);
  for (const [option, wanted, present] of [
    ['--width', choice.width, members.map(({ width }) => width)],
    ['--subnet-size', choice.subnetSize, members.map(({ subnetSize }) => subnetSize)],
  ] as const) {
    const known = [...new Set(present)].sort((a, b) => a - b);
    if (wanted !== undefined && !known.includes(wanted))
      throw new UsageError(`${option}: found ${wanted}, expected one of ${known.join(', ')}`);
  }
  const definition = sweep.definition as { readonly axes?: Record<string, unknown> };
  const chosen = chooseSlice(sweep.name, members, definition.axes ?? {}, choice);
  if (!chosen) throw new UsageError(`sweep ${sweep.name} asks for no cells, expected one that was run`);
  if (choice.width !== undefined && chosen.slice.width === null)
    throw new UsageError(`--width ${choice.width}: the width moves with n here, expected no --width`);
  return chosen;
}

function readFigureData(
  reader: Reader,
  sweep: SweepRow,
  { slice, trajectories }: ChosenSlice,
  rows: FitInput['rows'],
): Omit<FigureData, 'fit'> {
  const set = mainSet(sweep);
  const checkpoints = checkpointsOf(reader, sweep.name);
  const shown = curvePoints(reader, slice, trajectories, set, evenSubset(checkpoints, MOST_CHECKPOINTS));
  const curves = atCommonCheckpoints(shown, storedGrid(sweep.definition));
  const measured = checkpoints.filter(t => curves.some(point => point.t === t));
  return {
    slice,
    set,
    curves,
    subnetSizes: subnetSizePoints(reader, slice, trajectories, set, spreadOut(measured, SIZE_CHECKPOINTS)),
    crossings: crossingsOf(rows, slice, trajectories),
    times: timePoints(reader, sweep.name),
    predictions: predictedPoints(reader, sweep, trajectories, slice.subnetSize),
    primary: primaryOf(sweep),
  };
}

/** Without the refined checkpoints that only some seeds of a size have: a band over other seeds at each would jump. */
function atCommonCheckpoints(curves: readonly CurvePoint[], grid: RefinedGrid | null): readonly CurvePoint[] {
  if (!grid) return curves;
  const coarse = new Set(grid.coarse);
  const most = new Map<string, number>();
  const curveOf = ({ network, n }: CurvePoint): string => `${network} ${n}`;
  for (const point of curves) most.set(curveOf(point), Math.max(most.get(curveOf(point)) ?? 0, point.seeds));
  return curves.filter(point => coarse.has(point.t) || point.seeds === most.get(curveOf(point)));
}

/** The fitted crossings of the slice. */
function crossingsOf(rows: FitInput['rows'], slice: Slice, trajectories: readonly string[]): CrossingPoint[] {
  const ids = new Set(trajectories);
  return rows
    .filter(
      row =>
        ids.has(row.trajectoryId) &&
        row.subnetSize === slice.subnetSize &&
        row.retrainIterations === slice.retrainIterations &&
        (row.objective === null ||
          (row.objective === slice.objective && row.sampleSize === slice.sampleSize)),
    )
    .map(({ datasetSize: n, seed, method, metric, target, lower, upper, censoring }) => ({
      n,
      seed,
      method,
      metric,
      target,
      lower,
      upper,
      censoring,
    }));
}

function primaryOf({ thresholds }: SweepRow): FigureData['primary'] {
  const primary = thresholds.find(threshold => threshold.primary);
  return primary ? { metric: primary.metric, target: targetLabel(primary) } : null;
}

/** The primary threshold's set, else the first set on which subnetworks are measured. */
function mainSet({ thresholds, evaluate }: SweepRow): SetName {
  const primary = thresholds.find(threshold => threshold.primary);
  const set = primary && findMetric(primary.metric)?.set;
  return set ?? SET_NAMES.find(name => evaluate.subnet.includes(name)) ?? 'train';
}

/** 0, the last checkpoint, and others between them, about evenly spaced on a logarithmic scale. */
function spreadOut(checkpoints: readonly number[], most: number): number[] {
  const [zero, first = 1] = checkpoints;
  const last = checkpoints.at(-1);
  if (zero === undefined || last === undefined || checkpoints.length <= most) return [...checkpoints];
  const nearest = (at: number): number =>
    checkpoints.reduce((best, t) =>
      Math.abs(Math.log1p(t) - Math.log1p(at)) < Math.abs(Math.log1p(best) - Math.log1p(at)) ? t : best,
    );
  const start = Math.max(first, last / 100);
  const between = Array.from({ length: most - 1 }, (_, i) =>
    nearest(start * (last / start) ** (i / (most - 2))),
  );
  return [...new Set([zero, ...between])].sort((a, b) => a - b);
}
