/**
 * Settings of a trajectory that version 0.1.0 does not know, each with the default that it was added with.
 *
 * They keep stored ids valid: such a setting enters a trajectory's hash only if it differs from the value here
 * (identity.ts), and a stored configuration without it reads as having that value. Entries are never changed or removed,
 * even if the setting's default changes later.
 */
import type { TrajectoryConfig } from './types.js';

/** By path: a setting of a group, e.g. `train.momentum`, or one at the top of `TrajectoryConfig`. */
export type LaterSettings = ReadonlyMap<string, unknown>;

export const LATER_SETTINGS: LaterSettings = new Map<string, unknown>([]);

/** Adds the later settings that a stored configuration lacks. */
export function completeConfig(
  stored: TrajectoryConfig,
  later: LaterSettings = LATER_SETTINGS,
): TrajectoryConfig {
  let config: Record<string, unknown> = { ...stored };
  for (const [path, value] of later) {
    const [group, key, ...deeper] = path.split('.') as [string, string?, ...string[]];
    if (deeper.length > 0)
      throw new Error(`later setting ${path}: expected a setting of a group, or one at the top`);
    if (key === undefined) config = { [group]: value, ...config };
    else config[group] = { [key]: value, ...(config[group] as object) };
  }
  return config as unknown as TrajectoryConfig;
}
