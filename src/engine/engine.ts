/**
 * The contract that every engine keeps, and that the conformance suite holds it to.
 *
 * A network of N neurons, with x an input row of d columns:
 *
 *   phi_i(x) = outputScale * b_i * sigma(a_i . x)          outputScale = N^(1 - gamma)
 *   f(x)     = sum_i share_i * phi_i(x)                    share_i = 1/N for the dense network
 *
 * One step on a batch, with l' = dloss/df at (f, y), and rate = N^(gamma - 1) of the *dense* network:
 *
 *   G_a_i = rate * b_i * mean over batch [ l' * sigma'(a_i . x) * x ]     G_b_i = rate * mean [ l' * sigma(a_i . x) ]
 *   v <- momentum * v + G + weightDecay * theta (b is not decayed)        theta <- theta - learningRate * v
 *
 * With share = 1/N that is gradient descent with the learning rate stated in function space (science.md). A subnetwork
 * of k picks is the network of its distinct neurons with share_i = multiplicity_i / k and the same outputScale and
 * rate: it moves as k neurons would of which equal ones stay equal. Only `layers: 'both'` trains b.
 *
 * With relu, sigma'(0) = 0.
 */

import type { InputMatrix } from '../data/inputs.js';
import type { Activation, EngineName, Layers, Loss } from '../domain/types.js';

/** An engine's own storage of weights: float32 for `wasm` and `tfjs`, float64 for `reference`. */
export type FloatArray = Float32Array | Float64Array;

/** All that changes as a network is trained. */
export interface NetworkState {
  /** a, N x d, row i is neuron i. */
  readonly weights: FloatArray;
  /** b, N. */
  readonly signs: FloatArray;
  /** Momentum of a (N x d) and of b (N); null where momentum is 0 (b: or where b is not trained). */
  readonly weightVelocity: FloatArray | null;
  readonly signVelocity: FloatArray | null;
}

/** What an engine is given to open a network. Inputs, labels and state are copied, never written. */
export interface Problem {
  /** n x d training samples, in sub-data-set order. */
  readonly inputs: InputMatrix;
  /** n labels, -1 or +1. */
  readonly labels: Float32Array;
  /** N. */
  readonly width: number;
  readonly activation: Activation;
  readonly outputScale: number;
  /** N weights of the neurons in the mean; null: 1/N each. */
  readonly shares: Float64Array | null;
  readonly rate: number;
  readonly loss: Loss;
  readonly layers: Layers;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** B, at most n: the samples of one step. */
  readonly batchSize: number;
  /** Initial weights, or the state of a snapshot. Missing velocities start at 0. */
  readonly state: NetworkState;
  /**
   * Called between slices of work, at least every 200 ms. It may throw; the network is then only asked for its state,
   * which does not call it, and closed.
   */
  readonly pulse: () => void;
}

/** The sizes that memory and time depend on. */
export interface Shape {
  readonly datasetSize: number;
  readonly width: number;
  readonly columns: number;
  readonly batchSize: number;
  readonly momentum: boolean;
  /** Mean number of stored entries of an input row. */
  readonly entriesPerRow: number;
}

export interface Engine {
  readonly name: EngineName;
  /** Raised on purpose whenever results change in any bit. Part of a trajectory's identity. */
  readonly numerics: number;
  /** Peak bytes of one open network with its activations; Infinity where so many samples cannot be held at all. */
  memoryBytes(shape: Shape): number;
  /** The largest such figure that the engine can hold. */
  readonly memoryLimitBytes: number;
  /** Throws TooLargeError where the problem does not fit. */
  open(problem: Problem): Network;
}

/** One open network. Not shared between threads. Methods are synchronous. */
export interface Network {
  /**
   * Takes `steps` gradient steps. `batches` holds steps x B positions (rows of `inputs`), step by step.
   * Throws DivergedError, with the step counted from 1 within this call, as soon as a batch's outputs are not finite.
   * Activations that were built before are no longer valid.
   */
  train(batches: Int32Array, steps: number): void;
  /** The present weights and velocities, copied. `weights` and `signs` as float32 are what is exported. */
  state(): NetworkState;
  /** Builds Phi (N x n, float32 or better) for the training samples. Valid until the next `train` or `activate`. */
  activate(): Activations;
  /** f of the whole network on other inputs with the same d. */
  outputs(inputs: InputMatrix): Float64Array;
  /**
   * u_k on other inputs, for each k of `sizes` (ascending, at most picks.length): the mean of phi over the first k
   * picks. One array of inputs.rows for each size.
   */
  subnetOutputs(inputs: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[];
  /** Gives the memory back. The network is unusable afterwards. Safe to call twice. */
  close(): void;
}

/** The outputs Phi_i of all neurons on the n training samples at one checkpoint. */
export interface Activations {
  /** f on the n training samples. */
  readonly outputs: Float64Array;
  /** ||Phi_i||^2, N values. Exactly 0 for a neuron that is silent on all n samples, and only for such. */
  readonly squaredNorms: Float64Array;
  /** Greedy forward selection: exact argmin at each step, ties to the lowest index. */
  greedy(objective: Loss, subnetSize: number): Path;
  /** u_k on the training samples for each k of `sizes` (ascending), one array of n for each. */
  subnetOutputs(picks: Int32Array, sizes: readonly number[]): Float64Array[];
}

export interface Path {
  /** Neurons in the order of selection. */
  readonly picks: Int32Array;
  /** passes[j]: sweeps over the activations that the first j + 1 picks needed; independent of subnetSize. */
  readonly passes: Int32Array;
}
