/**
 * Long computations in steps. At a `yield` the caller may let the event loop turn, in which the process hears signals.
 * What is computed does not depend on it.
 */
import { setImmediate as turn } from 'node:timers/promises';

export type Steps<T> = Generator<undefined, T, undefined>;

/** Computation between two turns of the event loop. */
const TURN_MS = 50;

/** Computes without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Computes in turns of the event loop. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (let from = performance.now(); ; ) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - from < TURN_MS) continue;
    await turn();
    from = performance.now();
  }
}
