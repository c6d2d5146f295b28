/**
 * science.md on dense matrices of plain numbers. It shares nothing with the engines, which are tested against it.
 */
import type { InputMatrix } from '../../src/data/inputs.js';
import type { Activation, Loss, Objective } from '../../src/domain/types.js';
import type { NetworkState, Problem } from '../../src/engine/engine.js';

export type Matrix = number[][];

export function expand(inputs: InputMatrix): Matrix {
  return Array.from({ length: inputs.rows }, (_, r) => {
    const { columns, shift } = inputs;
    const row = new Array<number>(columns).fill(0);
    for (let e = inputs.rowStart[r]!; e < inputs.rowStart[r + 1]!; e++)
      if (inputs.column[e]! < columns) row[inputs.column[e]!] = inputs.value[e]!;
    return row.map((value, c) => (shift && c < shift.pixels ? Math.fround(value + shift.offset) : value));
  });
}

export function sigma(activation: Activation, z: number): number {
  if (activation === 'relu') return Math.max(z, 0);
  if (activation === 'tanh') return Math.tanh(z);
  return z > 30 ? z : Math.log1p(Math.exp(z));
}

function sigmaSlope(activation: Activation, z: number): number {
  if (activation === 'relu') return z > 0 ? 1 : 0;
  if (activation === 'tanh') return 1 / Math.cosh(z) ** 2;
  return 1 / (1 + Math.exp(-z));
}

export function lossOf(loss: Loss, f: number, y: number): number {
  if (loss === 'squared') return (f - y) ** 2 / 2;
  const margin = y * f;
  return margin < -30 ? -margin : Math.log1p(Math.exp(-margin));
}

function lossSlope(loss: Loss, f: number, y: number): number {
  return loss === 'squared' ? f - y : -y / (1 + Math.exp(y * f));
}

/** What selection minimises the mean of. */
function objectiveAt(objective: Objective, u: number, y: number): number {
  if (objective !== 'brier') return lossOf(objective, u, y);
  return (1 / (1 + Math.exp(-u)) - (y + 1) / 2) ** 2;
}

export function meanLoss(loss: Loss, outputs: ArrayLike<number>, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let s = 0; s < outputs.length; s++) sum += lossOf(loss, outputs[s]!, labels[s]!);
  return sum / outputs.length;
}

export const dotProduct = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** ||a - b|| */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

export class NaiveNetwork {
  readonly problem: Problem;
  readonly x: Matrix;
  readonly y: number[];
  readonly shares: number[];
  a: Matrix = [];
  b: number[] = [];
  velocityA: Matrix;
  velocityB: number[];

  /** `store` rounds stored values: `Math.fround` imitates an engine in float32. */
  constructor(
    problem: Problem,
    private readonly store: (x: number) => number = x => x,
  ) {
    const { inputs, width } = problem;
    this.problem = problem;
    this.x = expand(inputs);
    this.y = [...problem.labels];
    this.shares = problem.shares ? [...problem.shares] : new Array<number>(width).fill(1 / width);
    this.setState(problem.state);
    this.velocityA = this.a.map(row => row.map(() => 0));
    this.velocityB = this.b.map(() => 0);
  }

  /** Copies the weights of an engine's network, so that the results of both can be compared. */
  setState(state: NetworkState): this {
    const { columns } = this.problem.inputs;
    this.a = Array.from({ length: this.problem.width }, (_, i) => [
      ...state.weights.slice(i * columns, (i + 1) * columns),
    ]);
    this.b = [...state.signs];
    return this;
  }

  phi(i: number, x: readonly number[]): number {
    const { activation, outputScale } = this.problem;
    return outputScale * this.b[i]! * sigma(activation, dotProduct(this.a[i]!, x));
  }

  output(x: readonly number[]): number {
    return this.store(this.a.reduce((f, _, i) => f + this.shares[i]! * this.phi(i, x), 0));
  }

