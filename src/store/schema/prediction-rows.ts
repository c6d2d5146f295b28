/**
 * The table behind the view `predictions`, and what checkpoints, cells and fits gained with it. This text is a migration:
 * it never changes (see migrations.ts).
 *
 * `horizon` and `subnet_size` are what a row was computed for, beside its target: an edited sweep may ask for others.
 */
export const PREDICTION_ROWS = `
  CREATE TABLE prediction_rows (
    sweep INTEGER NOT NULL REFERENCES sweeps, trajectory INTEGER NOT NULL REFERENCES trajectory_keys,
    kernel TEXT NOT NULL, target REAL NOT NULL, horizon INTEGER NOT NULL, subnet_size INTEGER NOT NULL,
    predicted INTEGER, predicted_lower INTEGER, predicted_upper INTEGER, floor REAL, lanczos_steps INTEGER,
    bound_kind TEXT, lambda_max REAL, lambda_0_upper REAL, lambda_0_exact REAL, t_lambda0_sharp REAL,
    t_lambda0_half REAL, t_theorem3_c1 REAL, t_theorem10_c1 REAL, reason TEXT,
    PRIMARY KEY (sweep, trajectory, kernel, target)
  ) WITHOUT ROWID;
  CREATE INDEX prediction_rows_trajectory ON prediction_rows (trajectory);
  ALTER TABLE checkpoints ADD COLUMN gates_changed REAL;
  ALTER TABLE checkpoints ADD COLUMN neuron_variance REAL;
  ALTER TABLE cells ADD COLUMN certified_loss REAL;
  ALTER TABLE fit_groups ADD COLUMN lambda_predicted REAL;
  ALTER TABLE fit_groups ADD COLUMN lambda_predicted_low REAL;
  ALTER TABLE fit_groups ADD COLUMN lambda_predicted_high REAL;
`;
