/**
 * The kernel of gradient descent at t = 0 (science.md), as a matrix over the n training samples:
 *
 *   initial    K_N(x, x')   = (1/N) sum_i sigma'(a_i . x) sigma'(a_i . x') x . x'
 *   infinite   K_inf(x, x') = x . x' (1/4 + asin(cos theta) / (2 pi)), its limit for relu
 *
 * Where both layers are trained, and gamma = 1, the second one adds (1/N) sum_i sigma(a_i . x) sigma(a_i . x'), in the
 * limit ||x|| ||x'|| (2 initScale^2 / d) (sin theta + (pi - theta) cos theta) / (2 pi).
 *
 * With eta stated in function space the residual r = f - y of the linearised network follows
 * r(t + 1) = (1 - eta K / n) r(t).
 */
import type { InputMatrix } from '../data/inputs.js';
import type { Activation, Layers } from '../domain/types.js';

export const KERNELS = ['initial', 'infinite'] as const;
export type KernelKind = (typeof KERNELS)[number];

/** What a kernel and the outputs at t = 0 are computed from. */
export interface KernelProblem {
  readonly kind: KernelKind;
  /** n x d */
  readonly inputs: InputMatrix;
  /** a at t = 0, N x d. */
  readonly weights: Float32Array;
  /** b at t = 0, N. */
  readonly signs: Float32Array;
  /** N */
  readonly width: number;
  readonly activation: Activation;
  readonly layers: Layers;
  /** N^(1 - gamma) */
  readonly outputScale: number;
  readonly initScale: number;
}

/** A kernel matrix, known by its products. All sums have a fixed order. */
export interface Kernel {
  readonly n: number;
  /** f at t = 0, n values. */
  readonly outputs: Float64Array;
  /** Writes K v. */
  multiply(v: Float64Array, out: Float64Array): void;
  /** The largest absolute row sum, no smaller than the largest eigenvalue; null where it is not known. */
  readonly largestRowSum: number | null;
  /** Whether every entry is known to be 0 or more: then products alone bound the largest eigenvalue. */
  readonly isNonNegative: boolean;
  /**
   * The smallest eigenvalue of any two samples' 2 x 2 kernel, no smaller than that of K; null where it is not known. Two
   * equal samples make it 0.
   */
  readonly smallestOfPairs: number | null;
  /** K, packed by rows (math/cholesky.ts); null where it is not formed in float64. */
  readonly packed: Float64Array | null;
}

/** The smaller eigenvalue of [[a, c], [c, b]]. */
export function smallerOfTwo(a: number, b: number, c: number): number {
  const half = (a - b) / 2;
  return (a + b) / 2 - Math.sqrt(half * half + c * c);
}
