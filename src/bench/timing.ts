/** Times of repeated work. */

/** Seconds of one call. */
export interface Timing {
  readonly repeats: number;
  readonly median: number;
  readonly fastest: number;
}

const LEAST_REPEATS = 3;

/**
 * Calls `work` once without counting, which lets the machine code be compiled, then until `seconds` have passed and
 * at least three times.
 */
export function timeOf(seconds: number, work: () => void): Timing {
  work();
  const times: number[] = [];
  for (let spent = 0; spent < seconds || times.length < LEAST_REPEATS; ) {
    const began = performance.now();
    work();
    const elapsed = (performance.now() - began) / 1000;
    times.push(elapsed);
    spent += elapsed;
  }
  times.sort((a, b) => a - b);
  return { repeats: times.length, median: medianOf(times), fastest: times[0]! };
}

function medianOf(ascending: readonly number[]): number {
  const middle = ascending.length >> 1;
  const upper = ascending[middle]!;
  return ascending.length % 2 === 1 ? upper : (ascending[middle - 1]! + upper) / 2;
}
