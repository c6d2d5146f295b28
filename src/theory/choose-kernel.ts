/** Which implementation computes a kernel: by the problem's shape alone, since the choice changes bits. */
import type { TrajectoryConfig } from '../domain/types.js';
import type { WasmModule } from '../engine/wasm/webassembly.js';
import type { Kernel, KernelKind, KernelProblem } from './kernel.js';
import { matrixFreeBytes, matrixFreeKernel } from './matrix-free-kernel.js';
import { referenceKernel } from './reference-kernel.js';
import { tiledBytes, tiledKernel } from './tiled-kernel.js';

/** Up to so many samples the whole kernel is formed in float64, and lambda_0 is exact. */
export const EXACT_SIZE = 2000;
/** Up to so many samples it is formed in float32, where that is faster than products without it. */
export const TILED_SIZE = 15_000;
/** Up to so many samples the logistic loss is iterated. */
export const LOGISTIC_SIZE = 4000;

export type KernelMethod = 'reference' | 'tiled' | 'matrix-free';

export function methodOf(
  n: number,
  { kind, activation, layers }: Pick<KernelProblem, 'kind' | 'activation' | 'layers'>,
): KernelMethod {
  if (n <= EXACT_SIZE) return 'reference';
  const canTile = kind === 'infinite' || (activation === 'relu' && layers === 'first');
  return canTile && n <= TILED_SIZE ? 'tiled' : 'matrix-free';
}

export function openKernel(problem: KernelProblem, module: WasmModule): Kernel {
  switch (methodOf(problem.inputs.rows, problem)) {
    case 'reference':
      return referenceKernel(problem);
    case 'tiled':
      return tiledKernel(problem, module);
    case 'matrix-free':
      return matrixFreeKernel(problem, module);
  }
}

/** Why there is no prediction for a trajectory; null where there is. */
export function whyNot(config: TrajectoryConfig, kind: KernelKind): string | null {
  const { network, train, datasetSize: n } = config;
  if (train.weightDecay > 0) return 'weight decay: the linearised network has no such curve';
  if (train.layers === 'both' && network.scaling !== 'mean-field')
    return 'both layers are trained at gamma other than 1';
  if (kind === 'infinite' && network.activation !== 'relu')
    return `the infinite-width kernel is known for relu only, not ${network.activation}`;
  if (kind === 'infinite' && n > TILED_SIZE)
    return `the infinite-width kernel is formed for up to ${TILED_SIZE} samples`;
  const method = methodOf(n, { kind, activation: network.activation, layers: train.layers });
  if (train.loss === 'logistic' && (n > LOGISTIC_SIZE || method === 'matrix-free'))
    return `the logistic loss is iterated for up to ${method === 'matrix-free' ? EXACT_SIZE : LOGISTIC_SIZE} samples here`;
  return null;
}

/** Bytes of a kernel with what it is computed from. @param entriesPerRow mean of the inputs' rows */
export function kernelBytes(
  config: TrajectoryConfig,
  kind: KernelKind,
  columns: number,
  entriesPerRow: number,
): number {
  const { network, train, datasetSize: n, width } = config;
  const shape = { kind, activation: network.activation, layers: train.layers, width };
  const entries = Math.ceil(n * entriesPerRow);
  const weights = 4 * width * (columns + 1);
  const inputs = 6 * entries + 4 * n;
  const small = Math.min(n, EXACT_SIZE);
  const responses =
    small * width * ((network.activation === 'relu' ? 1 / 8 : 8) + (train.layers === 'both' ? 8 : 0));
  // The matrix, its Cholesky factor, and the responses that it is made of.
  const exact = 8 * small * (small + 1) + responses;
  const method = methodOf(n, shape);
  const whole =
    method === 'tiled'
      ? tiledBytes(n, columns, entries, width)
      : method === 'matrix-free'
        ? matrixFreeBytes(shape, n, columns, entries)
        : 0;
  return weights + inputs + exact + whole;
}
