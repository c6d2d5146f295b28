/**
 * Products with K_N without K_N: one backward pass with the coefficients v, M_i = sum_s v_s sigma'(a_i . x_s) x_s, and
 * one forward pass with the same slopes, (1/N) sum_i sigma'(a_i . x) M_i . x. As dear as one full-batch step.
 *
 * Blocks of 32 neurons and chunks of samples are taken in order. M is summed in float32 within a chunk, in float64 over
 * chunks.
 */
import { SIGMA } from '../engine/reference/functions.js';
import type { WasmModule } from '../engine/wasm/webassembly.js';
import type { Kernel, KernelProblem } from './kernel.js';
import { CHUNK, gatesOf, gateWords, respond, workBytes } from './neurons.js';
import { aligned, blocksOf, inputBytes, LANES, ROW_BYTES, takeInputs, WasmRoom } from './wasm-room.js';

/** Bytes inside the memory of the kernels. */
function roomBytes(
  problem: Pick<KernelProblem, 'width' | 'activation'>,
  n: number,
  d: number,
  entries: number,
): number {
  const slopes =
    problem.activation === 'relu'
      ? aligned(8 * gateWords(problem.width) * n)
      : ROW_BYTES * n * blocksOf(problem.width);
  return inputBytes(n, entries) + workBytes(d) + CHUNK * ROW_BYTES + slopes + 2 * aligned(8 * n) + 1024;
}

/** Bytes of the whole. @param entries of all rows together. */
export function matrixFreeBytes(
  problem: Pick<KernelProblem, 'width' | 'activation' | 'layers'>,
  n: number,
  columns: number,
  entries: number,
): number {
  const values = problem.layers === 'both' ? ROW_BYTES * n * blocksOf(problem.width) : 0;
  return roomBytes(problem, n, columns, entries) + values + 8 * columns * LANES;
}

export function matrixFreeKernel(problem: KernelProblem, module: WasmModule): Kernel {
  const { inputs, width, activation, layers } = problem;
  const { rows: n, columns: d } = inputs;
  const blocks = blocksOf(width);
  const room = new WasmRoom(module, roomBytes(problem, n, d, inputs.rowStart[n]!));
  const addresses = takeInputs(room, inputs);
  const panel = room.take(d * ROW_BYTES);
  const out = room.take(CHUNK * ROW_BYTES);
  const coefficients = room.take(CHUNK * ROW_BYTES);
  const words = gateWords(width);
  const isRelu = activation === 'relu';
  const sigma = SIGMA[activation];
  const slopes = room.take(isRelu ? 8 * words * n : ROW_BYTES * n * blocks);
  const factors = room.take(8 * n);
  const sums = room.take(8 * n);
  const bits = isRelu ? new Uint32Array(room.buffer, slopes, 2 * words * n) : null;
  const smooth = isRelu ? null : room.floats(slopes, n * blocks * LANES);
  const values = layers === 'both' ? new Float32Array(n * blocks * LANES) : null;
  const outputs = respond(room, problem, addresses, { panel, out }, ({ block, from, count, z }) => {
    const neurons = Math.min(LANES, width - block * LANES);
    for (let s = 0; s < count; s++) {
      if (bits) bits[(from + s) * 2 * words + block] = gatesOf(z, s);
      for (let i = 0; (smooth || values) && i < neurons; i++) {
        const at = (block * n + from + s) * LANES + i;
        const value = sigma.value(z[s * LANES + i]!);
        if (smooth) smooth[at] = sigma.slope(z[s * LANES + i]!, value);
        if (values) values[at] = value;
      }
    }
  });

  /** Writes factor[s] * sigma' of a block into the coefficients of a chunk. */
  const spread = (block: number, from: number, count: number): void => {
    if (isRelu) {
      const gates = slopes + 8 * words * from + 4 * block;
      room.kernels.spread(gates, 8 * words, factors + 8 * from, count, coefficients);
      return;
    }
    const to = room.floats(coefficients, count * LANES);
    const factor = room.doubles(factors + 8 * from, count);
    const base = (block * n + from) * LANES;
    for (let at = 0; at < to.length; at++) to[at] = factor[at >> 5]! * smooth![base + at]!;
  };
  const lanes = room.floats(panel, d * LANES);
  const wide = new Float64Array(d * LANES);
  const { starts, columns, values: entries } = addresses;
  const multiply = (v: Float64Array, product: Float64Array): void => {
    room.doubles(sums, n).fill(0);
    for (let block = 0; block < blocks; block++) {
      room.doubles(factors, n).set(v);
      wide.fill(0);
      for (let from = 0; from < n; from += CHUNK) {
        const count = Math.min(CHUNK, n - from);
        spread(block, from, count);
        lanes.fill(0);
        room.kernels.scatter(panel, starts + 4 * from, columns, entries, count, coefficients);
        for (let at = 0; at < wide.length; at++) wide[at] = wide[at]! + lanes[at]!;
      }
      lanes.set(wide);
      room.doubles(factors, n).fill(1);
      for (let from = 0; from < n; from += CHUNK) {
        const count = Math.min(CHUNK, n - from);
        spread(block, from, count);
        room.kernels.combine(panel, starts + 4 * from, columns, entries, count, out);
        room.kernels.reduce(out, coefficients, count, sums + 8 * from);
      }
      if (values)
        addSecondLayer(values.subarray(block * n * LANES, (block + 1) * n * LANES), v, room.doubles(sums, n));
    }
    const sum = room.doubles(sums, n);
    for (let s = 0; s < n; s++) product[s] = sum[s]! / width;
  };
  return {
    n,
    outputs,
    multiply,
    largestRowSum: null,
    isNonNegative: isNonNegative(problem),
    smallestOfPairs: null,
    packed: null,
  };
}

/** sums += values (values^T v) for one block of neurons, n x 32. */
function addSecondLayer(values: Float32Array, v: Float64Array, sums: Float64Array): void {
  const inner = new Float64Array(LANES);
  for (let s = 0; s < v.length; s++)
    for (let i = 0; i < LANES; i++) inner[i] = inner[i]! + values[s * LANES + i]! * v[s]!;
  for (let s = 0; s < v.length; s++) {
    let sum = 0;
    for (let i = 0; i < LANES; i++) sum += values[s * LANES + i]! * inner[i]!;
    sums[s] = sums[s]! + sum;
  }
}

/** Where no input is negative no entry of the first layer's part is; sigma is negative for tanh alone. */
const isNonNegative = ({ inputs, layers, activation }: KernelProblem): boolean =>
  (layers === 'first' || activation !== 'tanh') && inputs.value.every(value => value >= 0);
