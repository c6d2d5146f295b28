import type { EngineName } from '../domain/types.js';

/**
 * Each engine's `numerics`, readable without loading the engine. The number is part of a trajectory's identity: raise
 * it whenever any bit of the engine's results changes, so old and new results are never confused. Passes over the
 * activations count work, as times do, and are no result.
 */
export const NUMERICS: Readonly<Record<EngineName, number>> = {
  simulated: 1,
  reference: 1,
  wasm: 3,
  tfjs: 1,
  webgpu: 1,
  noop: 1,
};

/** Engines whose results have the same bits on every machine. TensorFlow and GPUs promise none. */
export const HAS_EQUAL_BITS: ReadonlySet<EngineName> = new Set<EngineName>(['wasm', 'reference', 'noop']);