  outputs(x: Matrix = this.x): number[] {
    return x.map(row => this.output(row));
  }

  /** Phi, N x n. */
  activations(x: Matrix = this.x): Matrix {
    return this.a.map((_, i) => x.map(row => this.phi(i, row)));
  }

  batchLoss(batch: ArrayLike<number>): number {
    const rows = Array.from(batch);
    const outputs = rows.map(r => this.output(this.x[r]!));
    return meanLoss(
      this.problem.loss,
      outputs,
      rows.map(r => this.y[r]!),
    );
  }

  /** One step. Returns false where a batch output is not finite. */
  step(batch: ArrayLike<number>): boolean {
    const { activation, rate, loss, layers, learningRate, momentum, weightDecay } = this.problem;
    const rows = Array.from(batch);
    const slopes = rows.map(r => lossSlope(loss, this.output(this.x[r]!), this.y[r]!));
    if (rows.some(r => !Number.isFinite(this.output(this.x[r]!)))) return false;
    const oldA = this.a.map(row => [...row]);
    const oldB = [...this.b];
    for (const [i, a] of oldA.entries()) {
      const z = rows.map(r => dotProduct(a, this.x[r]!));
      for (let c = 0; c < a.length; c++) {
        const terms = rows.map((r, s) => slopes[s]! * sigmaSlope(activation, z[s]!) * this.x[r]![c]!);
        const mean = terms.reduce((sum, term) => sum + term, 0) / rows.length;
        const gradient = rate * oldB[i]! * mean;
        const v = momentum * this.velocityA[i]![c]! + gradient + weightDecay * a[c]!;
        this.velocityA[i]![c] = v;
        this.a[i]![c] = this.store(a[c]! - learningRate * v);
      }
      if (layers === 'first') continue;
      const terms = rows.map((_, s) => slopes[s]! * sigma(activation, z[s]!));
      const v =
        momentum * this.velocityB[i]! + (rate * terms.reduce((sum, term) => sum + term, 0)) / rows.length;
      this.velocityB[i] = v;
      this.b[i] = this.store(oldB[i]! - learningRate * v);
    }
    return true;
  }

  /** Takes `steps` steps. Returns the step, counted from 1, whose outputs are not finite, or null. */
  train(batches: Int32Array, steps: number): number | null {
    const { batchSize } = this.problem;
    for (let step = 1; step <= steps; step++) {
      if (!this.step(batches.subarray((step - 1) * batchSize, step * batchSize))) return step;
    }
    return null;
  }
}

/** The mean of the first k picked rows of Phi. */
export function subnetOutputs(phi: Matrix, picks: ArrayLike<number>, k: number): number[] {
  const picked = Array.from(picks).slice(0, k);
  return phi[0]!.map((_, s) => picked.reduce((sum, q) => sum + phi[q]![s]!, 0) / k);
}

/**
 * Exhaustive search: the objective of every candidate at step j = prefix.length + 1, each from scratch. For the squared
 * loss ||z + Phi_q - j y||^2, for the others the mean at (z + Phi_q) / j. `looked`: the samples that count, default all.
 */
export function candidateLosses(
  phi: Matrix,
  labels: readonly number[],
  objective: Objective,
  prefix: readonly number[],
  looked: ArrayLike<number> = labels.map((_, s) => s),
): { losses: number[]; sum: number[] } {
  const j = prefix.length + 1;
  const samples = Array.from(looked);
  const sum = samples.map(s => prefix.reduce((z, q) => z + phi[q]![s]!, 0));
  const losses = phi.map(outputs => {
    const z = samples.map((s, at) => sum[at]! + outputs[s]!);
    const y = samples.map(s => labels[s]!);
    if (objective === 'squared') return z.reduce((total, v, at) => total + (v - j * y[at]!) ** 2, 0);
    return z.reduce((total, v, at) => total + objectiveAt(objective, v / j, y[at]!), 0) / z.length;
  });
  return { losses, sum };
}
