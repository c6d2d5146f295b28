/**
 * Splits a network into memory blocks: ranges of its blocks of neurons, each with its own memory and kernels and its
 * own copy of the samples.
 *
 * Results have the same bits for any number of memory blocks: sums over samples stay within a block of neurons, and
 * sums over neurons (outputs) are carried from memory block to memory block in order.
 */
import { lastThatHolds } from '../../base/bisect.js';
import type { Shape } from '../engine.js';
import { blocksOf, type Layout, layOut } from './layout.js';

/**
 * Maximum memory blocks per network. V8 reserves about 10 GiB of addresses per memory; older versions have at most
 * 1 TiB for all.
 */
export const MAX_MEMORIES = 64;

/**
 * The layouts of the fewest memory blocks of at most `limit` bytes each. All but the last are full, so that pooled
 * memories fit the next network, too. Null if `limit` is too small for the samples and one block of neurons.
 */
export function splitMemory(shape: Shape, limit: number): readonly Layout[] | null {
  const blocks = blocksOf(shape);
  const maxBlocks = maxBlocksWithin(shape, limit);
  if (maxBlocks === 0) return null;
  const full = layOut(shape, maxBlocks);
  const count = Math.ceil(blocks / maxBlocks);
  const last = layOut(shape, blocks - (count - 1) * maxBlocks);
  return Array.from({ length: count }, (_, s) => (s < count - 1 ? full : last));
}

/** The maximum number of blocks of neurons in `limit` bytes. */
const maxBlocksWithin = (shape: Shape, limit: number): number =>
  lastThatHolds(0, blocksOf(shape) + 1, blocks => layOut(shape, blocks).bytes <= limit);

/** Total bytes of all memory blocks; Infinity if the network cannot be split. */
export function bytesOf(layouts: readonly Layout[] | null): number {
  return layouts ? layouts.reduce((sum, { bytes }) => sum + bytes, 0) : Infinity;
}
