/**
 * A network as dense matrices on the device; samples are rows, neurons are columns.
 *
 *   X rows x d     W d x N, column i is a_i     b 1 x N     Z = X W     V = sigma(Z)     Phi = outputScale * V * b
 *
 * The host computes losses, their slopes and the outputs f in float64.
 */

import { DivergedError } from '../../base/errors.js';
import { denseRows } from '../../data/dense.js';
import type { InputMatrix } from '../../data/inputs.js';
import type { Activations, Network, NetworkState, Problem } from '../engine.js';
import { lowestEqualNeuron } from '../equal-neurons.js';
import { distinctOf } from '../picks.js';
import { LOSS } from '../reference/functions.js';
import { meansOfPicks, TfjsActivations } from './activations.js';
import { candidatesOf } from './candidates.js';
import { deinterleave, groupedShares, slicesOf } from './dense.js';
import { SIGMA } from './functions.js';
import { Phi } from './phi.js';
import type { Matrix, TensorFlow } from './tensorflow.js';

type Parameters = {
  /** W and b. */
  values: Matrix[];
  /** Velocities of the trained `values`, in the same order; empty if momentum is 0. */
  velocities: Matrix[];
};

export class TfjsNetwork implements Network {
  readonly #tf: TensorFlow;
  readonly #problem: Problem;
  /** Maximum number of samples on the device at a time. */
  readonly #rowsAtOnce: number;
  /** N x groups of neurons: outputScale * share_i in the column of i's group, 0 elsewhere. */
  readonly #shares: Matrix;
  /** How many of the parameters' `values` are trained: 1 or 2. */
  readonly #trained: number;
  #parameters: Parameters;
  #activations: TfjsActivations | null = null;
  #open = true;

