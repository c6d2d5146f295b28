/** Times repeated work. */
import { setImmediate as turn } from 'node:timers/promises';
import { median } from '../math/median.js';

/** Median seconds of one call. */
export interface Timing {
  readonly repeats: number;
  readonly wall: number;
  /** CPU time of this process, which excludes other programs on the same core. */
  readonly cpu: number;
}

const MIN_REPEATS = 3;

/**
 * Calls `work` once untimed, so that V8 compiles its machine code. Then calls it for `seconds`, at least three times. Between
 * two calls the event loop turns, in which the process hears signals.
 */
export async function timeOf(seconds: number, work: () => void): Promise<Timing> {
  work();
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let spent = 0; spent < seconds || wall.length < MIN_REPEATS; ) {
    await turn();
    const before = process.cpuUsage();
    const started = performance.now();
    work();
    const elapsed = (performance.now() - started) / 1e3;
    const { user, system } = process.cpuUsage(before);
    wall.push(elapsed);
    // Uses the wall time if the CPU clock is too coarse and has not advanced.
    cpu.push((user + system) / 1e6 || elapsed);
    spent += elapsed;
  }
  return { repeats: wall.length, wall: median(wall), cpu: median(cpu) };
}
