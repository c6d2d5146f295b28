/** What a run does for a sweep that refines its checkpoints: what is known at its start, and the check at the end. */
import { storedGrid } from '../analysis/thresholds.js';
import type { MeasuredCell, RefinementTask } from '../domain/messages.js';
import type { Evaluate, PlannedTrajectory } from '../domain/types.js';
import type { StoredSweep } from '../store/schema/rows.js';
import type { Store } from '../store/write/store.js';
import { choiceRules, knownCheckpoints } from '../threshold/refine.js';
import { publishedLevels } from '../threshold/targets.js';

/**
 * Brings the members of a saved sweep up to what follows from the stored rows: another sweep may have added some, and
 * levels of `published` targets may have become known. Returns the trajectories with these levels.
 */
export function refineFromStored(
  store: Store,
  sweep: StoredSweep,
  trajectories: readonly PlannedTrajectory[],
): readonly PlannedTrajectory[] {
  if (!trajectories.some(({ refinement }) => refinement)) return trajectories;
  const reader = store.toReader();
  const levels = reader.inTransaction(() =>
    publishedLevels(sweep.thresholds, reader.curveRows(sweep.name), {
      largestSize: reader.largestSize(sweep.name),
      grid: storedGrid(sweep.definition),
    }),
  );
  const levelled = trajectories.map(trajectory => {
    const own = levels.get(trajectory.id);
    if (!own || !trajectory.refinement) return trajectory;
    return { ...trajectory, refinement: { ...trajectory.refinement, levels: own } };
  });
  store.deriveMembers(sweep, levelled);
  return levelled;
}

/** What a worker needs to choose the checkpoints of a trajectory; null if it does not refine. */
export function refinementTask(
  trajectory: PlannedTrajectory,
  stored: readonly MeasuredCell[],
  keptStates: number,
): RefinementTask | null {
  const rules = choiceRules(trajectory);
  if (!rules) return null;
  const { fine, targets, levels, coarse, variants } = rules;
  return { fine, targets, levels, coarse, variants, stored, keptStates };
}

/**
 * Why a trajectory that its worker calls done is not: the stored rows ask for other checkpoints than were sent. Null where
 * they agree.
 *
 * @param sent all checkpoints that are members, planned or chosen.
 */
export function choiceFault(
  store: Store,
  trajectory: PlannedTrajectory,
  evaluate: Evaluate,
  sent: ReadonlySet<number>,
): string | null {
  const known = knownCheckpoints(trajectory, store.measuredCells(trajectory, evaluate)).map(({ t }) => t);
  const lacking = known.filter(t => !sent.has(t));
  const asked = new Set(known);
  const unasked = [...sent].filter(t => !asked.has(t));
  if (lacking.length + unasked.length === 0) return null;
  const described = [
    ...(lacking.length > 0 ? [`ask for t = ${lacking.join(', ')} as well`] : []),
    ...(unasked.length > 0 ? [`do not ask for t = ${unasked.join(', ')}`] : []),
  ];
  return `the worker chose other checkpoints than the stored rows, which ${described.join(' and ')}`;
}
