/** The growth exponent of what a kernel predicts for the curves of a group, to be read beside the measured one. */
import { fitLaw, fitsWithoutSeeds } from '../laws/fit-law.js';
import { lambdaOf } from '../laws/laws.js';
import { type CrossingRow, packSample } from '../laws/sample.js';
import { type Estimate, jackknifeParameter, unidentified } from './jackknife.js';

/** Predicted iterations: t* lies in [lower, upper], both whole. */
export interface PredictedCrossing {
  readonly lower: number;
  readonly upper: number;
}

/** A curve of the group. */
type PredictedRow = Omit<CrossingRow, 'lower' | 'upper'> & {
  readonly predicted?: PredictedCrossing | undefined;
};

/**
 * lambda of the free law, fitted to predictions as to measured thresholds: intervals by leaving out one seed at a time.
 * Null for fewer than three sizes with a prediction.
 */
export function predictedLambda(rows: readonly PredictedRow[]): Estimate | null {
  const sample = packSample(
    rows.flatMap(row =>
      row.predicted && row.predicted.lower >= 1
        ? [{ ...row, lower: row.predicted.lower - 1, upper: row.predicted.upper }]
        : [],
    ),
  );
  if (sample.sizes.length < 3) return null;
  const free = fitLaw('free', sample);
  const replicates = fitsWithoutSeeds(free, sample);
  const isIdentified = [free, ...replicates].every(one => one.bounds.length === 0);
  return isIdentified ? jackknifeParameter(free, replicates, lambdaOf) : unidentified(lambdaOf(free.law));
}
