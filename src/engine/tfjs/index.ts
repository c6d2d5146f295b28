/**
 * The engine on TensorFlow.js operations: dense float32 matrices on the device, long sums in float64 on the host. It
 * runs on GPUs, and checks the other engines because it shares no kernel with them.
 *
 * The same machine with the same TensorFlow gives the same bits. Unlike `wasm`, this engine does not promise the same
 * bits on different machines or versions.
 */

import { firstLine } from '../../base/first-line.js';
import type { Engine, Shape } from '../engine.js';
import { NUMERICS } from '../numerics.js';
import { refuseTooLarge } from '../refuse-too-large.js';
import { NEURONS_PER_SUM } from './dense.js';
import { TfjsNetwork } from './network.js';
import { probe } from './probe.js';
import { CACHED_COLUMNS } from './select-squared.js';
import { loadTensorFlow, type TensorFlow, unavailable } from './tensorflow.js';

/** Multiply-adds of one matrix product: about 10 ms on a core, 200 ms without native code. */
const SLICE = 2 ** 29;
/** Samples on the device at a time. The maximum bounds the rounding error of float32 sums over samples. */
const MIN_ROWS = 64;
const MAX_ROWS = 256;
/** Maximum matrices of the weights' size that a step holds; momentum adds three. */
const WEIGHT_COPIES = 6;
const MOMENTUM_COPIES = 3;
/** Maximum matrices rows x N that a slice of samples holds. */
const SLICE_COPIES = 10;
const FLOAT = 4;
const DOUBLE = 8;
/** Bytes of a stored entry of the inputs: a column and a value. */
const ENTRY = 6;
const MEMORY_LIMIT = 16 * 2 ** 30;

export interface TfjsOptions {
  /** By default the module that ESPALIER_TFJS_MODULE names, else `@tensorflow/tfjs-node`. */
  readonly tf?: TensorFlow;
  /** The backend to compute on, set for the whole process; by default the module's own choice. */
  readonly backend?: string;
}

/**
 * @throws EngineUnavailableError (ENGINE_UNAVAILABLE), with installation instructions, if TensorFlow.js or its
 * backend does not work
 */
export async function createTfjsEngine({
  tf = loadTensorFlow(),
  backend,
}: TfjsOptions = {}): Promise<Engine> {
  const engine: Engine = {
    name: 'tfjs',
    numerics: NUMERICS.tfjs,
    kernels: null,
    warning: null,
    memoryBytes,
    memoryLimitBytes: MEMORY_LIMIT,
    open(problem) {
      refuseTooLarge(engine, problem);
      return new TfjsNetwork(tf, problem, rowsAtOnce(problem.width, problem.inputs.columns));
    },
  };
  try {
    if (backend === undefined) await tf.ready();
    else if (!(await tf.setBackend(backend))) throw new Error('it does not start');
    probe(engine);
  } catch (error) {
    throw unavailable(`backend "${backend ?? tf.getBackend()}"`, `does not work: ${firstLine(error)}`, error);
  }
  return engine;
}

function rowsAtOnce(width: number, columns: number): number {
  return Math.max(MIN_ROWS, Math.min(MAX_ROWS, Math.floor(SLICE / (width * columns))));
}

function memoryBytes({ datasetSize, width, columns, momentum, entriesPerRow }: Shape): number {
  const parameters = width * (columns + 1) * (WEIGHT_COPIES + (momentum ? MOMENTUM_COPIES : 0));
  const shares = 2 * width * Math.ceil(width / NEURONS_PER_SUM);
  const slice = rowsAtOnce(width, columns) * (columns + width * SLICE_COPIES);
  const device = FLOAT * (width * datasetSize + parameters + shares + slice);
  return device + DOUBLE * (width * CACHED_COLUMNS + 6 * datasetSize) + ENTRY * entriesPerRow * datasetSize;
}
