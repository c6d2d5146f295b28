/** One trajectory as the database holds it, for recomputing it. */
import type { PlannedCheckpoint, PlannedTrajectory, Variant } from '../domain/config.js';
import { UsageError } from '../errors.js';
import { connectReader } from './connect.js';

export interface StoredTrajectory {
  readonly planned: PlannedTrajectory;
  /** Folders of `idx` data sets that the sweeps asking for it name. */
  readonly folders: readonly string[];
}

interface MemberRow extends Variant {
  readonly t: number;
}

/**
 * Finds a trajectory by its id or the beginning of one, with every cell that a sweep asks of it.
 * Throws UsageError where there is none, or more than one.
 */
export function storedTrajectory(file: string, id: string): StoredTrajectory {
  const db = connectReader(file);
  try {
    const found = db
      .prepare<[string, string], { id: string; config: string; key: number }>(
        `SELECT y.id, y.config, x.key FROM trajectories y JOIN trajectory_keys x ON x.id = y.id
         WHERE substr(y.id, 1, length(?)) = ? ORDER BY y.id LIMIT 2`,
      )
      .all(id, id);
    const [trajectory, second] = found;
    if (!trajectory || id === '') {
      throw new UsageError(
        `--trajectory: found ${JSON.stringify(id)}, expected the id of a trajectory in ${file}`,
      );
    }
    if (second) {
      throw new UsageError(
        `--trajectory: ${id} begins more than one id, expected more of it: ${trajectory.id}, ...`,
      );
    }
    const members = db
      .prepare<[number], MemberRow>(
        `SELECT DISTINCT m.t, v.method, v.objective, v.subnet_size AS subnetSize,
           v.retrain_iterations AS retrainIterations
         FROM members m JOIN variants v ON v.key = m.variant WHERE m.trajectory = ?
         ORDER BY m.t, v.method, coalesce(v.objective, ''), v.subnet_size, v.retrain_iterations`,
      )
      .all(trajectory.key);
    const definitions = db
      .prepare<[number], { dir: string | null }>(
        `SELECT DISTINCT json_extract(definition, '$.dataset.dir') AS dir FROM sweeps
         WHERE key IN (SELECT sweep FROM member_variants WHERE trajectory = ?) ORDER BY 1`,
      )
      .all(trajectory.key);
    return {
      planned: {
        id: trajectory.id,
        config: JSON.parse(trajectory.config),
        checkpoints: byCheckpoint(members),
      },
      folders: definitions.flatMap(({ dir }) => dir ?? []),
    };
  } finally {
    db.close();
  }
}

function byCheckpoint(members: readonly MemberRow[]): PlannedCheckpoint[] {
  const checkpoints = new Map<number, Variant[]>();
  for (const { t, ...variant } of members) checkpoints.set(t, [...(checkpoints.get(t) ?? []), variant]);
  return [...checkpoints].map(([t, variants]) => ({ t, variants }));
}
