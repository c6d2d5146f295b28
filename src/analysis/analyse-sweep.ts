/** Out of a database: a sweep's thresholds, and what follows from them. Joins the store with the statistics. */

import { StoreError, UsageError } from '../base/errors.js';
import { didYouMean } from '../base/nearest.js';
import type { CurveRow, Variant } from '../domain/types.js';
import { type FitInput, type FitOptions, type FitReport, type FitRow, fitSweep } from '../fit/index.js';
import { openReader, type Reader } from '../store/read/reader.js';
import type { SweepRow } from '../store/schema/rows.js';
import { Store } from '../store/write/store.js';
import { computeThresholds } from '../threshold/targets.js';
import { storedFits } from './stored-fits.js';

export interface SweepAnalysis {
  /** What was fitted; its rows are the thresholds of the sweep's finished trajectories. */
  readonly input: FitInput;
  readonly report: FitReport;
}

/** Computes thresholds and fits of one sweep as the database is at one moment; stores nothing. */
export function analyseSweep(
  reader: Reader,
  sweep: SweepRow,
  options: Partial<FitOptions> = {},
): SweepAnalysis {
  const input = reader.inTransaction(() => readFitInput(reader, sweep));
  return { input, report: fitSweep(input, options) };
}

/** Thresholds of a sweep's finished trajectories, ready to be fitted. */
export function readFitInput(reader: Reader, sweep: SweepRow): FitInput {
  const { name, thresholds: specs } = sweep;
  const curves = new CurveDirectory();
  const { rows, notes } = computeThresholds(
    specs,
    curves.watching(reader.curveRows(name)),
    reader.largestSize(name),
  );
  const axes = new Map(reader.variantAxes(name).map(row => [curveKey(row), row.axes]));
  const fitRows = rows.map((row): FitRow => {
    const { checkpoints, config } = curves.of(row);
    const { datasetSize, width, seed, engine, numerics, dataset } = config;
    const pool = dataset.pool ?? KNOWN_POOLS[dataset.name] ?? null;
    const own = { datasetSize, width, seed, engine, numerics, checkpoints, pool };
    return { ...row, ...own, axes: axes.get(curveKey(row)) ?? {} };
  });
  return {
    sweep: name,
    thresholds: specs,
    rows: fitRows,
    zippedWithSize: zippedWithSize(sweep.definition),
    notes,
  };
}

/** What became of fitting a database. */
export interface FittedDatabase {
  /** One for each sweep that was asked for. */
  readonly reports: readonly FitReport[];
  /** Why thresholds and fits were not stored; null where they were. */
  readonly notStored: string | null;
}

/**
 * Fits sweeps of a database and stores thresholds and fits in it. While another process holds it, or where it may not
 * be written, nothing is stored.
 *
 * @param name one of its sweeps; default: all of them. @throws UsageError where there is none. @throws StoreError
 */
export function fitDatabase(file: string, name?: string, options: Partial<FitOptions> = {}): FittedDatabase {
  const reader = openReader(file);
  let chosen: SweepRow[];
  try {
    chosen = chooseSweeps(reader, file, name);
  } finally {
    reader.close();
  }
  const held = openUnlessHeld(file);
  if (held instanceof Store) {
    try {
      const reports = chosen.map(sweep => {
        const { input, report } = analyseSweep(held.toReader(), sweep, options);
        held.replaceThresholds(sweep.name, input.rows, input.notes);
        held.replaceFits(sweep.name, storedFits(report));
        return report;
      });
      return { reports, notStored: null };
    } finally {
      held.close();
    }
  }
  const beside = openReader(file);
  try {
    const reports = chosen.map(sweep => analyseSweep(beside, sweep, options).report);
    return { reports, notStored: held };
  } finally {
    beside.close();
  }
}

/** The store, or why it cannot be had. */
function openUnlessHeld(file: string): Store | string {
  try {
    return Store.open(file);
  } catch (error) {
    if (
      error instanceof StoreError &&
      ['DATABASE_HELD', 'DATABASE_IO', 'NETWORK_FILESYSTEM'].includes(error.code)
    )
      return error.message;
    throw error;
  }
}

/** The sweep of this name, or the only one. @throws UsageError where there is no such sweep, or a choice. */
export function chooseSweep(reader: Reader, file: string, name?: string): SweepRow {
  const [first, second] = chooseSweeps(reader, file, name);
  if (!second) return first!;
  const names = reader.sweeps().map(sweep => sweep.name);
  throw new UsageError(`${file}: holds several sweeps, expected --sweep with one of: ${names.join(', ')}`);
}

function chooseSweeps(reader: Reader, file: string, name?: string): SweepRow[] {
  const sweeps = reader.sweeps();
  if (sweeps.length === 0) throw new UsageError(`${file}: holds no sweep, expected one that was run`);
  if (name === undefined) return sweeps;
  const names = sweeps.map(sweep => sweep.name);
  const found = sweeps.filter(sweep => sweep.name === name);
  if (found.length > 0) return found;
  throw new UsageError(
    `--sweep: found "${name}"${didYouMean(name, names)}, expected one of: ${names.join(', ')}`,
  );
}

/** Sizes of the training pools of data sets that have but one. */
export const KNOWN_POOLS: Readonly<Record<string, number>> = { mnist: 60_000, 'fashion-mnist': 60_000 };

type CurveId = Variant & { readonly trajectoryId: string };
const curveKey = ({ trajectoryId, method, objective, subnetSize, retrainIterations }: CurveId): string =>
  `${trajectoryId}/${method}/${objective}/${subnetSize}/${retrainIterations}`;

/** Remembers of every curve that passes by its trajectory's settings and its checkpoints. Equal lists are one. */
class CurveDirectory {
  private readonly known = new Map<string, { config: CurveRow['config']; checkpoints: readonly number[] }>();
  private readonly lists = new Map<string, readonly number[]>();

  *watching(rows: Iterable<CurveRow>): Generator<CurveRow> {
    let key = '';
    let config: CurveRow['config'] | null = null;
    let checkpoints: number[] = [];
    for (const row of rows) {
      const own = curveKey(row);
      if (own !== key) {
        if (config) this.add(key, config, checkpoints);
        [key, config, checkpoints] = [own, row.config, []];
      }
      checkpoints.push(row.t);
      yield row;
    }
    if (config) this.add(key, config, checkpoints);
  }

  of(id: CurveId) {
    return this.known.get(curveKey(id))!;
  }

  private add(key: string, config: CurveRow['config'], checkpoints: readonly number[]): void {
    const text = checkpoints.join();
    const list = this.lists.get(text) ?? checkpoints;
    this.lists.set(text, list);
    this.known.set(key, { config, checkpoints: list });
  }
}

/** The paths that a sweep zips with its data set sizes. */
export function zippedWithSize(definition: unknown): string[] {
  const { axes } = definition as { axes?: { zip?: readonly Record<string, unknown>[] } };
  const zip = axes?.zip?.find(entry => 'datasetSize' in entry) ?? {};
  return Object.keys(zip).filter(path => path !== 'datasetSize');
}
