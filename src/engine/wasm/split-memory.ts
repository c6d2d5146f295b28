/**
 * How a network is cut into memories: ranges of its blocks of neurons, each with a memory and kernels of its own, which
 * also hold the samples. No sum over samples crosses blocks; outputs, which do, are carried from memory to memory in
 * order. So results have the same bits however many memories there are.
 */
import type { Shape } from '../engine.js';
import { blocksOf, type Layout, layOut } from './layout.js';

/** Memories that one network may have. V8 reserves some 10 GiB of addresses for each, older ones 1 TiB in all. */
export const MAX_MEMORIES = 64;

/**
 * The layouts of as few memories as memories of `limit` bytes can hold, all full but the last: memories that are kept for
 * the next network then fit that, too. Null where a memory does not hold the samples and one block.
 */
export function splitMemory(shape: Shape, limit: number): readonly Layout[] | null {
  const blocks = blocksOf(shape);
  const most = mostBlocks(shape, limit);
  if (most === 0) return null;
  const full = layOut(shape, most);
  const count = Math.ceil(blocks / most);
  const last = layOut(shape, blocks - (count - 1) * most);
  return Array.from({ length: count }, (_, s) => (s < count - 1 ? full : last));
}

/** The most blocks that `limit` bytes hold. */
function mostBlocks(shape: Shape, limit: number): number {
  let fitting = 0;
  let beyond = blocksOf(shape) + 1;
  while (beyond - fitting > 1) {
    const middle = Math.floor((fitting + beyond) / 2);
    if (layOut(shape, middle).bytes <= limit) fitting = middle;
    else beyond = middle;
  }
  return fitting;
}

/** Bytes of all memories; Infinity where no number of them will do. */
export function bytesOf(layouts: readonly Layout[] | null): number {
  return layouts ? layouts.reduce((sum, { bytes }) => sum + bytes, 0) : Infinity;
}
