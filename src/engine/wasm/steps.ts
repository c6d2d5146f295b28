/** Gradient steps of a whole network. Outputs on a batch are carried from memory block to memory block, in order. */
import type { Training } from './training.js';

/**
 * `parts` has one Training per memory block; `positions` holds `steps` consecutive batches of `batchSize`.
 *
 * @throws DivergedError (DIVERGED), with the step counted from 1
 */
export function runSteps(
  parts: readonly Training[],
  positions: Int32Array,
  steps: number,
  batchSize: number,
): void {
  if (steps === 0) return;
  const last = parts.at(-1)!;
  let previous: Training | null = null;
  for (const part of parts) {
    part.start(positions, 0, previous);
    previous = part;
  }
  for (let step = 1; step <= steps; step++) {
    for (const part of parts) part.lossGradient(step, last);
    const next = step === steps ? -1 : step * batchSize;
    previous = null;
    for (const part of parts) {
      part.backward(positions, next, previous);
      previous = part;
    }
  }
}
