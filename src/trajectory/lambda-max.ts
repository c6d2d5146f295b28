/**
 * The largest eigenvalue of K/n at t = 0, which limits the stable learning rates (science.md): gradient descent on a
 * loss of curvature h needs eta < 2 / (h * lambda_max). h is 1 for the squared loss, at most 1/4 for the logistic.
 *
 *   K(x, x') = (1/N) sum_i sigma'(a_i . x) sigma'(a_i . x') x . x'      plus sigma(a_i . x) sigma(a_i . x') if b is trained
 *
 * An estimate by power iteration from a fixed random vector, on the first 256 samples and 512 neurons at most.
 * It computes in float64, in a fixed order.
 */
import { unshifted } from '../data/dense.js';
import { firstRows, type InputMatrix } from '../data/inputs.js';
import type { Activation, Layers } from '../domain/types.js';
import { sigmoid, softplus, tanh } from '../math/elementary.js';
import { normals, stream } from '../math/random.js';

const SAMPLES = 256;
/** Only the first neurons, at most so many, are used. Even, so that symmetric pairs stay whole. */
export const LAMBDA_MAX_NEURONS = 512;
const ITERATIONS = 60;

/** weights: N x d. Returns lambda_max of K/n, at least 0. */
export function lambdaMax(
  given: InputMatrix,
  weights: ArrayLike<number>,
  width: number,
  activation: Activation,
  layers: Layers,
): number {
  const n = Math.min(given.rows, SAMPLES);
  const inputs = unshifted(firstRows(given, n));
  const neurons = Math.min(width, LAMBDA_MAX_NEURONS);
  const { slope, value } = responses(inputs, weights, n, neurons, activation);
  const kernel = new Float64Array(n * n);
  const dense = new Float64Array(inputs.columns);
  for (let r = 0; r < n; r++) {
    scatter(inputs, r, dense);
    for (let s = r; s < n; s++) {
      let entry = dot(slope, r * neurons, s * neurons, neurons) * rowDot(inputs, s, dense);
      if (layers === 'both') entry += dot(value, r * neurons, s * neurons, neurons);
      kernel[r * n + s] = entry / (neurons * n);
      kernel[s * n + r] = kernel[r * n + s]!;
    }
    dense.fill(0);
  }
  return leadingEigenvalue(kernel, n);
}

/** sigma and sigma' of each neuron at each sample, both n x neurons. */
function responses(
  inputs: InputMatrix,
  weights: ArrayLike<number>,
  n: number,
  neurons: number,
  activation: Activation,
): { slope: Float64Array; value: Float64Array } {
  const slope = new Float64Array(n * neurons);
  const value = new Float64Array(n * neurons);
  for (let s = 0; s < n; s++) {
    for (let i = 0; i < neurons; i++) {
      let z = 0;
      for (let e = inputs.rowStart[s]!; e < inputs.rowStart[s + 1]!; e++) {
        z += weights[i * inputs.columns + inputs.column[e]!]! * inputs.value[e]!;
      }
      const at = s * neurons + i;
      if (activation === 'relu') {
        value[at] = Math.max(z, 0);
        slope[at] = z > 0 ? 1 : 0;
      } else if (activation === 'tanh') {
        value[at] = tanh(z);
        slope[at] = 1 - value[at]! * value[at]!;
      } else {
        value[at] = softplus(z);
        slope[at] = sigmoid(z);
      }
    }
  }
  return { slope, value };
}

function scatter(inputs: InputMatrix, row: number, dense: Float64Array): void {
  for (let e = inputs.rowStart[row]!; e < inputs.rowStart[row + 1]!; e++)
    dense[inputs.column[e]!] = inputs.value[e]!;
}

function rowDot(inputs: InputMatrix, row: number, dense: Float64Array): number {
  let sum = 0;
  for (let e = inputs.rowStart[row]!; e < inputs.rowStart[row + 1]!; e++) {
    sum += inputs.value[e]! * dense[inputs.column[e]!]!;
  }
  return sum;
}

function dot(values: Float64Array, from: number, other: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[from + i]! * values[other + i]!;
  return sum;
}

function leadingEigenvalue(kernel: Float64Array, n: number): number {
  const normal = normals(stream(0, 'power-iteration'));
  let vector = Float64Array.from({ length: n }, normal);
  let eigenvalue = 0;
  for (let round = 0; round < ITERATIONS; round++) {
    const image = new Float64Array(n);
    let norm = 0;
    for (let r = 0; r < n; r++) {
      let sum = 0;
      for (let s = 0; s < n; s++) sum += kernel[r * n + s]! * vector[s]!;
      image[r] = sum;
      norm += sum * sum;
    }
    norm = Math.sqrt(norm);
    if (norm === 0) return 0;
    for (let r = 0; r < n; r++) image[r] = image[r]! / norm;
    vector = image;
    eigenvalue = norm;
  }
  return eigenvalue;
}
