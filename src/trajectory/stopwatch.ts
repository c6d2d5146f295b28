/** Measures wall and CPU time of the calling thread. Times are reported with results, never part of them. */
import { openSync, readSync } from 'node:fs';

/** Descriptor of this thread's schedstat. It stays open, because short times are measured too often to reopen it. */
let schedstat: number | null = null;
let isMeasured = process.platform === 'linux';
const text = Buffer.alloc(64);

/** CPU seconds of this thread from its schedstat (Linux); null on platforms without it. */
function threadCpuSeconds(): number | null {
  if (!isMeasured) return null;
  try {
    schedstat ??= openSync('/proc/thread-self/schedstat', 'r');
    const length = readSync(schedstat, text, 0, text.length, 0);
    const nanoseconds = Number.parseInt(text.toString('latin1', 0, length), 10);
    if (nanoseconds > 0) return nanoseconds / 1e9;
  } catch {
    // No schedstat in this kernel or container.
  }
  isMeasured = false;
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
