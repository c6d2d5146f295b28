/**
 * The engine on TensorFlow.js operations: dense float32 matrices on the device, sums that need it carried on in
 * float64 on the host. It is the way to GPUs, and a check on the other engines that shares no kernel with them.
 *
 * The same machine with the same TensorFlow gives the same bits; different ones need not: unlike those of `wasm`, this
 * engine's results are not promised to be bit-identical everywhere.
 */
import { TooLargeError } from '../../base/errors.js';
import type { Engine, Problem, Shape } from '../engine.js';
import { NUMERICS } from '../numerics.js';
import { NEURONS_PER_SUM } from './dense.js';
import { TfjsNetwork } from './network.js';
import { probe } from './probe.js';
import { HELD_COLUMNS } from './select-squared.js';
import { brief, loadTensorFlow, type TensorFlow, unavailable } from './tensorflow.js';

/** Multiply-adds of one product of matrices: some 10 ms on a core, 200 ms without native code. */
const SLICE = 2 ** 29;
/** Samples on the device at once; the upper end bounds what a float32 sum over samples rounds away. */
const FEWEST_ROWS = 64;
const MOST_ROWS = 256;
/** Matrices of the weights' size that a step holds at most, momentum's three in addition. */
const WEIGHT_COPIES = 6;
const MOMENTUM_COPIES = 3;
/** Matrices of rows x N that a slice of samples holds at most. */
const SLICE_COPIES = 10;
const FLOAT = 4;
const DOUBLE = 8;
/** Bytes of a stored entry of the inputs: a column and a value. */
const ENTRY = 6;
const GIB = 1024 * 1024 * 1024;
const MEMORY_LIMIT = 16 * GIB;

export interface TfjsOptions {
  /** TensorFlow.js; by default the module `@tensorflow/tfjs-node`, or that which ESPALIER_TFJS_MODULE names. */
  readonly tf?: TensorFlow;
  /** The backend to compute on, for the whole process; by default the module's own choice. */
  readonly backend?: string;
}

/** Throws EngineUnavailableError, with how to install it, where TensorFlow.js or its backend cannot be used. */
export async function createTfjsEngine({
  tf = loadTensorFlow(),
  backend,
}: TfjsOptions = {}): Promise<Engine> {
  const engine: Engine = {
    name: 'tfjs',
    numerics: NUMERICS.tfjs,
    memoryBytes,
    memoryLimitBytes: MEMORY_LIMIT,
    open(problem) {
      refuseTooLarge(problem);
      return new TfjsNetwork(tf, problem, rowsAtOnce(problem.width, problem.inputs.columns));
    },
  };
  try {
    if (backend === undefined) await tf.ready();
    else if (!(await tf.setBackend(backend))) throw new Error('it does not start');
    probe(engine);
  } catch (error) {
    throw unavailable(`backend "${backend ?? tf.getBackend()}"`, `does not work: ${brief(error)}`, error);
  }
  return engine;
}

function rowsAtOnce(width: number, columns: number): number {
  return Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(SLICE / (width * columns))));
}

function memoryBytes({ datasetSize, width, columns, momentum, entriesPerRow }: Shape): number {
  const parameters = width * (columns + 1) * (WEIGHT_COPIES + (momentum ? MOMENTUM_COPIES : 0));
  const shares = 2 * width * Math.ceil(width / NEURONS_PER_SUM);
  const slice = rowsAtOnce(width, columns) * (columns + width * SLICE_COPIES);
  const device = FLOAT * (width * datasetSize + parameters + shares + slice);
  return device + DOUBLE * (width * HELD_COLUMNS + 6 * datasetSize) + ENTRY * entriesPerRow * datasetSize;
}

function refuseTooLarge({ inputs, width, batchSize, momentum }: Problem): void {
  const bytes = memoryBytes({
    datasetSize: inputs.rows,
    width,
    columns: inputs.columns,
    batchSize,
    momentum: momentum !== 0,
    entriesPerRow: inputs.rowStart[inputs.rows]! / inputs.rows,
  });
  if (bytes <= MEMORY_LIMIT) return;
  const size = `a network of width ${width} on ${inputs.rows} samples`;
  const gib = (bytes / GIB).toFixed(1);
  throw new TooLargeError(
    `${size} needs ${gib} GiB, the engine "tfjs" holds at most ${MEMORY_LIMIT / GIB} GiB`,
  );
}
