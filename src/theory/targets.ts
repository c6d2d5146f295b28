/** The targets of a sweep that a kernel can be asked about. */
import type { ThresholdSpec } from '../domain/types.js';

const MEANS = ['subnet_train_loss', 'dense_train_loss'];
const SUMS = MEANS.map(metric => `${metric}_sum`);

/**
 * Each distinct mean loss among the absolute targets on training losses of the dense network and of the subnetwork, the
 * easiest first. A sum is divided by n.
 */
export function targetsOf(thresholds: readonly ThresholdSpec[], n: number): number[] {
  const values = thresholds
    .filter(({ kind, value }) => kind === 'atMost' && value !== null)
    .flatMap(({ metric, value }) =>
      MEANS.includes(metric) ? [value!] : SUMS.includes(metric) ? [value! / n] : [],
    );
  return [...new Set(values)].sort((a, b) => b - a);
}
