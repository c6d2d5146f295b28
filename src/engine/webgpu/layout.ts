/** Sizes of a network's matrices on the device, and the order of their values. */
import type { FloatArray } from '../engine.js';
import { SUBMISSION_WORK } from './device.js';
import { TILE } from './kernels/expand.js';

export const FLOAT = 4;
const MAX_ROWS = 2048;

/** Rounded up to whole tiles. */
export const padded = (count: number): number => TILE * Math.ceil(count / TILE);

/** Groups of 64 threads, for `count` threads. */
export const groupsOf = (count: number): number => Math.ceil(count / 64);

/** Rows of inputs that one dispatch multiplies with the weights: whole tiles. */
export function rowsAtOnce(width: number, columns: number): number {
  const rows = Math.floor(SUBMISSION_WORK / (padded(width) * padded(columns)));
  return Math.max(TILE, Math.min(MAX_ROWS, TILE * Math.floor(rows / TILE)));
}

/** All rows in parts of at most `size`: where each begins, and how many rows it has. */
export function* partsOf(rows: number, size: number): Generator<{ at: number; count: number }> {
  for (let at = 0; at < rows; at += size) yield { at, count: Math.min(size, rows - at) };
}

/** N x d as D x W, with zeros beyond. */
export function byColumn(values: FloatArray, width: number, columns: number): Float32Array {
  const stride = padded(width);
  const result = new Float32Array(padded(columns) * stride);
  for (let i = 0; i < width; i++)
    for (let c = 0; c < columns; c++) result[c * stride + i] = values[i * columns + c]!;
  return result;
}

/** D x W as N x d. */
export function byNeuron(values: Float32Array, width: number, columns: number): Float32Array {
  const stride = padded(width);
  const result = new Float32Array(width * columns);
  for (let i = 0; i < width; i++)
    for (let c = 0; c < columns; c++) result[i * columns + c] = values[c * stride + i]!;
  return result;
}

/** N values as W, with zeros beyond. */
export function widened(values: ArrayLike<number>, width = values.length): Float32Array {
  const result = new Float32Array(padded(width));
  result.set(values);
  return result;
}
