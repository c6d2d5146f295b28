/** Writes the finished trajectories of a sweep as files whose bytes depend on the results alone, provenance aside. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncFile, withPart } from '../base/atomic-file.js';
import type { Reader } from '../store/read/reader.js';
import { PREDICTION_COLUMNS } from '../store/schema/predictions.js';
import { CELL_NUMBERS, CHECKPOINT_NUMBERS, type SweepRow } from '../store/schema/rows.js';
import { asCsv, KEPT_FILES, type Row } from './files.js';

export interface Kept {
  readonly trajectories: number;
  readonly cells: number;
  /** Of all files. */
  readonly bytes: number;
}

/** Trajectories of which all cells that the sweep requests are finished, in one order. */
const FINISHED = `
  SELECT y.id, y.dataset_size, y.width, y.seed, y.engine, y.numerics, y.config, x.key
  FROM sweeps s JOIN member_progress p ON p.sweep = s.key AND p.cells = p.cells_done
  JOIN trajectory_keys x ON x.key = p.trajectory JOIN trajectories y ON y.id = x.id
  WHERE s.name = @sweep`;
const ORDER = 'f.dataset_size, f.width, f.seed, f.id';
const SHAPE = 'f.id AS trajectory_id, f.dataset_size, f.width, f.seed';

/** What is the same for equal bits: no times, and no work. */
const TABLES: Readonly<
  Record<'trajectories' | 'results' | 'thresholds' | 'predictions' | 'provenance', string>
> = {
  trajectories: `SELECT ${SHAPE}, f.engine, f.numerics, f.config FROM finished f ORDER BY ${ORDER}`,
  results: `
    SELECT ${SHAPE}, r.pretrain_iterations, r.prune_method, r.prune_objective, r.prune_sample_size, r.subnet_size,
      r.retrain_iterations, ${[...CHECKPOINT_NUMBERS, ...CELL_NUMBERS].map(name => `r.${name}`).join(', ')}
    FROM finished f JOIN results r ON r.sweep = @sweep AND r.trajectory_id = f.id
    ORDER BY ${ORDER}, r.pretrain_iterations, r.prune_method, r.prune_objective, r.prune_sample_size, r.subnet_size,
      r.retrain_iterations`,
  thresholds: `
    SELECT ${SHAPE}, v.method AS prune_method, v.objective AS prune_objective, v.sample_size AS prune_sample_size,
      v.subnet_size, v.retrain_iterations, r.metric, r.target, r.lower, r.upper, r.censoring, r.raw_upper,
      r.sustained_upper, r.flagged
    FROM finished f JOIN threshold_rows r ON r.trajectory = f.key AND r.sweep = (SELECT key FROM sweeps WHERE name = @sweep)
    JOIN variants v ON v.key = r.variant
    ORDER BY r.metric, r.target, ${ORDER}, 5, 6, 7, 8, 9`,
  predictions: `
    SELECT ${SHAPE}, p.horizon, p.subnet_size, ${PREDICTION_COLUMNS.map(name => `p.${name}`).join(', ')}
    FROM finished f JOIN prediction_rows p ON p.trajectory = f.key AND p.sweep = (SELECT key FROM sweeps WHERE name = @sweep)
    ORDER BY p.kernel, p.target DESC, ${ORDER}`,
  provenance: `
    SELECT f.id AS trajectory_id, a.tool_version, a.git_revision, a.git_dirty, a.node_version, a.cpu, a.kernels, a.threads
    FROM finished f JOIN attempts a ON a.id =
      (SELECT max(id) FROM attempts WHERE trajectory_id = f.id AND outcome = 'done')
    ORDER BY ${ORDER}`,
};

/** @param folder is made if it is missing. @throws a system error where it cannot be written. */
export function writeKept(reader: Reader, sweep: SweepRow, folder: string): Kept {
  const { name, description, definition } = sweep;
  const tables = reader.inTransaction(() =>
    Object.entries(TABLES).map(([table, sql]) => {
      const rows = reader.rows<Row>(`WITH finished AS (${FINISHED}) ${sql}`, { sweep: name });
      return { table: table as keyof typeof TABLES, rows };
    }),
  );
  const files: [string, string][] = tables
    .filter(({ rows }) => rows.length > 0)
    .map(({ table, rows }) => [KEPT_FILES[table], asCsv(rows)]);
  files.push([KEPT_FILES.sweep, `${JSON.stringify({ shape: 1, name, description, definition }, null, 2)}\n`]);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of files) write(join(folder, file), text);
  const count = (wanted: keyof typeof TABLES): number =>
    tables.find(({ table }) => table === wanted)!.rows.length;
  return {
    trajectories: count('trajectories'),
    cells: count('results'),
    bytes: files.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0),
  };
}

function write(file: string, text: string): void {
  withPart(file, part => {
    writeFileSync(part, text);
    syncFile(part);
    renameSync(part, file);
  });
}
