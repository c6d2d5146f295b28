/** Lets snapshots of unfinished trajectories follow them into a merged database. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PART } from '../../base/atomic-file.js';
import { Snapshots, snapshotFile, snapshotIterations } from '../file/snapshots.js';

interface Staged {
  /** Place of the database. */
  readonly source: number;
  readonly t: number;
  readonly file: string;
}

export interface StagedSnapshots {
  readonly byTrajectory: ReadonlyMap<string, readonly Staged[]>;
  /** Removes the copies. */
  remove(): void;
}

/** Copies all snapshots of databases, which runs may replace at any moment, beside `out`. */
export function stageSnapshots(databases: readonly string[], out: string): StagedSnapshots {
  const byTrajectory = new Map<string, Staged[]>();
  let folder: string | null = null;
  for (const [source, database] of databases.entries()) {
    for (const [id, t] of snapshotIterations(database)) {
      folder ??= mkdtempSync(join(dirname(resolve(out)), '.espalier-snapshots-'));
      const file = join(folder, `${source}-${id}${PART}`);
      try {
        copyFileSync(snapshotFile(database, id, t), file);
      } catch {
        // A run has replaced or removed it meanwhile: its trajectory starts from an earlier state.
        continue;
      }
      byTrajectory.set(id, [...(byTrajectory.get(id) ?? []), { source, t, file }]);
    }
  }
  return {
    byTrajectory,
    remove: () => {
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Gives each unfinished trajectory the latest snapshot from which its first unfinished checkpoint can be reached, and
 * removes all others of `out`.
 */
export function keepSnapshots(
  out: string,
  { byTrajectory }: StagedSnapshots,
  unfinished: ReadonlyMap<string, { readonly sources: readonly number[]; readonly next: number }>,
): void {
  const snapshots = new Snapshots(out);
  for (const [id, staged] of byTrajectory) {
    const open = unfinished.get(id);
    const usable = staged.filter(({ source, t }) => open?.sources.includes(source) && t <= open.next);
    const latest = usable.reduce<Staged | null>(
      (best, each) => (best && best.t >= each.t ? best : each),
      null,
    );
    if (latest) snapshots.write(id, { t: latest.t, bytes: readFileSync(latest.file) });
    else snapshots.remove(id);
  }
}
