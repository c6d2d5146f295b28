/**
 * The contract of every engine. The conformance suite tests each engine against it.
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
 * With share = 1/N this is gradient descent with the learning rate stated in function space (science.md). Only
 * `layers: 'both'` trains b.
 *
 * A subnetwork of k picks is the network of its distinct neurons, with share_i = multiplicity_i / k and the same
 * outputScale and rate. It trains like k neurons among which equal neurons stay equal.
 *
 * With relu, sigma'(0) = 0.
 */

import type { InputMatrix } from '../data/inputs.js';
import type { Activation, EngineName, Layers, Loss, Objective } from '../domain/types.js';

/** The type in which an engine stores weights: float64 for `reference`, float32 for the others. */
export type FloatArray = Float32Array | Float64Array;

/** Everything that training changes. */
export interface NetworkState {
  /** a, N x d, row i is neuron i. */
  readonly weights: FloatArray;
  /** b, N. */
  readonly signs: FloatArray;
  /** Momentum of a (N x d) and of b (N). Null if momentum is 0; that of b also if b is not trained. */
  readonly weightVelocity: FloatArray | null;
  readonly signVelocity: FloatArray | null;
}

/** The input of `Engine.open`. The engine copies inputs, labels and state, and never writes them. */
export interface Problem {
  /** n x d training samples, in sub-data-set order. */
  readonly inputs: InputMatrix;
  /** n labels, -1 or +1. */
  readonly labels: Float32Array;
  /** N. */
  readonly width: number;
  readonly activation: Activation;
  readonly outputScale: number;
  /** Weights of the N neurons in the mean; null means 1/N each. */
  readonly shares: Float64Array | null;
  readonly rate: number;
  readonly loss: Loss;
  readonly layers: Layers;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** B, at most n: samples per step. */
  readonly batchSize: number;
  /** Initial weights, or the state of a snapshot. Missing velocities start at 0. */
  readonly state: NetworkState;
  /**
   * The engine calls it between slices of work, at least every 200 ms. It may throw. The caller then uses only
   * `state`, which never calls `pulse`, and `close`.
   */
  readonly pulse: () => void;
}

/** The sizes that determine memory and time. */
export interface Shape {
  readonly datasetSize: number;
  readonly width: number;
  readonly columns: number;
  readonly batchSize: number;
  readonly momentum: boolean;
  /** Mean number of stored entries per input row. */
  readonly entriesPerRow: number;
  /** Whether the inputs have a `shift`. */
  readonly shifted: boolean;
}

/**
 * Trains networks and selects subnetworks. docs/science.md has the formulas, test/engine/conformance what every engine
 * holds to.
 */
export interface Engine {
  readonly name: EngineName;
  /** Version of the engine's results, raised whenever any bit of them changes. Part of a trajectory's identity. */
  readonly numerics: number;
  /**
   * What runs the hot loops, where there is a choice, e.g. `native-512`; else null. It changes no bit of the results, except
   * those of `webgpu`, where it is the backend, adapter and driver.
   */
  readonly kernels: string | null;
  /** What users should know about this engine on this machine; null for nothing. */
  readonly warning: string | null;
  /** Peak bytes of one open network with its activations; Infinity if the engine cannot hold that many samples. */
  memoryBytes(shape: Shape): number;
  /** The largest `memoryBytes` that the engine can hold. */
  readonly memoryLimitBytes: number;
  /** @throws TooLargeError (TOO_LARGE) if the problem does not fit */
  open(problem: Problem): Network;
}

/** One open network. Not shared between threads. Methods are synchronous. */
export interface Network {
  /**
   * Takes `steps` gradient steps. `batches` holds steps x B positions (rows of `inputs`), step by step.
   * Invalidates earlier activations.
   *
   * @throws DivergedError (DIVERGED) at the first batch whose outputs are not finite; its step counts from 1 within
   * this call
   */
  train(batches: Int32Array, steps: number): void;
  /**
   * A copy of the current weights and velocities. Exports contain `weights` and `signs` as float32.
   *
   * @param spare an earlier state of a network of the same problem, of no use any more, whose arrays may be written
   */
  state(spare?: NetworkState | null): NetworkState;
  /** Goes on from another state of the same problem, as if opened with it. Invalidates earlier activations. */
  restore(state: NetworkState): void;
  /** Builds Phi (N x n, float32 or better) for the training samples. Valid until the next `train` or `activate`. */
  activate(): Activations;
  /** f of the whole network on other inputs with the same d. */
  outputs(inputs: InputMatrix): Float64Array;
  /**
   * u_k on other inputs, for each k of `sizes` (ascending, at most picks.length): the mean of phi over the first k
   * picks. Returns one array of inputs.rows per size.
   */
  subnetOutputs(inputs: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[];
  /** Releases the memory. The network is unusable afterwards. A second call does nothing. */
  close(): void;
}

/** The outputs Phi_i of all neurons on the n training samples at one checkpoint. */
export interface Activations {
  /** f on the n training samples. */
  readonly outputs: Float64Array;
  /** ||Phi_i||^2, N values. Exactly 0 if and only if the neuron is silent on all n samples. */
  readonly squaredNorms: Float64Array;
  /**
   * Which neurons respond to each of the first `count` samples, at most n: bit s % 32 of word
   * i * ceil(count / 32) + s / 32 is set if and only if Phi_i is not 0 at sample s. With relu, that is sigma'(a_i . x_s),
   * if b_i is not 0.
   */
  responses(count: number): Uint32Array;
  /**
   * Greedy forward selection: exact argmin at each step, ties to the lowest index.
   *
   * @param samples subnetSize x m positions of samples, pick by pick, within a pick distinct and ascending: pick j
   *   minimises the mean of the objective over its m samples. Null: over all n samples at every pick.
   */
  greedy(objective: Objective, subnetSize: number, samples: Int32Array | null): Path;
  /** u_k on the training samples for each k of `sizes` (ascending): one array of n per size. */
  subnetOutputs(picks: Int32Array, sizes: readonly number[]): Float64Array[];
}

/** What greedy forward selection has picked. */
export interface Path {
  /** Neurons in the order of selection. */
  readonly picks: Int32Array;
  /**
   * passes[j]: passes over the activations that the first j + 1 picks needed. Independent of subnetSize. With m samples
   * a pick: ceil((j + 1) m / n).
   */
  readonly passes: Int32Array;
}
