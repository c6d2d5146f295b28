/** What a merge knows about tables: which columns name a row, and which may differ from run to run. */
import type { Database } from 'better-sqlite3';
import { CERTIFIED_LOSS, METRIC_COLUMNS } from '../../domain/metrics.js';
import { recordedMask, setMask } from '../schema/rows.js';

export type Value = string | number | null;
/** Values in the order of `TableColumns.names`. */
export type Row = Value[];

interface MergedTable {
  readonly name: string;
  /** What names a row of one trajectory (and sweep). Every other column is a value. */
  readonly key: readonly string[];
}

/** Tables with rows of a trajectory. Rows of one key are compared, and fill each other's gaps. */
export const RESULT_TABLES = {
  checkpoints: { name: 'checkpoints', key: ['t'] },
  cells: { name: 'cells', key: ['t', 'variant'] },
} as const satisfies Readonly<Record<string, MergedTable>>;

/** Tables with rows of a sweep and a trajectory. Of different rows of one key, the first by content stays. */
export const SWEEP_TABLES: readonly MergedTable[] = [
  { name: 'members', key: ['t', 'variant'] },
  { name: 'member_variants', key: ['variant'] },
];

/**
 * Predictions of a trajectory in a sweep. What they were computed for belongs to their name; of one kernel and target
 * the farthest horizon stays.
 */
export const PREDICTIONS: MergedTable = {
  name: 'prediction_rows',
  key: ['kernel', 'target', 'horizon', 'subnet_size'],
};

/** Columns of `attempts` that its start does not tell. All others name an attempt. */
export const ATTEMPT_END = ['ended_at', 'outcome', 'error_code', 'error', 'stack'] as const;

/**
 * - `key`: an integer of this file (sweep, trajectory, variant) or a plain value (t)
 * - `mask`: the sets that are recorded, as bits
 * - `cost`: time or work, which may differ from run to run or from version to version
 * - `finished`: when the last set was recorded
 * - `value`: the same for equal bits
 */
type Kind = 'key' | 'mask' | 'cost' | 'finished' | 'value';

export interface TableColumns {
  readonly table: string;
  readonly names: readonly string[];
  readonly kinds: readonly Kind[];
  /** The bit of the set that a metric was measured on; 0 where NULL means unknown. */
  readonly bits: readonly number[];
  /** Places of the columns that name a row of one trajectory (and sweep). */
  readonly key: readonly number[];
  /** Place of the column `variant`; -1 without one. */
  readonly variant: number;
  /** Place of the column `recorded`; -1 without one. */
  readonly mask: number;
}

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['recorded', 'mask'],
  ['finished_ms', 'finished'],
  ['train_wall_s', 'cost'],
  ['train_cpu_s', 'cost'],
  ['activation_passes', 'cost'],
  ['prune_wall_s', 'cost'],
  ['prune_cpu_s', 'cost'],
]);
/** The bit of `recorded` that says whether NULL in a column is a result. Other columns have none. */
const BITS: ReadonlyMap<string, number> = new Map([
  ...METRIC_COLUMNS.map(({ column, set }) => [column, setMask([set])] as const),
  [CERTIFIED_LOSS.column, recordedMask(0)],
]);

/** The columns of a table as the current schema has them, without `sweep` and `trajectory`. */
export function tableColumns(db: Database, { name: table, key }: MergedTable): TableColumns {
  const names = columnNames(db, table).filter(name => name !== 'sweep' && name !== 'trajectory');
  return {
    table,
    names,
    kinds: names.map(name => (key.includes(name) ? 'key' : (KINDS.get(name) ?? 'value'))),
    bits: names.map(name => BITS.get(name) ?? 0),
    key: key.map(name => names.indexOf(name)),
    variant: names.indexOf('variant'),
    mask: names.indexOf('recorded'),
  };
}

export const columnNames = (db: Database, table: string): string[] =>
  db.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
