import { TooLargeError } from '../../base/errors.js';
import { counted } from '../../base/units.js';
import type { Engine, Shape } from '../engine.js';
import { NUMERICS } from '../numerics.js';
import { shapeOf } from '../shape.js';
import { ReferenceNetwork } from './network.js';

const DOUBLE = 8;
/** Bytes of a stored entry: a column and a value. */
const ENTRY = 6;
/** Expected maximum of Gram columns that a greedy path holds: one per distinct pick. */
const GRAM_COLUMNS = 512;
const GIB = 1024 * 1024 * 1024;
const MEMORY_LIMIT = 8 * GIB;

/** The readable engine that the others are tested against: float64, one loop per sum, no optimisation. */
export function createReferenceEngine(): Engine {
  return {
    name: 'reference',
    numerics: NUMERICS.reference,
    kernels: null,
    warning: null,
    memoryBytes,
    memoryLimitBytes: MEMORY_LIMIT,
    open(problem) {
      const { inputs, width } = problem;
      const bytes = memoryBytes(shapeOf(problem));
      if (bytes > MEMORY_LIMIT) {
        const size = `a network of width ${width} on ${counted(inputs.rows, 'sample')}`;
        const gib = (bytes / GIB).toFixed(1);
        throw new TooLargeError(`${size} needs ${gib} GiB, the engine "reference" holds at most 8 GiB`);
      }
      return new ReferenceNetwork(problem);
    },
  };
}

function memoryBytes({ datasetSize, width, columns, momentum, entriesPerRow, shifted }: Shape): number {
  const parameters = width * (columns + 1) * (momentum ? 3 : 2);
  const activations = width * datasetSize + width * GRAM_COLUMNS;
  return (
    DOUBLE * (parameters + activations + 4 * datasetSize) +
    ENTRY * (shifted ? columns : entriesPerRow) * datasetSize
  );
}
