/** Verdicts and fitted laws of a sweep, as the store keeps them: plain rows, which know nothing of the statistics. */
import type { Database } from 'better-sqlite3';

type Value = string | number | null;

/** One line of the view `fits`. */
export interface StoredLaw {
  readonly model: string;
  /** As JSON can hold it. */
  readonly parameters: unknown;
  readonly logLikelihood: number;
  readonly aicc: number | null;
  readonly weight: number | null;
}

/** One line of the view `verdicts`, by column, with its laws. `axes` is JSON. */
export interface StoredFit {
  readonly columns: Readonly<Record<FitColumn, Value>>;
  /** The best one first. */
  readonly laws: readonly StoredLaw[];
}

export interface StoredFits {
  readonly simulationSeed: number;
  /** The primary one first. */
  readonly fits: readonly StoredFit[];
  /** All of it, as JSON can hold it. */
  readonly report: unknown;
}

/** The columns of `fit_groups` but its key and sweep; those of the view `verdicts`. */
export const FIT_COLUMNS = [
  'width',
  'axes',
  'prune_method',
  'prune_objective',
  'subnet_size',
  'retrain_iterations',
  'metric',
  'target',
  'is_primary',
  'verdict',
  'sentence',
  'lambda',
  'lambda_low',
  'lambda_high',
  'slope',
  'slope_low',
  'slope_high',
  'slope_p',
  'holm_p',
  'lack_of_fit_p',
  'simulations',
  'sizes',
  'seeds',
  'curves',
  'left_censored',
  'right_censored',
  'unreachable',
  'engine',
  'numerics',
] as const;
export type FitColumn = (typeof FIT_COLUMNS)[number];

/** Forgets a sweep's fits: those of thresholds that are no longer the same. Inside a transaction of the caller. */
export function dropFits(db: Database, sweepKey: number): void {
  db.prepare('DELETE FROM fit_laws WHERE fit IN (SELECT key FROM fit_groups WHERE sweep = ?)').run(sweepKey);
  db.prepare('DELETE FROM fit_groups WHERE sweep = ?').run(sweepKey);
  db.prepare('DELETE FROM fit_reports WHERE sweep = ?').run(sweepKey);
}

/** Stores a sweep's fits in place of those it has. Inside a transaction of the caller. */
export function replaceFits(db: Database, sweepKey: number, stored: StoredFits, writtenBy: string): void {
  dropFits(db, sweepKey);
  db.prepare('INSERT INTO fit_reports VALUES (?, ?, ?, ?)').run(
    sweepKey,
    stored.simulationSeed,
    writtenBy,
    JSON.stringify(stored.report),
  );
  const addFit = db.prepare(
    `INSERT INTO fit_groups (sweep, ${FIT_COLUMNS.join(', ')}) VALUES (?${', ?'.repeat(FIT_COLUMNS.length)})`,
  );
  const addLaw = db.prepare('INSERT INTO fit_laws VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (const { columns, laws } of stored.fits) {
    const added = addFit.run(sweepKey, ...FIT_COLUMNS.map(column => columns[column]));
    laws.forEach(({ model, parameters, logLikelihood, aicc, weight }, place) => {
      const text = JSON.stringify(parameters);
      addLaw.run(added.lastInsertRowid, place, model, text, logLikelihood, aicc, weight);
    });
  }
}
