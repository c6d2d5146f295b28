/** What a kernel predicts for the curves of a group, fitted like measured thresholds, to be read beside them. */
import { fitLaw, fitsWithoutSeeds } from '../laws/fit-law.js';
import { lambdaOf } from '../laws/laws.js';
import { type CrossingRow, packSample, type Sample } from '../laws/sample.js';
import { type Estimate, jackknifeParameter, unidentified } from './jackknife.js';

/** Predicted iterations: t* lies in [lower, upper], both whole. */
export interface PredictedCrossing {
  readonly lower: number;
  readonly upper: number;
}

/** A curve of the group. */
export type PredictedRow = Pick<CrossingRow, 'datasetSize' | 'seed'> & {
  readonly predicted?: PredictedCrossing | undefined;
};

/** The predicted crossings as a sample: those of rows without a prediction, or one before iteration 1, are left out. */
export function predictedSample(rows: readonly PredictedRow[]): Sample {
  const known = rows.flatMap(({ datasetSize, seed, predicted }) =>
    predicted && predicted.lower >= 1 ? [{ datasetSize, seed, ...predicted }] : [],
  );
  const checkpoints = iterations(Math.max(...known.map(({ upper }) => upper)));
  return packSample(known.map(row => ({ ...row, lower: row.lower - 1, checkpoints })));
}

/** Every iteration is known to the prediction; beyond this one, the grid of simulated predictions grows by one part in it. */
const WHOLE = 1000;
/** The grid reaches this many times the latest prediction. */
const BEYOND = 100;

function iterations(latest: number): number[] {
  const grid = Array.from({ length: WHOLE + 1 }, (_, t) => t);
  for (let t = WHOLE; t < BEYOND * latest; ) {
    t = Math.ceil(t * (1 + 1 / WHOLE));
    grid.push(t);
  }
  return grid;
}

/**
 * lambda of the free law, fitted to predictions as to measured thresholds: intervals by leaving out one seed at a time.
 * Null for fewer than three sizes with a prediction.
 */
export function predictedLambda(rows: readonly PredictedRow[]): Estimate | null {
  const sample = predictedSample(rows);
  if (sample.sizes.length < 3) return null;
  const free = fitLaw('free', sample);
  const replicates = fitsWithoutSeeds(free, sample);
  const isIdentified = [free, ...replicates].every(one => one.bounds.length === 0);
  return isIdentified ? jackknifeParameter(free, replicates, lambdaOf) : unidentified(lambdaOf(free.law));
}
