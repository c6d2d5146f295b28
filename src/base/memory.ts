/** The memory that a run may use, and sizes in bytes as text. */
import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** Bytes that this process may use: the machine's memory, or the limit of its container or control group. */
export function memoryBudget(): number {
  const limits = [totalmem(), process.constrainedMemory(), controlGroupLimit()];
  return Math.min(...limits.filter(limit => limit > 0));
}

/**
 * The lowest memory limit of this process's control groups (version 1 or 2) and all their ancestors, in bytes;
 * Infinity without a limit. In a container, the mount's root is the container's own group.
 */
export function controlGroupLimit(root = '/'): number {
  const groups = read(join(root, 'proc/self/cgroup')) ?? '';
  let limit = Number.POSITIVE_INFINITY;
  for (const line of groups.split('\n')) {
    // E.g. `0::/user.slice` (version 2) or `4:memory:/docker/abc`.
    const [id, controllers, ...rest] = line.split(':');
    const path = rest.join(':');
    if (id === undefined || !path.startsWith('/')) continue;
    if (id === '0' && controllers === '') {
      for (const mount of ['sys/fs/cgroup', 'sys/fs/cgroup/unified'])
        limit = Math.min(limit, lowestLimit(join(root, mount), path, ['memory.max', 'memory.high']));
    } else if (controllers!.split(',').includes('memory')) {
      limit = Math.min(
        limit,
        lowestLimit(join(root, 'sys/fs/cgroup/memory'), path, ['memory.limit_in_bytes']),
      );
    }
  }
  return limit;
}

/** The lowest value in files of these names, from the group at `path` up to the mount itself. */
function lowestLimit(mount: string, path: string, names: readonly string[]): number {
  let lowest = Number.POSITIVE_INFINITY;
  if (!existsSync(mount)) return lowest;
  for (let group = join(mount, path); ; group = dirname(group)) {
    for (const name of names) {
      // Version 2 writes `max` for no limit, which parses to NaN; version 1 writes a number beyond all memory.
      const value = Number(read(join(group, name))?.trim() || Number.NaN);
      if (value > 0) lowest = Math.min(lowest, value);
    }
    if (group === mount || group === dirname(group)) return lowest;
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
