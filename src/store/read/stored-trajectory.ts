/** Reads one trajectory and all its cells back from a database, to recompute it. */

import { UsageError } from '../../base/errors.js';
import { completeConfig } from '../../domain/later-settings.js';
import type { PlannedCheckpoint, PlannedTrajectory, Variant } from '../../domain/types.js';
import { connectReader } from '../file/open.js';
import { VARIANT_COLUMNS, VARIANT_ORDER } from '../schema/variant-columns.js';

export interface StoredTrajectory {
  readonly planned: PlannedTrajectory;
  /** Folders of `idx` data sets that its sweeps name, as a setting or on an axis. */
  readonly folders: readonly string[];
}

interface MemberRow extends Variant {
  readonly t: number;
}

/**
 * Finds a trajectory by its id or a unique prefix, with its cells of all sweeps.
 * @throws UsageError if none or more than one matches. StoreError as `connectReader`.
 */
export function storedTrajectory(file: string, id: string): StoredTrajectory {
  const db = connectReader(file);
  try {
    const matches = db
      .prepare<[string, string], { id: string; config: string; key: number }>(
        `SELECT y.id, y.config, x.key FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
         WHERE substr(y.id, 1, length(?)) = ? ORDER BY y.id LIMIT 2`,
      )
      .all(id, id);
    const [trajectory, other] = matches;
    if (!trajectory || id === '') {
      throw new UsageError(
        `--trajectory: found ${JSON.stringify(id)}, expected the id of a trajectory in ${file}`,
      );
    }
    if (other) {
      throw new UsageError(
        `--trajectory: ${id} begins more than one id, expected more of it: ${trajectory.id}, ...`,
      );
    }
    const members = db
      .prepare<[number], MemberRow>(
        `SELECT DISTINCT m.t, ${VARIANT_COLUMNS}
         FROM members m JOIN variants v ON v.key = m.variant WHERE m.trajectory = ?
         ORDER BY m.t, ${VARIANT_ORDER}`,
      )
      .all(trajectory.key);
    const named = db.prepare<[string], string>(FOLDERS).pluck().all(trajectory.id) as string[];
    return {
      planned: {
        id: trajectory.id,
        config: completeConfig(JSON.parse(trajectory.config)),
        checkpoints: byCheckpoint(members),
        refinement: null,
      },
      folders: foldersOf(named),
    };
  } finally {
    db.close();
  }
}

/** What the sweeps of a trajectory say of folders, for `foldersOf`. Parameter: its id. */
export const FOLDERS = `
  SELECT json_array(json_extract(definition, '$.dataset.dir'), json_extract(definition, '$.axes."dataset.dir"'),
    json_extract(definition, '$.axes.zip')) AS named
  FROM sweeps WHERE key IN (SELECT sweep FROM member_variants
    WHERE trajectory = (SELECT key FROM trajectory_keys WHERE id = ?)) ORDER BY key`;

/** The folders of `idx` data sets in rows of FOLDERS, each once. */
export const foldersOf = (named: readonly string[]): string[] => [
  ...new Set(named.flatMap(row => foldersIn(JSON.parse(row)))),
];

type OneOrMore = string | readonly string[] | null;

/** Folders from a sweep's definition: its `dataset.dir`, the axis over that, and the zipped axes. */
function foldersIn([dir, axis, zips]: [
  OneOrMore,
  OneOrMore,
  readonly { 'dataset.dir'?: OneOrMore }[] | null,
]): string[] {
  return [dir, axis, ...(zips ?? []).map(zip => zip['dataset.dir'])].flatMap(folders => folders ?? []);
}

function byCheckpoint(members: readonly MemberRow[]): PlannedCheckpoint[] {
  const checkpoints = new Map<number, Variant[]>();
  for (const { t, ...variant } of members) checkpoints.set(t, [...(checkpoints.get(t) ?? []), variant]);
  return [...checkpoints].map(([t, variants]) => ({ t, variants }));
}
