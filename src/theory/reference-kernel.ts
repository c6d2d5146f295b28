/** The readable kernel: the whole matrix in float64. For up to some thousand samples. */
import type { InputMatrix } from '../data/inputs.js';
import { SIGMA } from '../engine/reference/functions.js';
import { bitCount } from '../math/bits.js';
import { multiplyPacked, packedLength } from '../math/cholesky.js';
import { dot } from '../math/vectors.js';
import { infiniteWidthEntry, secondLayer } from './infinite-width.js';
import { type Kernel, type KernelProblem, smallerOfTwo } from './kernel.js';

export function referenceKernel(problem: KernelProblem): Kernel {
  const { inputs, kind } = problem;
  const n = inputs.rows;
  const neurons = respond(problem);
  const packed = new Float64Array(packedLength(n));
  const scale = kind === 'infinite' ? null : overlaps(problem, neurons);
  const second = secondLayer(problem.layers, problem.initScale, inputs.columns);
  const dense = new Float64Array(inputs.columns);
  const squares = Float64Array.from({ length: n }, (_, r) => rowSquare(inputs, r));
  for (let r = 0, at = 0; r < n; r++) {
    scatterRow(inputs, r, dense);
    for (let s = 0; s <= r; s++, at++) {
      const product = rowDot(inputs, s, dense);
      packed[at] = scale
        ? scale(r, s, product)
        : infiniteWidthEntry(product, squares[r]! * squares[s]!, second);
    }
    dense.fill(0);
  }
  return {
    n,
    outputs: neurons.outputs,
    multiply: (v, out) => multiplyPacked(packed, v, out),
    ...boundsOf(packed, n),
    packed,
  };
}

interface Responses {
  readonly outputs: Float64Array;
  /** n x N sigma', and sigma where both layers are trained. Null where the kernel does not need it. */
  readonly slopes: Float64Array | null;
  readonly values: Float64Array | null;
  /** Of relu: n x ceil(N / 32) words, bit i of a row is sigma' of neuron i. */
  readonly gates: Uint32Array | null;
}

function respond({
  inputs,
  weights,
  signs,
  width,
  activation,
  layers,
  outputScale,
  kind,
}: KernelProblem): Responses {
  const { rows: n, columns, rowStart, column, value: entries } = inputs;
  const isInitial = kind === 'initial';
  const words = Math.ceil(width / 32);
  const gates = isInitial && activation === 'relu' ? new Uint32Array(n * words) : null;
  const slopes = isInitial && activation !== 'relu' ? new Float64Array(n * width) : null;
  const values = isInitial && layers === 'both' ? new Float64Array(n * width) : null;
  const outputs = new Float64Array(n);
  const sigma = SIGMA[activation];
  for (let s = 0; s < n; s++) {
    let output = 0;
    for (let i = 0; i < width; i++) {
      let z = 0;
      for (let e = rowStart[s]!; e < rowStart[s + 1]!; e++)
        z += weights[i * columns + column[e]!]! * entries[e]!;
      const value = sigma.value(z);
      output += signs[i]! * value;
      if (gates && z > 0) gates[s * words + (i >> 5)]! |= 1 << (i & 31);
      if (slopes) slopes[s * width + i] = sigma.slope(z, value);
      if (values) values[s * width + i] = value;
    }
    outputs[s] = (outputScale * output) / width;
  }
  return { outputs, slopes, values, gates };
}

/** The entry of K_N for two samples and the product of their inputs. */
function overlaps(
  { width }: KernelProblem,
  { gates, slopes, values }: Responses,
): (r: number, s: number, product: number) => number {
  const words = Math.ceil(width / 32);
  const first = gates
    ? (r: number, s: number) => openInBoth(gates, r * words, s * words, words)
    : (r: number, s: number) => dot(slopes!, slopes!, width, r * width, s * width);
  if (!values) return (r, s, product) => (product * first(r, s)) / width;
  return (r, s, product) =>
    (product * first(r, s) + dot(values, values, width, r * width, s * width)) / width;
}

function openInBoth(gates: Uint32Array, a: number, b: number, words: number): number {
  let sum = 0;
  for (let w = 0; w < words; w++) sum += bitCount(gates[a + w]! & gates[b + w]!);
  return sum;
}

function scatterRow({ rowStart, column, value }: InputMatrix, row: number, dense: Float64Array): void {
  for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) dense[column[e]!] = value[e]!;
}

function rowDot({ rowStart, column, value }: InputMatrix, row: number, dense: Float64Array): number {
  let sum = 0;
  for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) sum += value[e]! * dense[column[e]!]!;
  return sum;
}

/** x . x, in the order of `rowDot`: equal samples have the same bits. */
function rowSquare({ rowStart, value }: InputMatrix, row: number): number {
  let sum = 0;
  for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) sum += value[e]! * value[e]!;
  return sum;
}

function boundsOf(
  packed: Float64Array,
  n: number,
): Pick<Kernel, 'largestRowSum' | 'isNonNegative' | 'smallestOfPairs'> {
  const sums = new Float64Array(n);
  const diagonal = new Float64Array(n);
  let smallest = Number.POSITIVE_INFINITY;
  for (let r = 0, at = 0; r < n; r++) {
    const own = packed[at + r]!;
    diagonal[r] = own;
    for (let s = 0; s < r; s++, at++) {
      const entry = packed[at]!;
      const size = Math.abs(entry);
      sums[r] = sums[r]! + size;
      sums[s] = sums[s]! + size;
      smallest = Math.min(smallest, smallerOfTwo(own, diagonal[s]!, entry));
    }
    sums[r] = sums[r]! + own;
    at++;
  }
  return {
    isNonNegative: packed.every(entry => entry >= 0),
    largestRowSum: sums.reduce((most, sum) => Math.max(most, sum), 0),
    smallestOfPairs: Math.max(0, n > 1 ? smallest : diagonal[0]!),
  };
}
