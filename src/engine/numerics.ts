import type { EngineName } from '../domain/types.js';

/**
 * Each engine's `numerics`, known without loading the engine: part of a trajectory's identity. Raise an engine's
 * number whenever its results change in any bit, so that old and new results are never taken for one another.
 */
export const NUMERICS: Readonly<Record<EngineName, number>> = {
  simulated: 1,
  reference: 1,
  wasm: 3,
  tfjs: 1,
  noop: 1,
};
