/** Compares rows with the recorded ones, for results that arrive twice. */
import type { Database, Statement } from 'better-sqlite3';
import type { CellRow, CheckpointRow } from '../../domain/messages.js';
import { CELL_NUMBERS, CHECKPOINT_NUMBERS, cellNumbers, checkpointNumbers } from '../schema/rows.js';
import type { VariantKeys } from './variants.js';

/**
 * - `unknown`: nothing is recorded of the checkpoint
 * - `same`: what both have is equal to the bit; times do not count
 * - `differs`: in this column, which this worker recorded
 */
export type Comparison =
  | { readonly kind: 'unknown' | 'same' }
  | { readonly kind: 'differs'; readonly column: string; readonly worker: string };

type Values = readonly (number | null)[];

export class RecordedRows {
  private readonly checkpoint: Statement<[string, number], (number | null)[]>;
  private readonly cell: Statement<[string, number, number], (number | null)[]>;
  private readonly worker: Statement<[string], string | null>;

  constructor(
    db: Database,
    private readonly variants: VariantKeys,
  ) {
    const key = '(SELECT key FROM trajectory_keys WHERE id = ?)';
    this.checkpoint = db
      .prepare<[string, number], (number | null)[]>(
        `SELECT ${CHECKPOINT_NUMBERS.join(', ')} FROM checkpoints WHERE trajectory = ${key} AND t = ?`,
      )
      .raw();
    this.cell = db
      .prepare<[string, number, number], (number | null)[]>(
        `SELECT ${CELL_NUMBERS.join(', ')} FROM cells WHERE trajectory = ${key} AND t = ? AND variant = ?`,
      )
      .raw();
    this.worker = db.prepare<[string], string | null>('SELECT worker FROM trajectories WHERE id = ?').pluck();
  }

  compare(id: string, row: CheckpointRow, cells: readonly CellRow[]): Comparison {
    const recorded = this.checkpoint.get(id, row.t);
    if (!recorded) return { kind: 'unknown' };
    let column = firstDifference(CHECKPOINT_NUMBERS, recorded, checkpointNumbers(row));
    for (const cell of cells) {
      if (column !== null) break;
      const variant = this.variants.find(cell);
      const found = variant === null ? undefined : this.cell.get(id, row.t, variant);
      if (found) column = firstDifference(CELL_NUMBERS, found, cellNumbers(cell));
    }
    if (column === null) return { kind: 'same' };
    return { kind: 'differs', column, worker: this.worker.get(id) ?? 'an earlier run' };
  }
}

/** The first column in which both have a number, and not the same. */
function firstDifference(columns: readonly string[], recorded: Values, values: Values): string | null {
  const index = columns.findIndex((_, i) => {
    const [a, b] = [recorded[i] ?? null, values[i] ?? null];
    return a !== null && b !== null && a !== b;
  });
  return columns[index] ?? null;
}
