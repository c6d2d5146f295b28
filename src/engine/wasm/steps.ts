/** Gradient steps of all shards of a network: the outputs on a batch are carried from each to the next, in order. */
import type { Training } from './training.js';

/** `positions` holds one batch of `batchSize` after another. Throws DivergedError, with the step counted from 1. */
export function takeSteps(
  shards: readonly Training[],
  positions: Int32Array,
  steps: number,
  batchSize: number,
): void {
  if (steps === 0) return;
  const last = shards.at(-1)!;
  let before: Training | null = null;
  for (const shard of shards) {
    shard.start(positions, 0, before);
    before = shard;
  }
  for (let step = 1; step <= steps; step++) {
    for (const shard of shards) shard.takeSlopes(step, last);
    const next = step === steps ? -1 : step * batchSize;
    before = null;
    for (const shard of shards) {
      shard.learn(positions, next, before);
      before = shard;
    }
  }
}
