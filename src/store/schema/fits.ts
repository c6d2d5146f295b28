/** Stores a sweep's verdicts and fitted laws as plain rows. Nothing here depends on the statistics. */
import type { Database } from 'better-sqlite3';

type Value = string | number | null;

/** One row of the view `fits`. */
export interface StoredLaw {
  readonly model: string;
  /** A JSON value. */
  readonly parameters: unknown;
  readonly logLikelihood: number;
  readonly aicc: number | null;
  readonly weight: number | null;
}

/** One row of the view `verdicts` by column, with its laws. The column `axes` is JSON text. */
export interface StoredFit {
  readonly columns: Readonly<Record<FitColumn, Value>>;
  /** Best first. */
  readonly laws: readonly StoredLaw[];
}

export interface StoredFits {
  readonly simulationSeed: number;
  /** Primary first. */
  readonly fits: readonly StoredFit[];
  /** The full report, a JSON value. */
  readonly report: unknown;
}

/** The columns of `fit_groups` without `key` and `sweep`; also columns of the view `verdicts`. */
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
/** Further columns of `fit_groups`; the last ones of the view `verdicts`. */
export const LATER_FIT_COLUMNS = [
  'lambda_predicted',
  'lambda_predicted_low',
  'lambda_predicted_high',
  'regimes',
  'lower_law',
  'lower_to',
  'upper_law',
  'upper_from',
  'bend_low',
  'bend_high',
  'regimes_predicted',
  'regimes_agree',
  'prune_sample_size',
] as const;
const STORED_COLUMNS = [...FIT_COLUMNS, ...LATER_FIT_COLUMNS] as const;
export type FitColumn = (typeof STORED_COLUMNS)[number];

/** Deletes a sweep's fits, because its thresholds have changed. The caller must be in a transaction. */
export function dropFits(db: Database, sweepKey: number): void {
  db.prepare('DELETE FROM fit_laws WHERE fit IN (SELECT key FROM fit_groups WHERE sweep = ?)').run(sweepKey);
  db.prepare('DELETE FROM fit_groups WHERE sweep = ?').run(sweepKey);
  db.prepare('DELETE FROM fit_reports WHERE sweep = ?').run(sweepKey);
}

/** Replaces a sweep's fits. The caller must be in a transaction. */
export function replaceFits(db: Database, sweepKey: number, stored: StoredFits, writtenBy: string): void {
  dropFits(db, sweepKey);
  db.prepare('INSERT INTO fit_reports VALUES (?, ?, ?, ?)').run(
    sweepKey,
    stored.simulationSeed,
    writtenBy,
    JSON.stringify(stored.report),
  );
  const addFit = db.prepare(
    `INSERT INTO fit_groups (sweep, ${STORED_COLUMNS.join(', ')}) VALUES (?${', ?'.repeat(STORED_COLUMNS.length)})`,
  );
  const addLaw = db.prepare('INSERT INTO fit_laws VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (const { columns, laws } of stored.fits) {
    const added = addFit.run(sweepKey, ...STORED_COLUMNS.map(column => columns[column]));
    laws.forEach(({ model, parameters, logLikelihood, aicc, weight }, place) => {
      const text = JSON.stringify(parameters);
      addLaw.run(added.lastInsertRowid, place, model, text, logLikelihood, aicc, weight);
    });
  }
}
