/** A sweep's thresholds and fits, as the database is at one moment. */
import { inTurns } from '../base/steps.js';
import { type FitInput, type FitOptions, type FitReport, fitSteps } from '../fit/index.js';
import type { Reader } from '../store/read/reader.js';
import type { SweepRow } from '../store/schema/rows.js';
import { readFitInput } from './fit-input.js';

export interface SweepAnalysis {
  /** What was fitted; its rows are the thresholds of the sweep's finished trajectories. */
  readonly input: FitInput;
  readonly report: FitReport;
}

/** Reads or computes thresholds and fits them; stores nothing. */
export async function analyseSweep(
  reader: Reader,
  sweep: SweepRow,
  options: Partial<FitOptions> = {},
): Promise<SweepAnalysis> {
  const input = reader.inTransaction(() => readFitInput(reader, sweep));
  return { input, report: await inTurns(fitSteps(input, options)) };
}
