/**
 * The tables behind the views `fits` and `verdicts`. `fit_reports.report` is the report as `fit --json` prints it.
 * This text is a migration: it never changes (see migrations.ts).
 */
export const FIT_TABLES = `
  CREATE TABLE fit_reports (
    sweep INTEGER PRIMARY KEY REFERENCES sweeps, simulation_seed INTEGER NOT NULL, written_by TEXT NOT NULL,
    report TEXT NOT NULL
  );

  CREATE TABLE fit_groups (
    key INTEGER PRIMARY KEY, sweep INTEGER NOT NULL REFERENCES sweeps,
    width INTEGER, axes TEXT NOT NULL, prune_method TEXT, prune_objective TEXT, subnet_size INTEGER,
    retrain_iterations INTEGER, metric TEXT NOT NULL, target TEXT NOT NULL, is_primary INTEGER NOT NULL,
    verdict TEXT NOT NULL, sentence TEXT NOT NULL,
    lambda REAL, lambda_low REAL, lambda_high REAL, slope REAL, slope_low REAL, slope_high REAL,
    slope_p REAL, holm_p REAL, lack_of_fit_p REAL, simulations INTEGER,
    sizes INTEGER NOT NULL, seeds INTEGER NOT NULL, curves INTEGER NOT NULL, left_censored INTEGER NOT NULL,
    right_censored INTEGER NOT NULL, unreachable INTEGER NOT NULL, engine TEXT NOT NULL, numerics INTEGER NOT NULL
  );
  CREATE INDEX fit_groups_sweep ON fit_groups (sweep);

  CREATE TABLE fit_laws (
    fit INTEGER NOT NULL REFERENCES fit_groups, place INTEGER NOT NULL, model TEXT NOT NULL, parameters TEXT NOT NULL,
    log_likelihood REAL NOT NULL, aicc REAL, weight REAL,
    PRIMARY KEY (fit, place)
  ) WITHOUT ROWID;
`;
