import type { Engine, Shape } from '../engine.js';
import { NUMERICS } from '../numerics.js';
import { refuseTooLarge } from '../refuse-too-large.js';
import { ReferenceNetwork } from './network.js';

const DOUBLE = 8;
/** Bytes of a stored entry: a column and a value. */
const ENTRY = 6;
/** Expected maximum of Gram columns that a greedy path holds: one per distinct pick. */
const GRAM_COLUMNS = 512;
const MEMORY_LIMIT = 8 * 2 ** 30;

/** The readable engine that the others are tested against: float64, one loop per sum, no optimisation. */
export function createReferenceEngine(): Engine {
  const engine: Engine = {
    name: 'reference',
    numerics: NUMERICS.reference,
    kernels: null,
    warning: null,
    memoryBytes,
    memoryLimitBytes: MEMORY_LIMIT,
    open(problem) {
      refuseTooLarge(engine, problem);
      return new ReferenceNetwork(problem);
    },
  };
  return engine;
}

function memoryBytes({ datasetSize, width, columns, momentum, entriesPerRow, shifted }: Shape): number {
  const parameters = width * (columns + 1) * (momentum ? 3 : 2);
  const activations = width * datasetSize + width * GRAM_COLUMNS;
  return (
    DOUBLE * (parameters + activations + 4 * datasetSize) +
    ENTRY * (shifted ? columns : entriesPerRow) * datasetSize
  );
}
