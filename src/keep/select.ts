/** What is kept of a sweep, as a database has it. */
import type { Reader } from '../store/read/reader.js';
import { PREDICTION_COLUMNS } from '../store/schema/predictions.js';
import { ETA_LAMBDA_MAX, type KeptColumns, type KeptTable, TRAJECTORY } from './columns.js';
import type { Row } from './files.js';

/** Trajectories of which all cells that the sweep requests are finished. */
const FINISHED = `
  SELECT y.id, y.dataset_size, y.width, y.seed, y.engine, y.numerics, y.config, x.key
  FROM sweeps s JOIN member_progress p ON p.sweep = s.key AND p.cells = p.cells_done
  JOIN trajectory_keys x ON x.key = p.trajectory JOIN trajectories y ON y.id = x.id
  WHERE s.name = @sweep`;
const ORDER = 'f.dataset_size, f.width, f.seed, f.id';
const SHAPE = 'f.id AS trajectory_id, f.dataset_size, f.width, f.seed';
const SWEEP_KEY = '(SELECT key FROM sweeps WHERE name = @sweep)';

/** What is the same for equal bits: no times, and no work. */
const QUERIES: Readonly<Record<Exclude<KeptTable, 'results'>, string>> = {
  trajectories: `
    SELECT ${SHAPE}, f.engine, f.numerics, f.config,
      (SELECT max(k.eta_lambda_max) FROM checkpoints k WHERE k.trajectory = f.key) AS ${ETA_LAMBDA_MAX}
    FROM finished f ORDER BY ${ORDER}`,
  thresholds: `
    SELECT ${SHAPE}, v.method AS prune_method, v.objective AS prune_objective, v.sample_size AS prune_sample_size,
      v.subnet_size, v.retrain_iterations, r.metric, r.target, r.lower, r.upper, r.censoring, r.raw_upper,
      r.sustained_upper, r.flagged
    FROM finished f JOIN threshold_rows r ON r.trajectory = f.key AND r.sweep = ${SWEEP_KEY}
    JOIN variants v ON v.key = r.variant
    ORDER BY r.metric, r.target, ${ORDER}, 5, 6, 7, 8, 9`,
  predictions: `
    SELECT ${SHAPE}, p.horizon, p.subnet_size, ${PREDICTION_COLUMNS.map(name => `p.${name}`).join(', ')}
    FROM finished f JOIN prediction_rows p ON p.trajectory = f.key AND p.sweep = ${SWEEP_KEY}
    ORDER BY p.kernel, p.target DESC, ${ORDER}`,
  // A trajectory that had failed may be complete for the sweep; its last attempt then has another outcome.
  provenance: `
    SELECT f.id AS trajectory_id, a.tool_version, a.git_revision, a.git_dirty, a.node_version, a.cpu, a.kernels, a.threads
    FROM finished f JOIN attempts a ON a.id =
      (SELECT id FROM attempts WHERE trajectory_id = f.id ORDER BY outcome IS 'done' DESC, id DESC LIMIT 1)
    ORDER BY ${ORDER}`,
};

const resultsQuery = ({ names }: KeptColumns): string => {
  const own = names.filter(name => !TRAJECTORY.includes(name)).map(name => `r.${name}`);
  return `
    SELECT ${SHAPE}, ${own.join(', ')}
    FROM finished f JOIN results r ON r.sweep = @sweep AND r.trajectory_id = f.id
    ORDER BY ${ORDER}, r.pretrain_iterations, r.prune_method, r.prune_objective, r.prune_sample_size, r.subnet_size,
      r.retrain_iterations`;
};

/** The tables of a sweep's finished trajectories as of one moment, each in an order that follows from its content. */
export function selectKept(
  reader: Reader,
  sweep: string,
  columns: Readonly<Record<KeptTable, KeptColumns>>,
): Record<KeptTable, Row[]> {
  const queries = { ...QUERIES, results: resultsQuery(columns.results) };
  return reader.inTransaction(
    () =>
      Object.fromEntries(
        Object.entries(queries).map(([table, sql]) => [
          table,
          reader.rows<Row>(`WITH finished AS (${FINISHED}) ${sql}`, { sweep }),
        ]),
      ) as Record<KeptTable, Row[]>,
  );
}
