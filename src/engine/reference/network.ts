/**
 * A network exactly as science.md defines it, in float64: one loop per sum.
 *
 *   phi_i(x) = outputScale * b_i * sigma(a_i . x)        f(x) = sum_i share_i * phi_i(x)
 */

import { DivergedError } from '../../base/errors.js';
import { unshifted } from '../../data/dense.js';
import type { InputMatrix } from '../../data/inputs.js';
import type { Activations, Network, NetworkState, Problem } from '../engine.js';
import { ReferenceActivations } from './activations.js';
import { LOSS, type LossFunction, SIGMA, type Sigma } from './functions.js';
import { type SpendWork, workBudget } from './work-budget.js';

/** Cost of one sigma(z), in multiply-adds. */
const SIGMA_WORK = 20;

export class ReferenceNetwork implements Network {
  readonly #problem: Problem;
  readonly #inputs: InputMatrix;
  readonly #labels: Float64Array;
  readonly #shares: Float64Array;
  readonly #sigma: Sigma;
  readonly #loss: LossFunction;
  readonly #spend: SpendWork;
  /** N x d, like its gradient and velocity. */
  readonly #weights: Float64Array;
  readonly #weightGradient: Float64Array;
  readonly #weightVelocity: Float64Array | null;
  /** N, like its gradient and velocity. */
  readonly #signs: Float64Array;
  readonly #signGradient: Float64Array;
  readonly #signVelocity: Float64Array | null;
  /** a_i . x and sigma(a_i . x) of the current sample, N each. */
  readonly #z: Float64Array;
  readonly #value: Float64Array;