  constructor(tf: TensorFlow, problem: Problem, rowsAtOnce: number) {
    const { inputs, labels, state, layers } = problem;
    this.#tf = tf;
    this.#problem = {
      ...problem,
      inputs: {
        ...inputs,
        rowStart: inputs.rowStart.slice(),
        column: inputs.column.slice(),
        value: inputs.value.slice(),
      },
      labels: labels.slice(),
    };
    this.#rowsAtOnce = rowsAtOnce;
    this.#trained = layers === 'both' ? 2 : 1;
    this.#shares = tf.tensor2d(...groupedShares(problem));
    this.#parameters = this.#parametersOf(state);
  }

  /** Missing velocities are 0. */
  #parametersOf({ weights, signs, weightVelocity, signVelocity }: NetworkState): Parameters {
    const tf = this.#tf;
    const { inputs, width, momentum, layers } = this.#problem;
    const matrix = (values: ArrayLike<number> | null, columns: number): Matrix =>
      tf.tidy(() => {
        const rows = values ? tf.tensor2d(Float32Array.from(values), [width, columns]) : null;
        return rows ? tf.transpose(rows) : tf.zeros([columns, width]);
      });
    return {
      values: [matrix(weights, inputs.columns), matrix(signs, 1)],
      velocities: [
        ...(momentum === 0 ? [] : [matrix(weightVelocity, inputs.columns)]),
        ...(momentum === 0 || layers === 'first' ? [] : [matrix(signVelocity, 1)]),
      ],
    };
  }

  train(batches: Int32Array, steps: number): void {
    this.#checkOpen();
    this.#dropActivations();
    const { batchSize } = this.#problem;
    for (let step = 1; step <= steps; step++) {
      this.#step(batches.subarray((step - 1) * batchSize, step * batchSize), step);
    }
  }

  #step(batch: Int32Array, step: number): void {
    const tf = this.#tf;
    const before = this.#parameters;
    const after = tf.tidy(() => {
      let gradient: Matrix[] | null = null;
      for (let from = 0; from < batch.length; from += this.#rowsAtOnce) {
        const rows = batch.subarray(from, from + this.#rowsAtOnce);
        const part = tf.tidy(() => this.#gradient(rows, step));
        const sum: Matrix[] = gradient ? gradient.map((g, p) => tf.add(g, part[p]!)) : part;
        if (gradient) tf.dispose([...gradient, ...part]);
        gradient = sum;
        this.#problem.pulse();
      }
      return this.#descend(gradient!);
    });
    tf.dispose([...before.values.slice(0, this.#trained), ...before.velocities]);
    this.#parameters = after;
  }

  /**
   * These rows' contribution to the batch gradient of W and, if it is trained, of b. l' includes the factor rate / B:
   *
   *   G_W = X^T (l' * sigma'(Z) * b)      G_b = l' V
   */
  #gradient(rows: Int32Array, step: number): Matrix[] {
    const tf = this.#tf;
    const { inputs, labels, loss, rate, batchSize, activation } = this.#problem;
    const [weights, signs] = this.#parameters.values;
    const x = tf.tensor2d(denseRows(inputs, rows), [rows.length, inputs.columns]);
    const z: Matrix = tf.matMul(x, weights!);
    const value = SIGMA[activation].value(tf, z);
    const scaledSlopes = new Float32Array(rows.length);
    for (const [s, f] of this.#outputsOf(value).entries()) {
      if (!Number.isFinite(f)) throw new DivergedError(step);
      scaledSlopes[s] = (rate / batchSize) * LOSS[loss].slope(f, labels[rows[s]!]!);
    }
    const slopeColumn = tf.tensor2d(scaledSlopes, [rows.length, 1]);
    const deltas: Matrix = tf.mul(tf.mul(SIGMA[activation].slope(tf, z, value), slopeColumn), signs!);
    // Explicit transposes: matMul with its transpose flags is slow on some backends.
    const gradient: Matrix[] = [tf.matMul(tf.transpose(x), deltas)];
    if (this.#trained === 2) gradient.push(tf.matMul(tf.transpose(slopeColumn), value));
    return gradient;
  }

  /** v <- momentum * v + G + decay * theta (b is not decayed)        theta <- theta - learningRate * v */
  #descend(gradient: readonly Matrix[]): Parameters {
    const tf = this.#tf;
    const { momentum, learningRate, weightDecay } = this.#problem;
    const { values, velocities } = this.#parameters;
    const moved = gradient.map((g, p) => {
      const decayed: Matrix = p === 0 && weightDecay !== 0 ? tf.add(g, tf.mul(values[0]!, weightDecay)) : g;
      return momentum === 0 ? decayed : tf.add<Matrix>(decayed, tf.mul(velocities[p]!, momentum));
    });
    const next = moved.map((v, p): Matrix => tf.sub(values[p]!, tf.mul(v, learningRate)));
    return {
      values: [...next, ...values.slice(next.length)],
      velocities: momentum === 0 ? [] : moved,
    };
  }

  state(): NetworkState {
    this.#checkOpen();
    const { values, velocities } = this.#parameters;
    const byNeuron = (matrix: Matrix | undefined): Float32Array | null => {
      if (!matrix) return null;
      const transposed = this.#tf.transpose(matrix);
      const values = transposed.dataSync<'float32'>().slice();
      transposed.dispose();
      return values;
    };
    return {
      weights: byNeuron(values[0])!,
      signs: byNeuron(values[1])!,
      weightVelocity: byNeuron(velocities[0]),
      signVelocity: byNeuron(velocities[1]),
    };
  }

  restore(state: NetworkState): void {
    this.#checkOpen();
    this.#dropActivations();
    const { values, velocities } = this.#parameters;
    this.#tf.dispose([...values, ...velocities]);
    this.#parameters = this.#parametersOf(state);
  }

  activate(): Activations {
    this.#checkOpen();
    this.#dropActivations();
    const tf = this.#tf;
    const { inputs, labels, pulse } = this.#problem;
    const outputs = new Float64Array(inputs.rows);
    const phi = new Phi(tf, pulse);
    try {
      for (const rows of slicesOf(inputs.rows, this.#rowsAtOnce)) {
        const piece = tf.tidy(() => {
          const value = this.#values(inputs, rows, this.#parameters.values[0]!);
          outputs.set(this.#outputsOf(value), rows[0]);
          return this.#scaled(value, this.#parameters.values[1]!);
        });
        phi.add(piece);
        pulse();
      }
      const { weights, signs } = this.state() as { weights: Float32Array; signs: Float32Array };
      const candidates = candidatesOf(phi, labels, lowestEqualNeuron(weights, signs));
      this.#activations = new TfjsActivations(candidates, outputs);
      return this.#activations;
    } catch (error) {
      phi.dispose();
      throw error;
    }
  }

  outputs(inputs: InputMatrix): Float64Array {
    this.#checkOpen();
    const outputs = new Float64Array(inputs.rows);
    this.#forEachSlice(inputs, this.#parameters.values, (value, from) => {
      outputs.set(this.#outputsOf(value), from);
    });
    return outputs;
  }

  subnetOutputs(inputs: InputMatrix, picks: Int32Array, sizes: readonly number[]): Float64Array[] {
    this.#checkOpen();
    const tf = this.#tf;
    const distinct = distinctOf(picks, sizes);
    const columns = Array.from(distinct, () => new Float64Array(inputs.rows));
    tf.tidy(() => {
      const few = this.#parameters.values.map(matrix => tf.gather(matrix, distinct, 1));
      this.#forEachSlice(inputs, few, (value, from) => {
        deinterleave(this.#scaled(value, few[1]!).dataSync<'float32'>(), columns, from);
      });
    });
    return meansOfPicks(columns, distinct, inputs.rows, picks, sizes);
  }

  close(): void {
    if (!this.#open) return;
    this.#dropActivations();
    this.#tf.dispose([this.#shares, ...this.#parameters.values, ...this.#parameters.velocities]);
    this.#open = false;
  }

  /** Visits V of the neurons with these parameters, one slice of rows at a time. */
  #forEachSlice(
    inputs: InputMatrix,
    [weights]: readonly Matrix[],
    visit: (value: Matrix, from: number) => void,
  ): void {
    const { columns } = this.#problem.inputs;
    if (inputs.columns !== columns) {
      throw new RangeError(`inputs of ${inputs.columns} columns, expected ${columns}`);
    }
    for (const rows of slicesOf(inputs.rows, this.#rowsAtOnce)) {
      this.#tf.tidy(() => visit(this.#values(inputs, rows, weights!), rows[0]!));
      this.#problem.pulse();
    }
  }

  /** V, rows x neurons. */
  #values(inputs: InputMatrix, rows: Int32Array, weights: Matrix): Matrix {
    const x = this.#tf.tensor2d(denseRows(inputs, rows), [rows.length, inputs.columns]);
    return SIGMA[this.#problem.activation].value(this.#tf, this.#tf.matMul(x, weights));
  }

  /** Phi, rows x neurons. */
  #scaled(value: Matrix, signs: Matrix): Matrix {
    return this.#tf.mul(value, this.#tf.mul(signs, this.#problem.outputScale));
  }

  /** f of each row, from V of all neurons. */
  #outputsOf(value: Matrix): Float64Array {
    const tf = this.#tf;
    const groups = this.#shares.shape[1];
    const coefficients: Matrix = tf.mul(this.#shares, tf.transpose(this.#parameters.values[1]!));
    const sums = tf.matMul(value, coefficients).dataSync<'float32'>();
    const outputs = new Float64Array(value.shape[0]);
    for (let at = 0; at < sums.length; at++) outputs[Math.floor(at / groups)]! += sums[at]!;
    return outputs;
  }

  #dropActivations(): void {
    this.#activations?.dispose();
    this.#activations = null;
  }

  #checkOpen(): void {
    if (!this.#open) throw new Error('the network is closed');
  }
}
