/** Finds the planned cells that are not in the database yet. */
import type { Database, Statement } from 'better-sqlite3';
import type { CheckpointTask } from '../../domain/messages.js';
import type { Evaluate, PlannedTrajectory } from '../../domain/types.js';
import { setMask, subnetMask } from '../schema/rows.js';
import { MeasuredCells } from './measured-cells.js';
import type { VariantKeys } from './variants.js';

export class UnfinishedCells {
  private readonly measured: MeasuredCells;
  private readonly finished: Statement<
    [string, number, number, number, number],
    [t: number, variant: number]
  >;

  constructor(
    db: Database,
    private readonly variants: VariantKeys,
  ) {
    this.measured = new MeasuredCells(db, variants);
    this.finished = db
      .prepare<[string, number, number, number, number], [number, number]>(
        `SELECT c.t, c.variant FROM cells c JOIN checkpoints k ON k.trajectory = c.trajectory AND k.t = c.t
         WHERE c.trajectory = (SELECT key FROM trajectory_keys WHERE id = ?)
           AND (c.recorded & ?) = ? AND (k.recorded & ?) = ?`,
      )
      .raw();
  }

  /**
   * The cells that lack metrics, by checkpoint, without complete checkpoints: of the planned checkpoints, and of those
   * that follow from stored rows. Returns the planned checkpoints themselves if no cell is finished.
   */
  checkpointsOf(trajectory: PlannedTrajectory, evaluate: Evaluate): readonly CheckpointTask[] {
    const subnet = subnetMask(evaluate);
    const dense = setMask(evaluate.dense);
    const finished = new Map<number, Set<number>>();
    for (const [t, variant] of this.finished.all(trajectory.id, subnet, subnet, dense, dense)) {
      const keys = finished.get(t);
      if (keys) keys.add(variant);
      else finished.set(t, new Set([variant]));
    }
    if (finished.size === 0) return trajectory.checkpoints;
    const tasks: CheckpointTask[] = [];
    for (const { t, variants } of this.measured.checkpointsOf(trajectory, evaluate)) {
      const keys = finished.get(t);
      const missing = keys
        ? variants.filter(variant => !keys.has(this.variants.find(variant) ?? -1))
        : variants;
      if (missing.length > 0) tasks.push({ t, variants: missing });
    }
    return tasks;
  }
}
