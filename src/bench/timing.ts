/** Times of repeated work. */

/** Medians of the seconds of one call. */
export interface Timing {
  readonly repeats: number;
  readonly wall: number;
  /** CPU time of the process, which other programs on the same core do not add to. */
  readonly cpu: number;
}

const LEAST_REPEATS = 3;

/**
 * Calls `work` once without counting, which lets the machine code be compiled, then until `seconds` have passed and
 * at least three times.
 */
export function timeOf(seconds: number, work: () => void): Timing {
  work();
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let spent = 0; spent < seconds || wall.length < LEAST_REPEATS; ) {
    const before = process.cpuUsage();
    const began = performance.now();
    work();
    const elapsed = (performance.now() - began) / 1e3;
    const { user, system } = process.cpuUsage(before);
    wall.push(elapsed);
    // Where the CPU clock is too coarse to have moved, the wall clock stands in.
    cpu.push((user + system) / 1e6 || elapsed);
    spent += elapsed;
  }
  return { repeats: wall.length, wall: medianOf(wall), cpu: medianOf(cpu) };
}

function medianOf(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  const middle = ascending.length >> 1;
  const upper = ascending[middle]!;
  return ascending.length % 2 === 1 ? upper : (ascending[middle - 1]! + upper) / 2;
}
