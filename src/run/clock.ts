/** Wall and CPU time of the calling thread. Reported beside results, never part of them. */
import { readFileSync } from 'node:fs';

let cpuAvailable = process.platform === 'linux';

/** CPU seconds of this thread, or null where the platform cannot tell. Linux: the thread's schedstat. */
function threadCpuSeconds(): number | null {
  if (!cpuAvailable) return null;
  try {
    const nanoseconds = Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]);
    if (nanoseconds > 0) return nanoseconds / 1e9;
  } catch {
    // No schedstat in this kernel or container.
  }
  cpuAvailable = false;
  return null;
}

export interface Elapsed {
  readonly wallS: number;
  readonly cpuS: number | null;
}

export class Stopwatch {
  private wall = performance.now();
  private cpu = threadCpuSeconds();

  /** Seconds since the start or the last lap. */
  lap(): Elapsed {
    const wall = performance.now();
    const cpu = threadCpuSeconds();
    const elapsed = {
      wallS: (wall - this.wall) / 1000,
      cpuS: cpu === null || this.cpu === null ? null : cpu - this.cpu,
    };
    this.wall = wall;
    this.cpu = cpu;
    return elapsed;
  }
}

export function addElapsed(a: Elapsed, b: Elapsed): Elapsed {
  return { wallS: a.wallS + b.wallS, cpuS: a.cpuS === null || b.cpuS === null ? null : a.cpuS + b.cpuS };
}
