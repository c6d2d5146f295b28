/**
 * Long computations in steps. At a `yield` the caller may let the event loop turn, in which the process hears signals.
 * What is computed does not depend on it.
 */
import { setImmediate as turn } from 'node:timers/promises';

export type Steps<T> = Generator<void, T, undefined>;

/** Computes without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

interface Turns {
  /** Computation between two turns of the event loop. */
  readonly ms?: number;
  /** Called after each turn. */
  readonly each?: () => void;
}

/** Computes in turns of the event loop. */
export async function inTurns<T>(steps: Steps<T>, { ms = 50, each }: Turns = {}): Promise<T> {
  for (let from = performance.now(); ; ) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - from < ms) continue;
    await turn();
    from = performance.now();
    each?.();
  }
}