  constructor(problem: Problem) {
    const { inputs, width, state, momentum, layers } = problem;
    this.#problem = problem;
    const { rows, columns, rowStart, column, value } = unshifted(inputs);
    this.#inputs = {
      rows,
      columns,
      rowStart: rowStart.slice(),
      column: column.slice(),
      value: value.slice(),
    };
    this.#labels = Float64Array.from(problem.labels);
    this.#shares = problem.shares?.slice() ?? new Float64Array(width).fill(1 / width);
    this.#sigma = SIGMA[problem.activation];
    this.#loss = LOSS[problem.loss];
    this.#spend = workBudget(problem.pulse);
    this.#weights = new Float64Array(state.weights.length);
    this.#weightGradient = new Float64Array(state.weights.length);
    this.#weightVelocity = momentum === 0 ? null : new Float64Array(state.weights.length);
    this.#signs = new Float64Array(width);
    this.#signGradient = new Float64Array(width);
    this.#signVelocity = momentum === 0 || layers === 'first' ? null : new Float64Array(width);
    this.restore(state);
    this.#z = new Float64Array(width);
    this.#value = new Float64Array(width);
  }

  train(batches: Int32Array, steps: number): void {
    const { batchSize, layers, weightDecay } = this.#problem;
    for (let step = 1; step <= steps; step++) {
      this.#weightGradient.fill(0);
      this.#signGradient.fill(0);
      for (let at = (step - 1) * batchSize; at < step * batchSize; at++) {
        const finite = this.#addGradient(batches[at]!);
        if (!finite) throw new DivergedError(step);
      }
      this.#descend(this.#weights, this.#weightGradient, this.#weightVelocity, weightDecay);
      if (layers === 'both') this.#descend(this.#signs, this.#signGradient, this.#signVelocity, 0);
    }
  }

  /**
   * Adds one sample's contribution to the batch gradient:
   *
   *   G_a_i += rate / B * l' * b_i * sigma'(a_i . x) * x        G_b_i += rate / B * l' * sigma(a_i . x)
   *
   * Returns false and adds nothing if f(x) is not finite.
   */
  #addGradient(row: number): boolean {
    const { width, batchSize, rate, outputScale, layers } = this.#problem;
    const { columns, rowStart, column, value: entry } = this.#inputs;
    const z = this.#z;
    const value = this.#value;
    let f = 0;
    for (let i = 0; i < width; i++) {
      z[i] = this.#preActivation(i, this.#inputs, row);
      value[i] = this.#sigma.value(z[i]!);
      f += this.#shares[i]! * outputScale * this.#signs[i]! * value[i]!;
    }
    if (!Number.isFinite(f)) return false;

    const scaledSlope = (rate / batchSize) * this.#loss.slope(f, this.#labels[row]!);
    for (let i = 0; i < width; i++) {
      if (layers === 'both') this.#signGradient[i]! += scaledSlope * value[i]!;
      const delta = scaledSlope * this.#signs[i]! * this.#sigma.slope(z[i]!, value[i]!);
      if (delta === 0) continue;
      for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) {
        this.#weightGradient[i * columns + column[e]!]! += delta * entry[e]!;
      }
    }
    this.#spend(width * (2 * (rowStart[row + 1]! - rowStart[row]!) + 2 * SIGMA_WORK));
    return true;
  }

  /** v <- momentum * v + G + decay * theta        theta <- theta - learningRate * v */
  #descend(theta: Float64Array, gradient: Float64Array, velocity: Float64Array | null, decay: number): void {
    const { learningRate, momentum } = this.#problem;
    for (let p = 0; p < theta.length; p++) {
      let v = gradient[p]! + decay * theta[p]!;
      if (velocity !== null) {
        v += momentum * velocity[p]!;
        velocity[p] = v;
      }
      theta[p]! -= learningRate * v;
    }
    this.#spend(2 * theta.length);
  }

  state(): NetworkState {
    return {
      weights: this.#weights.slice(),
      signs: this.#signs.slice(),
      weightVelocity: this.#weightVelocity?.slice() ?? null,
      signVelocity: this.#signVelocity?.slice() ?? null,
    };
  }

  restore({ weights, signs, weightVelocity, signVelocity }: NetworkState): void {
    this.#weights.set(weights);
    this.#signs.set(signs);
    if (weightVelocity) this.#weightVelocity?.set(weightVelocity);
    else this.#weightVelocity?.fill(0);
    if (signVelocity) this.#signVelocity?.set(signVelocity);
    else this.#signVelocity?.fill(0);
  }

  activate(): Activations {
    const phi: Float64Array[] = [];
    for (let i = 0; i < this.#problem.width; i++) phi.push(this.#neuronOutputs(i, this.#inputs));
    return new ReferenceActivations(phi, this.#shares, this.#labels, this.#spend);
  }

  outputs(given: InputMatrix): Float64Array {
    const inputs = unshifted(given);
    const f = new Float64Array(inputs.rows);
    for (let i = 0; i < this.#problem.width; i++) {
      const phi = this.#neuronOutputs(i, inputs);
      for (let s = 0; s < inputs.rows; s++) f[s]! += this.#shares[i]! * phi[s]!;
    }
    return f;
  }

  subnetOutputs(given: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    const inputs = unshifted(given);
    const { outputScale } = this.#problem;
    const largest = sizes.at(-1) ?? 0;
    const outputs = sizes.map(() => new Float64Array(inputs.rows));
    const phi = new Float64Array(this.#problem.width);
    const distinct = new Set(picks.subarray(0, largest));
    for (let s = 0; s < inputs.rows; s++) {
      for (const i of distinct) phi[i] = outputScale * this.#neuronOutput(i, inputs, s);
      let z = 0;
      let picked = 0;
      for (const [index, k] of sizes.entries()) {
        for (; picked < k; picked++) z += phi[picks[picked]!]!;
        outputs[index]![s] = z / k;
      }
      this.#spend(largest);
    }
    return outputs;
  }

  close(): void {
    // The garbage collector frees the arrays.
  }

  /** Phi_i: phi_i(x) for every row x. */
  #neuronOutputs(i: number, inputs: InputMatrix): Float64Array {
    const phi = new Float64Array(inputs.rows);
    for (let s = 0; s < inputs.rows; s++) {
      phi[s] = this.#problem.outputScale * this.#neuronOutput(i, inputs, s);
    }
    return phi;
  }

  /** b_i * sigma(a_i . x) */
  #neuronOutput(i: number, inputs: InputMatrix, row: number): number {
    this.#spend(SIGMA_WORK + inputs.rowStart[row + 1]! - inputs.rowStart[row]!);
    return this.#signs[i]! * this.#sigma.value(this.#preActivation(i, inputs, row));
  }

  /** a_i . x */
  #preActivation(i: number, inputs: InputMatrix, row: number): number {
    const { columns, rowStart, column, value } = inputs;
    let z = 0;
    for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) {
      z += this.#weights[i * columns + column[e]!]! * value[e]!;
    }
    return z;
  }
}
