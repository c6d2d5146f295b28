/** The targets of a sweep that a kernel can be asked about. */
import { predictableMetric } from '../domain/metrics.js';
import type { ThresholdSpec } from '../domain/types.js';

/**
 * Each distinct mean loss among the absolute targets on training losses of the dense network and of the subnetwork, the
 * easiest first. A sum is divided by n.
 */
export function targetsOf(thresholds: readonly ThresholdSpec[], n: number): number[] {
  const values = thresholds
    .filter(({ kind, value }) => kind === 'atMost' && value !== null)
    .flatMap(({ metric, value }) => {
      const info = predictableMetric(metric);
      return info ? [info.summed ? value! / n : value!] : [];
    });
  return [...new Set(values)].sort((a, b) => b - a);
}
