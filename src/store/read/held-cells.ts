/** How much of a sweep a database holds, if there is one. */
import { StoreError } from '../../base/errors.js';
import { countCells } from '../../domain/grid.js';
import type { CheckpointTask } from '../../domain/messages.js';
import type { Evaluate, PlannedTrajectory } from '../../domain/types.js';
import { openReader, type Reader } from './reader.js';

/** What a database has of a sweep. */
export interface HeldCells {
  /** As `Reader.unfinished`. */
  unfinished(trajectory: PlannedTrajectory): readonly CheckpointTask[];
  /** As `Reader.cellsKnown`. */
  cellsKnown(trajectory: PlannedTrajectory): number;
}

/** Without a database, everything is unfinished. @throws StoreError as `openReader`. */
export function heldCells(
  file: string,
  planned: readonly PlannedTrajectory[],
  evaluate: Evaluate,
): HeldCells {
  let reader: Reader;
  try {
    reader = openReader(file);
  } catch (error) {
    const isMissing = error instanceof StoreError && error.code === 'DATABASE_MISSING';
    if (!isMissing) throw error;
    return {
      unfinished: ({ checkpoints }) => checkpoints,
      cellsKnown: trajectory => countCells([trajectory]),
    };
  }
  try {
    const unfinished = reader.unfinished(planned, evaluate);
    const known = reader.cellsKnown(planned, evaluate);
    return {
      unfinished: ({ id, checkpoints }) => unfinished.get(id) ?? checkpoints,
      cellsKnown: trajectory => known.get(trajectory.id) ?? countCells([trajectory]),
    };
  } finally {
    reader.close();
  }
}
