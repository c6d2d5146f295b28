/** What `fitSweep` needs of a database: thresholds, each with its curve's settings. */
import type { ThresholdRow } from '../domain/types.js';
import type { FitInput, FitRow } from '../fit/index.js';
import type { Reader } from '../store/read/reader.js';
import { finishedCurves } from '../store/read/sweep-curves.js';
import type { SweepRow } from '../store/schema/rows.js';
import { isPublished, type Thresholds, targetLabel } from '../threshold/targets.js';
import { PredictedCrossings } from './predicted-crossings.js';
import { curveKey, storedGrid, sweepThresholds } from './thresholds.js';

/** Sizes of the training pools of data sets that have but one. */
export const KNOWN_POOLS: Readonly<Record<string, number>> = { mnist: 60_000, 'fashion-mnist': 60_000 };

/**
 * Thresholds of a sweep's finished trajectories, ready to be fitted.
 *
 * @param thresholds default: those that are stored where they serve, else computed.
 * @example
 * const reader = openReader('results/my.sqlite');
 * const input = readFitInput(reader, chooseSweep(reader, 'results/my.sqlite'));
 * const crossed = input.rows.filter(({ censoring }) => censoring === 'interval').length;
 *
 * @throws StoreError (DATABASE_IO, NOT_A_DATABASE)
 */
export function readFitInput(
  reader: Reader,
  sweep: SweepRow,
  { rows, notes }: Thresholds = sweepThresholds(reader, sweep),
): FitInput {
  const curves = new Map(finishedCurves(reader, sweep.name).map(curve => [curveKey(curve), curve]));
  const sequenceOf = sequences(rows, sweep);
  const predictions = new PredictedCrossings(reader, sweep.name);
  const fitRows = rows.map((row): FitRow => {
    const { checkpoints: measured, config, axes, deadNeurons, etaLambdaMax } = curves.get(curveKey(row))!;
    const training = { loss: config.train.loss, deadNeurons, etaLambdaMax };
    const { datasetSize, width, seed, engine, numerics, dataset } = config;
    const pool = dataset.pool ?? KNOWN_POOLS[dataset.name] ?? null;
    const checkpoints = sequenceOf(row) ?? measured;
    const predicted = predictions.get(row.trajectoryId, row.metric, row.target);
    return {
      ...row,
      datasetSize,
      width,
      seed,
      engine,
      numerics,
      checkpoints,
      pool,
      axes,
      training,
      predicted,
    };
  });
  return {
    sweep: sweep.name,
    thresholds: sweep.thresholds,
    rows: fitRows,
    zippedWithSize: zippedWithSize(sweep.definition),
    notes,
    ...progressOf(reader, sweep.name),
  };
}

/**
 * The sequence of checkpoints on which a row's crossing is located, in a sweep that refines them; null in any other. On
 * the measured checkpoints, which are dense around the crossing that was seen, no other crossing could be simulated.
 */
function sequences(
  rows: readonly ThresholdRow[],
  { definition, thresholds }: Pick<SweepRow, 'definition' | 'thresholds'>,
): (row: ThresholdRow) => readonly number[] | null {
  const grid = storedGrid(definition);
  if (!grid) return () => null;
  const { fine, coarse } = grid;
  const specOf = new Map(thresholds.map(spec => [`${spec.metric} ${targetLabel(spec)}`, spec]));
  const isFine = ({ lower, upper }: ThresholdRow): boolean => fine[fine.indexOf(lower ?? 0) + 1] === upper;
  /** `published` targets of which a crossing is known no better than to the coarse checkpoints. */
  const isCoarse = new Set(
    rows
      .filter(row => isPublished(row) && row.censoring === 'interval' && !isFine(row))
      .map(({ metric }) => metric),
  );
  return row => {
    if (specOf.get(`${row.metric} ${row.target}`)?.refine === false) return coarse;
    if (!isPublished(row) || !isCoarse.has(row.metric)) return fine;
    return row.censoring === 'interval' && isFine(row) ? fine : coarse;
  };
}

function progressOf(reader: Reader, name: string): Pick<FitInput, 'progress'> {
  const [counts] = reader.progress(name);
  if (!counts) return {};
  const { trajectories, trajectoriesDone: done, trajectoriesFailed: failed } = counts;
  return { progress: { done, failed, open: trajectories - done - failed } };
}

/** The paths that a sweep zips with its data set sizes. */
export function zippedWithSize(definition: unknown): string[] {
  const { axes } = definition as { axes?: { zip?: readonly Record<string, unknown>[] } };
  const zip = axes?.zip?.find(entry => 'datasetSize' in entry) ?? {};
  return Object.keys(zip).filter(path => path !== 'datasetSize');
}
