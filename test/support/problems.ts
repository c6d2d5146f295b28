/** Small seeded problems for engines: inputs, labels, initial weights and batches. */
import type { InputMatrix } from '../../src/data/inputs.js';
import type { Activation, Layers, Loss, Scaling } from '../../src/domain/types.js';
import type { Problem } from '../../src/engine/engine.js';
import { integerBelow, normals, permutation, stream } from '../../src/math/random.js';

export interface InputOptions {
  readonly rows: number;
  /** The bias column included. */
  readonly columns: number;
  /** Share of stored entries. 1: dense rows of normal values; below 1: values k/255, like pixels. */
  readonly density: number;
  readonly bias: boolean;
  /** This many of the rows 0, 3, 6, ... are empty except for the bias. */
  readonly emptyRows: number;
  /** What is added to every column but the bias: shifted inputs. 0 for others. */
  readonly offset: number;
  readonly seed: number;
}

export interface ProblemOptions extends InputOptions {
  readonly width: number;
  readonly activation: Activation;
  readonly scaling: Scaling;
  readonly loss: Loss;
  readonly layers: Layers;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  /** One for each neuron of a subnetwork. Null: the dense network. */
  readonly multiplicities: readonly number[] | null;
  /** Second-layer weights are +1 or -1, or normal. */
  readonly signs: 'unit' | 'normal';
  readonly pulse: () => void;
}

const DEFAULTS: ProblemOptions = {
  rows: 37,
  columns: 12,
  density: 0.4,
  bias: false,
  emptyRows: 0,
  offset: 0,
  seed: 1,
  width: 10,
  activation: 'relu',
  scaling: 'mean-field',
  loss: 'squared',
  layers: 'first',
  learningRate: 0.5,
  momentum: 0,
  weightDecay: 0,
  batchSize: 8,
  multiplicities: null,
  signs: 'unit',
  pulse: () => {},
};

/** Compresses dense rows; zeros are not stored. */
export function compress(
  dense: readonly (readonly number[])[],
  columns = dense[0]?.length ?? 0,
): InputMatrix {
  const rowStart = new Uint32Array(dense.length + 1);
  const column: number[] = [];
  const value: number[] = [];
  for (const [r, row] of dense.entries()) {
    for (const [c, x] of row.entries()) {
      if (x === 0) continue;
      column.push(c);
      value.push(x);
    }
    rowStart[r + 1] = column.length;
  }
  return {
    rows: dense.length,
    columns,
    rowStart,
    column: Uint16Array.from(column),
    value: Float32Array.from(value),
  };
}

export function makeInputs(options: Partial<InputOptions> = {}): InputMatrix {
  const { rows, columns, density, bias, emptyRows, offset, seed } = { ...DEFAULTS, ...options };
  const next = stream(seed, 'test', 'inputs');
  const normal = normals(next);
  const cell = (): number => {
    if (density === 1) return Math.fround(normal());
    return next() < density ? Math.fround((1 + integerBelow(next, 255)) / 255) : 0;
  };
  const dense = Array.from({ length: rows }, (_, r) => {
    const empty = r % 3 === 0 && r < 3 * emptyRows;
    const row = Array.from({ length: columns }, () => (empty ? 0 : cell()));
    if (bias) row[columns - 1] = 1;
    return offset === 0 ? row : [...row, 1];
  });
  const inputs = compress(dense, columns);
  if (offset === 0) return inputs;
  return { ...inputs, shift: { offset: Math.fround(offset), pixels: bias ? columns - 1 : columns } };
}

export function makeProblem(options: Partial<ProblemOptions> = {}): Problem {
  const chosen = { ...DEFAULTS, ...options };
  const { rows, columns, width, seed, multiplicities, activation, loss, layers, pulse } = chosen;
  const { learningRate, momentum, weightDecay, batchSize } = chosen;
  const next = stream(seed, 'test', 'problem');
  const normal = normals(next);
  const meanField = chosen.scaling === 'mean-field';
  const picked = multiplicities?.reduce((sum, count) => sum + count, 0) ?? 0;
  return {
    inputs: makeInputs(chosen),
    labels: Float32Array.from({ length: rows }, () => (next() < 0.5 ? -1 : 1)),
    width,
    activation,
    outputScale: meanField ? 1 : Math.sqrt(width),
    rate: meanField ? 1 : 1 / Math.sqrt(width),
    shares: multiplicities && Float64Array.from(multiplicities, count => count / picked),
    loss,
    layers,
    learningRate,
    momentum,
    weightDecay,
    batchSize,
    state: {
      weights: Float32Array.from({ length: width * columns }, () => normal() * Math.sqrt(2 / columns)),
      signs: Float32Array.from({ length: width }, () => {
        const sign = next() < 0.5 ? -1 : 1;
        return chosen.signs === 'unit' ? sign : normal();
      }),
      weightVelocity: null,
      signVelocity: null,
    },
    pulse,
  };
}

/** N = n = d. Neuron i responds only to sample i, so greedy selection picks many distinct neurons. */
export function makeSeparateProblem(count: number): Problem {
  const identity = Array.from({ length: count }, (_, r) =>
    Array.from({ length: count }, (_, c) => (r === c ? 1 : 0)),
  );
  const problem = makeProblem({ rows: count, columns: count, width: count });
  const weights = new Float32Array(count * count);
  for (let i = 0; i < count; i++) weights[i * count + i] = count * (2 + ((i * 37) % 101) / 100);
  return {
    ...problem,
    inputs: compress(identity),
    state: { ...problem.state, weights, signs: Float32Array.from(problem.labels) },
  };
}

/** steps x B positions: permutations of all rows end to end, cut every B; index order where B takes all rows. */
export function makeBatches(problem: Problem, steps: number, seed = 1): Int32Array {
  const { rows } = problem.inputs;
  const { batchSize } = problem;
  const batches = new Int32Array(steps * batchSize);
  const next = stream(seed, 'test', 'batches');
  for (let at = 0; at < batches.length; at += rows) {
    const order =
      batchSize === rows ? Int32Array.from({ length: rows }, (_, r) => r) : permutation(next, rows);
    batches.set(order.subarray(0, batches.length - at), at);
  }
  return batches;
}
