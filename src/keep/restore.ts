/** Makes a database of kept sweeps: thresholds are computed again, so that nothing but the results is taken on trust. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeDatabases } from '../analysis/merge-databases.js';
import { refreshThresholds } from '../analysis/thresholds.js';
import { StoreError } from '../base/errors.js';
import { variantOf } from '../domain/variant.js';
import { storedSweep } from '../run/stored-sweep.js';
import { Store } from '../store/write/store.js';
import type { KeptSweep, KeptTrajectory } from './kept-sweep.js';

/**
 * Adds a kept sweep to a database, which is made if it is missing. It appears whole or not at all.
 *
 * @param folder where the sweep comes from, for errors.
 * @throws StoreError as `mergeDatabases`; the caller checks that the database has no sweep of the name.
 */
export function restoreKept(
  kept: KeptSweep,
  folder: string,
  db: string,
  options: { readonly unsafeFilesystem?: boolean | undefined } = {},
): void {
  withDatabaseOf(kept, scratch => {
    try {
      mergeDatabases(db, [scratch], options);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'BITS_DIFFER') throw error;
      throw new StoreError(error.code, error.file, error.message.replaceAll(scratch, folder), {
        cause: error,
      });
    }
  });
}

/** Runs `use` with a database that has a kept sweep alone, and is removed afterwards. */
export function withDatabaseOf<T>(kept: KeptSweep, use: (scratch: string) => T): T {
  const home = mkdtempSync(join(tmpdir(), 'espalier-keep-'));
  try {
    const scratch = join(home, 'kept.sqlite');
    fill(kept, scratch);
    return use(scratch);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The sweep asks for all its cells, as after a run that was stopped: a run goes on with what is missing. */
function fill({ spec, trajectories, planned }: KeptSweep, db: string): void {
  const store = Store.open(db, { unsafeFilesystem: true });
  try {
    store.saveSweep(storedSweep(spec), planned);
    for (const trajectory of trajectories) fillTrajectory(store, spec.name, trajectory);
    refreshThresholds(store, store.toReader().sweep(spec.name));
  } finally {
    store.close();
  }
}

function fillTrajectory(
  store: Store,
  sweep: string,
  { id, checkpoints, attempt, predictions }: KeptTrajectory,
): void {
  store.started(id, attempt);
  for (const { row, cells } of checkpoints) {
    const rows = cells.map(cell => cell.row);
    const chosen = [{ t: row.t, variants: rows.map(variantOf) }];
    void store.rows(id, row, rows, { sweep, checkpoints: chosen });
  }
  void store.finished(id, { kind: 'done', trainWallS: null, trainCpuS: null });
  for (const { scope, rows } of predictions)
    store.replacePredictions(
      sweep,
      id,
      scope,
      rows.map(({ row }) => row),
    );
}
