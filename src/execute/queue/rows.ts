/** Rows that arrived over Redis: whether they are what was asked for. */
import type { CellRow, CheckpointRow, CheckpointTask, TrajectoryTask } from '../../domain/messages.js';
import type { SetMetrics, SetName } from '../../domain/types.js';
import { variantKey } from '../../domain/variant.js';

type Evaluate = TrajectoryTask['evaluate'];

/** The cells that a checkpoint asks for, in its order; null where one is missing, or lacks a set. */
export function askedCells(
  { variants }: CheckpointTask,
  evaluate: Evaluate,
  checkpoint: CheckpointRow,
  cells: readonly CellRow[],
): CellRow[] | null {
  if (!has(checkpoint.dense, evaluate.dense)) return null;
  const byVariant = new Map(cells.map(cell => [variantKey(cell), cell]));
  const asked: CellRow[] = [];
  for (const variant of variants) {
    const cell = byVariant.get(variantKey(variant));
    if (!cell || cell.t !== checkpoint.t || !has(cell.subnet, evaluate.subnet)) return null;
    const isRetrained = variant.retrainIterations > 0;
    if (isRetrained !== (cell.retrained !== null)) return null;
    if (cell.retrained && !has(cell.retrained, evaluate.subnet)) return null;
    asked.push(cell);
  }
  return asked;
}

const has = (metrics: SetMetrics, sets: readonly SetName[]): boolean =>
  sets.every(set => metrics[set] !== undefined);
