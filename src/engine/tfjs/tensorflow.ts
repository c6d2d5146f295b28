/** Loads the TensorFlow.js module that the engine computes with. */
import { createRequire } from 'node:module';
import util from 'node:util';
import type * as core from '@tensorflow/tfjs-core';
import { EngineUnavailableError } from '../../base/errors.js';
import { firstLine } from '../../base/first-line.js';

export type TensorFlow = typeof core;
export type Matrix = core.Tensor2D;

/** Environment variable that overrides the module, e.g. with `@tensorflow/tfjs-node-gpu`. */
const MODULE_VARIABLE = 'ESPALIER_TFJS_MODULE';
const DEFAULT_MODULE = '@tensorflow/tfjs-node';

/**
 * Defaults of the environment variables that libtensorflow reads: one thread per trajectory, because trajectories run
 * in parallel; no 10-bit products (TF32) on GPUs; no log lines below warnings.
 *
 * Worker threads inherit the main thread's environment; libtensorflow does not see what they set. So the main thread
 * must create the engine first.
 */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  TF_NUM_INTRAOP_THREADS: '1',
  TF_NUM_INTEROP_THREADS: '1',
  NVIDIA_TF32_OVERRIDE: '0',
  TF_CPP_MIN_LOG_LEVEL: '1',
};

/** Functions that tfjs-node 4.22 calls and Node 23 removed from `node:util`. */
const REMOVED_FROM_UTIL = {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: Array.isArray,
};

/** @throws EngineUnavailableError (ENGINE_UNAVAILABLE) if the module is missing, does not load or is another one. */
export function loadTensorFlow(): TensorFlow {
  const name = process.env[MODULE_VARIABLE] || DEFAULT_MODULE;
  for (const [variable, value] of Object.entries(ENVIRONMENT)) process.env[variable] ??= value;
  const utilities = util as unknown as Record<string, unknown>;
  for (const [missing, substitute] of Object.entries(REMOVED_FROM_UTIL)) utilities[missing] ??= substitute;
  let loaded: unknown;
  try {
    loaded = createRequire(import.meta.url)(name);
  } catch (error) {
    throw unavailable(
      name,
      isMissing(error, name) ? 'is not installed' : `does not load: ${firstLine(error)}`,
      error,
    );
  }
  if (typeof (loaded as TensorFlow | null)?.matMul !== 'function') {
    throw unavailable(name, 'is not TensorFlow.js');
  }
  return loaded as TensorFlow;
}

/** The error for module `name`; `trouble` is the predicate of its sentence, e.g. "is not installed". */
export function unavailable(name: string, trouble: string, cause?: unknown): EngineUnavailableError {
  return new EngineUnavailableError(
    `engine "tfjs" is not available: ${name} ${trouble}; run npm install ${DEFAULT_MODULE} ` +
      `(it downloads libtensorflow), or name another module in ${MODULE_VARIABLE}`,
    { cause },
  );
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`);
}
