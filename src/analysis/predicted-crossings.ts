/** A sweep's predictions, to be laid beside its thresholds. */
import { predictableMetric } from '../domain/metrics.js';
import { preferredPredictions } from '../store/read/predictions.js';
import type { Reader } from '../store/read/reader.js';

/** Targets that are the same but for the rounding of a sum divided by n. */
export const isSameTarget = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12 * Math.abs(b);

export class PredictedCrossings {
  readonly #byTrajectory = new Map<string, { n: number; target: number; lower: number; upper: number }[]>();

  constructor(reader: Reader, sweep: string) {
    for (const row of preferredPredictions(reader, sweep)) {
      const { trajectoryId, n, target, predicted, lower, upper } = row;
      if (predicted === null) continue;
      const list = this.#byTrajectory.get(trajectoryId) ?? [];
      list.push({ n, target, lower: lower ?? predicted, upper: upper ?? predicted });
      this.#byTrajectory.set(trajectoryId, list);
    }
  }

  /** What is predicted for a threshold, in whole iterations; undefined without a prediction. */
  get(trajectoryId: string, metric: string, target: string): { lower: number; upper: number } | undefined {
    const own = this.#byTrajectory.get(trajectoryId);
    const info = predictableMetric(metric);
    if (!own || !info || !target.startsWith('<= ')) return undefined;
    const value = Number(target.slice(3));
    const found = own.find(row => isSameTarget(row.target, info.summed ? value / row.n : value));
    return found && { lower: found.lower, upper: found.upper };
  }
}
