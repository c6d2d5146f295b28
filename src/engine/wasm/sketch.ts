/** The sketch: m of the n rows of the activations, spread evenly (layout.ts). */
import { ROW_BYTES } from './layout-parts.js';
import type { MemoryBlock } from './memory-block.js';

/** Work of copying one distant row of a block. */
const COPY_WORK = 64;

/** Copies the sketch's rows out of the activations. */
export function copySketch(memories: readonly MemoryBlock[]): void {
  for (const { kernels, layout, budget, samples } of memories) {
    const { sketchRows } = layout;
    for (let block = 0; block < layout.blocks; block++) {
      const phi = layout.phi + block * samples * ROW_BYTES;
      kernels.sketchRows(phi, samples, sketchRows, layout.sketch + block * sketchRows * ROW_BYTES);
      budget.spend(sketchRows * COPY_WORK);
    }
  }
}
