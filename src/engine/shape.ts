import type { Problem, Shape } from './engine.js';

/** The sizes of a problem. */
export function shapeOf({ inputs, width, batchSize, momentum }: Problem): Shape {
  return {
    datasetSize: inputs.rows,
    width,
    columns: inputs.columns,
    batchSize,
    momentum: momentum !== 0,
    entriesPerRow: inputs.rowStart[inputs.rows]! / inputs.rows,
    shifted: inputs.shift !== undefined,
  };
}
