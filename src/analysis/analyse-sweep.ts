/** A sweep's thresholds and fits, as the database is at one moment. */
import { inTurns } from '../base/steps.js';
import { type FitInput, type FitOptions, type FitReport, fitSteps } from '../fit/index.js';
import type { Reader } from '../store/read/reader.js';
import type { SweepRow } from '../store/schema/rows.js';
import { readFitInput } from './fit-input.js';

/** A sweep's thresholds, and the laws that were fitted to them. */
export interface SweepAnalysis {
  /** What was fitted; its rows are the thresholds of the sweep's finished trajectories. */
  readonly input: FitInput;
  readonly report: FitReport;
}

/**
 * Reads or computes the thresholds of a sweep's finished trajectories and fits the laws t*(n) to them; stores nothing.
 * docs/statistics.md has the method.
 *
 * @throws StoreError (DATABASE_IO, NOT_A_DATABASE)
 * @example
 * const reader = openReader('results/my.sqlite');
 * const { report } = await analyseSweep(reader, chooseSweep(reader, 'results/my.sqlite'));
 * for (const { name, verdict } of report.groups) console.log(name, verdict.label);
 */
export async function analyseSweep(
  reader: Reader,
  sweep: SweepRow,
  options: Partial<FitOptions> = {},
): Promise<SweepAnalysis> {
  const input = reader.inTransaction(() => readFitInput(reader, sweep));
  return { input, report: await inTurns(fitSteps(input, options)) };
}
