/** The views that users query. Their columns and column order are public, their definitions are not. */
import { FIT_COLUMNS, LATER_FIT_COLUMNS } from './fits.js';
import { PREDICTION_COLUMNS } from './predictions.js';
import { DENSE_COLUMNS, RETRAINED_COLUMNS, SUBNET_COLUMNS } from './rows.js';

const listed = (alias: string, columns: readonly string[]): string =>
  columns.map(column => `${alias}.${column}`).join(', ');

/** Whether a cell has recorded all sets of its sweep. Aliases: s sweeps, c cells, k checkpoints. */
export const IS_FINISHED =
  '(c.recorded & s.subnet_mask) = s.subnet_mask AND (k.recorded & s.dense_mask) = s.dense_mask';

// CROSS JOIN makes SQLite read sweeps before members. In the other order it would read all members to find a few.
const RESULTS = `
  CREATE VIEW results AS
  SELECT s.name AS sweep, y.id AS trajectory_id, y.dataset, y.task, y.dataset_size, y.width, y.seed,
    m.t AS pretrain_iterations, v.method AS prune_method, v.objective AS prune_objective, v.subnet_size,
    v.retrain_iterations,
    ${listed('k', DENSE_COLUMNS)},
    ${listed('c', SUBNET_COLUMNS)},
    ${listed('c', RETRAINED_COLUMNS)},
    c.distinct_neurons, c.activation_passes, k.dead_neurons, k.eta_lambda_max, c.prune_wall_s, c.prune_cpu_s,
    strftime('%Y-%m-%dT%H:%M:%fZ', c.finished_ms / 1000.0, 'unixepoch') AS finished_at,
    y.engine, y.numerics, y.config, k.gates_changed, k.neuron_variance, c.certified_loss,
    v.sample_size AS prune_sample_size
  FROM sweeps s
  CROSS JOIN members m ON m.sweep = s.key
  JOIN cells c ON c.trajectory = m.trajectory AND c.t = m.t AND c.variant = m.variant
  JOIN checkpoints k ON k.trajectory = m.trajectory AND k.t = m.t
  JOIN variants v ON v.key = m.variant
  JOIN trajectory_keys x ON x.key = m.trajectory
  JOIN trajectories y ON y.id = x.id
  WHERE ${IS_FINISHED};
`;

/** One row for each sweep and trajectory, with its number of cells and of finished cells. */
const MEMBER_PROGRESS = `
  CREATE VIEW member_progress AS
  SELECT s.key AS sweep, m.trajectory, count(*) AS cells, count(CASE WHEN ${IS_FINISHED} THEN 1 END) AS cells_done
  FROM sweeps s
  CROSS JOIN members m ON m.sweep = s.key
  LEFT JOIN cells c ON c.trajectory = m.trajectory AND c.t = m.t AND c.variant = m.variant
  LEFT JOIN checkpoints k ON k.trajectory = m.trajectory AND k.t = m.t
  GROUP BY s.key, m.trajectory;
`;

const PROGRESS = `
  CREATE VIEW progress AS
  SELECT s.name AS sweep, count(p.trajectory) AS trajectories,
    count(CASE WHEN p.cells_done = p.cells THEN 1 END) AS trajectories_done,
    count(CASE WHEN p.cells_done < p.cells AND y.status = 'failed' THEN 1 END) AS trajectories_failed,
    coalesce(sum(p.cells), 0) AS cells, coalesce(sum(p.cells_done), 0) AS cells_done, s.description
  FROM sweeps s
  LEFT JOIN member_progress p ON p.sweep = s.key
  LEFT JOIN trajectory_keys x ON x.key = p.trajectory
  LEFT JOIN trajectories y ON y.id = x.id
  GROUP BY s.key;
`;

/** The join with member_variants drops rows of variants that are no longer in the sweep. */
const THRESHOLDS = `
  CREATE VIEW thresholds AS
  SELECT s.name AS sweep, y.id AS trajectory_id, y.dataset_size, y.width, y.seed, a.axes, v.method AS prune_method,
    v.subnet_size, r.metric, r.target, r.lower, r.upper, r.censoring, r.raw_upper, r.sustained_upper, r.flagged,
    y.engine, y.numerics
  FROM sweeps s
  JOIN threshold_rows r ON r.sweep = s.key
  JOIN member_variants a ON a.sweep = s.key AND a.trajectory = r.trajectory AND a.variant = r.variant
  JOIN variants v ON v.key = r.variant
  JOIN trajectory_keys x ON x.key = r.trajectory
  JOIN trajectories y ON y.id = x.id;
`;

/** A group without fitted laws has one row, whose model is NULL. */
const FITS = `
  CREATE VIEW fits AS
  SELECT s.name AS sweep, f.width, f.axes, f.prune_method, f.subnet_size, f.metric, f.target, f.is_primary, l.model,
    l.parameters, l.log_likelihood, l.aicc, l.weight, f.verdict, f.engine, f.numerics
  FROM sweeps s
  JOIN fit_groups f ON f.sweep = s.key
  LEFT JOIN fit_laws l ON l.fit = f.key
  ORDER BY s.key, f.key, l.place;
`;

const VERDICTS = `
  CREATE VIEW verdicts AS
  SELECT s.name AS sweep, ${listed('f', FIT_COLUMNS)}, r.simulation_seed, ${listed('f', LATER_FIT_COLUMNS)}
  FROM sweeps s
  JOIN fit_groups f ON f.sweep = s.key
  JOIN fit_reports r ON r.sweep = s.key
  ORDER BY s.key, f.key;
`;

/** The axes of the trajectory alone: those of its cells, such as the objective, do not matter here. */
const PREDICTIONS = `
  CREATE VIEW predictions AS
  SELECT s.name AS sweep, y.id AS trajectory_id, y.dataset_size, y.width, y.seed,
    json_remove(a.axes, '$."prune.objective"', '$."prune.sampleSize"', '$."retrain.iterations"') AS axes,
    ${listed('p', PREDICTION_COLUMNS)}, y.engine, y.numerics
  FROM sweeps s
  JOIN prediction_rows p ON p.sweep = s.key
  JOIN member_variants a ON a.sweep = s.key AND a.trajectory = p.trajectory AND a.variant =
    (SELECT min(variant) FROM member_variants WHERE sweep = s.key AND trajectory = p.trajectory)
  JOIN trajectory_keys x ON x.key = p.trajectory
  JOIN trajectories y ON y.id = x.id;
`;

export const VIEWS = RESULTS + MEMBER_PROGRESS + PROGRESS + THRESHOLDS + FITS + VERDICTS + PREDICTIONS;
