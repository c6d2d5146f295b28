/** Makes a database of kept sweeps: thresholds are computed again, so that nothing but the results is taken on trust. */
import { refreshThresholds } from '../analysis/thresholds.js';
import { groupBy } from '../base/group-by.js';
import type { PlannedTrajectory } from '../domain/types.js';
import { variantOf } from '../domain/variant.js';
import { storedSweep } from '../run/stored-sweep.js';
import { Store, type StoreOptions } from '../store/write/store.js';
import type { KeptSweep, KeptTrajectory } from './read.js';

/**
 * Adds a kept sweep to a database, which is made if it is missing. The sweep then asks for the kept cells alone; `run` with
 * its file adds the others.
 *
 * @throws errors of `Store.open`; the caller checks that the database has no sweep of the name.
 */
export function restoreKept({ spec, trajectories }: KeptSweep, db: string, options: StoreOptions = {}): void {
  const store = Store.open(db, options);
  try {
    store.saveSweep(storedSweep(spec), trajectories.map(plannedOf));
    for (const trajectory of trajectories) restoreTrajectory(store, spec.name, trajectory);
    store.flush();
    const sweep = store
      .toReader()
      .sweeps()
      .find(({ name }) => name === spec.name)!;
    refreshThresholds(store, sweep);
  } finally {
    store.close();
  }
}

const plannedOf = ({ id, config, checkpoints }: KeptTrajectory): PlannedTrajectory => ({
  id,
  config,
  checkpoints: checkpoints.map(({ row, cells }) => ({ t: row.t, variants: cells.map(variantOf) })),
  refinement: null,
});

function restoreTrajectory(
  store: Store,
  sweep: string,
  { id, checkpoints, attempt, predictions }: KeptTrajectory,
): void {
  store.started(id, attempt);
  for (const { row, cells } of checkpoints) void store.rows(id, row, cells);
  void store.finished(id, { kind: 'done', trainWallS: null, trainCpuS: null });
  for (const [, own] of groupBy(predictions, ({ scope }) => scope.kernel))
    store.replacePredictions(
      sweep,
      id,
      own[0]!.scope,
      own.map(({ row }) => row),
    );
}
