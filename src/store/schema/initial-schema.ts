/** The tables of schema version 1 (espalier 0.1.0). Released, so they never change (see migrations.ts). */
export const INITIAL_SCHEMA = `
  CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  CREATE TABLE holder (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    token TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, boot TEXT, process_start TEXT,
    tool_version TEXT NOT NULL, sweep TEXT, since TEXT NOT NULL, heartbeat TEXT NOT NULL
  );

  CREATE TABLE trajectories (
    id TEXT PRIMARY KEY NOT NULL,
    dataset TEXT NOT NULL, task TEXT NOT NULL, dataset_size INTEGER NOT NULL, width INTEGER NOT NULL,
    seed INTEGER NOT NULL, config TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'done', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0, error_code TEXT, error TEXT, worker TEXT,
    started_at TEXT, finished_at TEXT, train_wall_s REAL, train_cpu_s REAL,
    engine TEXT NOT NULL, numerics INTEGER NOT NULL
  );
  CREATE INDEX trajectories_status ON trajectories (status) WHERE status <> 'done';

  -- Not the rowid of trajectories, which a VACUUM may renumber.
  CREATE TABLE trajectory_keys (key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE REFERENCES trajectories (id));

  CREATE TABLE variants (
    key INTEGER PRIMARY KEY, method TEXT NOT NULL, objective TEXT,
    subnet_size INTEGER NOT NULL, retrain_iterations INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX variants_content
    ON variants (method, coalesce(objective, ''), subnet_size, retrain_iterations);

  CREATE TABLE checkpoints (
    trajectory INTEGER NOT NULL REFERENCES trajectory_keys, t INTEGER NOT NULL, recorded INTEGER NOT NULL,
    dense_train_loss REAL, dense_train_accuracy REAL, dense_pool_loss REAL,
    dense_pool_accuracy REAL, dense_test_loss REAL, dense_test_accuracy REAL,
    dead_neurons INTEGER, eta_lambda_max REAL, train_wall_s REAL, train_cpu_s REAL,
    PRIMARY KEY (trajectory, t)
  ) WITHOUT ROWID;

  CREATE TABLE cells (
    trajectory INTEGER NOT NULL REFERENCES trajectory_keys, t INTEGER NOT NULL,
    variant INTEGER NOT NULL REFERENCES variants, recorded INTEGER NOT NULL,
    subnet_train_loss REAL, subnet_train_accuracy REAL, subnet_pool_loss REAL,
    subnet_pool_accuracy REAL, subnet_test_loss REAL, subnet_test_accuracy REAL,
    retrained_train_loss REAL, retrained_train_accuracy REAL, retrained_pool_loss REAL,
    retrained_pool_accuracy REAL, retrained_test_loss REAL, retrained_test_accuracy REAL,
    distinct_neurons INTEGER, activation_passes INTEGER, prune_wall_s REAL, prune_cpu_s REAL,
    finished_ms INTEGER NOT NULL, -- since 1970, UTC
    PRIMARY KEY (trajectory, t, variant)
  ) WITHOUT ROWID;

  CREATE TABLE sweeps (
    key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL, thresholds TEXT NOT NULL,
    dense_mask INTEGER NOT NULL, subnet_mask INTEGER NOT NULL, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  );

  CREATE TABLE members (
    sweep INTEGER NOT NULL REFERENCES sweeps, trajectory INTEGER NOT NULL REFERENCES trajectory_keys,
    t INTEGER NOT NULL, variant INTEGER NOT NULL REFERENCES variants,
    PRIMARY KEY (sweep, trajectory, t, variant)
  ) WITHOUT ROWID;

  CREATE TABLE member_variants (
    sweep INTEGER NOT NULL REFERENCES sweeps, trajectory INTEGER NOT NULL REFERENCES trajectory_keys,
    variant INTEGER NOT NULL REFERENCES variants, axes TEXT NOT NULL,
    PRIMARY KEY (sweep, trajectory, variant)
  ) WITHOUT ROWID;

  CREATE TABLE threshold_rows (
    sweep INTEGER NOT NULL REFERENCES sweeps, trajectory INTEGER NOT NULL REFERENCES trajectory_keys,
    variant INTEGER NOT NULL REFERENCES variants, metric TEXT NOT NULL, target TEXT NOT NULL,
    lower INTEGER, upper INTEGER,
    censoring TEXT NOT NULL CHECK (censoring IN ('interval', 'left', 'right', 'unreachable')),
    raw_upper INTEGER, sustained_upper INTEGER, flagged INTEGER NOT NULL,
    PRIMARY KEY (sweep, trajectory, variant, metric, target)
  ) WITHOUT ROWID;

  CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, trajectory_id TEXT NOT NULL REFERENCES trajectories (id),
    started_at TEXT NOT NULL, ended_at TEXT,
    outcome TEXT CHECK (outcome IN ('done', 'failed', 'stopped', 'lost')),
    host TEXT NOT NULL, process INTEGER NOT NULL, worker TEXT NOT NULL, tool_version TEXT NOT NULL,
    node_version TEXT NOT NULL, git_revision TEXT, git_dirty INTEGER, cpu TEXT NOT NULL,
    threads INTEGER NOT NULL,
    engine TEXT NOT NULL, numerics INTEGER NOT NULL, error_code TEXT, error TEXT, stack TEXT
  );
  CREATE INDEX attempts_trajectory ON attempts (trajectory_id);
`;
