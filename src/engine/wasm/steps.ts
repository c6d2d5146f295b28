/** Gradient steps of all memories of a network: the outputs on a batch are carried from each to the next, in order. */
import type { Training } from './training.js';

/** `positions` holds one batch of `batchSize` after another. Throws DivergedError, with the step counted from 1. */
export function takeSteps(
  memories: readonly Training[],
  positions: Int32Array,
  steps: number,
  batchSize: number,
): void {
  if (steps === 0) return;
  const last = memories.at(-1)!;
  let before: Training | null = null;
  for (const memory of memories) {
    memory.start(positions, 0, before);
    before = memory;
  }
  for (let step = 1; step <= steps; step++) {
    for (const memory of memories) memory.lossGradient(step, last);
    const next = step === steps ? -1 : step * batchSize;
    before = null;
    for (const memory of memories) {
      memory.backward(positions, next, before);
      before = memory;
    }
  }
}
