/** Types for the documentation of views and tables, and the columns that several of them share. */

export interface ColumnInfo {
  readonly name: string;
  /** Includes the unit, and when the value is NULL. */
  readonly meaning: string;
}

export interface RelationInfo {
  readonly name: string;
  readonly type: 'view' | 'table';
  /** What one row is. */
  readonly meaning: string;
  readonly columns: readonly ColumnInfo[];
}

export const columns = (...pairs: readonly (readonly [name: string, meaning: string])[]): ColumnInfo[] =>
  pairs.map(([name, meaning]) => ({ name, meaning }));

export const SWEEP = columns(['sweep', "the sweep's name"]);

export const ORIGIN = columns(
  ['engine', 'what trained and pruned: wasm, reference, tfjs or webgpu'],
  ['numerics', "version of the engine's arithmetic: results are bit-identical within one"],
);

export const TARGET = columns(
  ['metric', 'the metric that the target is set on, e.g. subnet_train_loss; ..._sum is n times the mean'],
  ['target', 'the level, e.g. <= 0.15'],
);
