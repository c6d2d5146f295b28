/** The responses of the initial network in blocks of 32 neurons, by the kernels of wasm-room.ts. */
import { SIGMA } from '../engine/reference/functions.js';
import type { KernelProblem } from './kernel.js';
import { type InputAddresses, LANES, ROW_BYTES, type WasmRoom } from './wasm-room.js';

/** Rows of one call: their lanes (256 KB) stay in the second cache. */
export const CHUNK = 2048;

/** The pre-activations of some samples and one block of neurons. */
export interface Preactivations {
  /** Block of neurons: 32 block .. 32 block + 31. */
  readonly block: number;
  /** The first sample, and how many there are. */
  readonly from: number;
  readonly count: number;
  /** count x 32; those beyond the last neuron are 0. */
  readonly z: Float32Array;
}

/**
 * Computes the outputs at t = 0, and shows all pre-activations to `look`: chunks of samples within blocks of neurons, in
 * order.
 *
 * @param panel room for d x 32 lanes. @param out room for CHUNK x 32 lanes.
 */
export function respond(
  room: WasmRoom,
  problem: KernelProblem,
  addresses: InputAddresses,
  { panel, out }: { panel: number; out: number },
  look: (part: Preactivations) => void,
): Float64Array {
  const { inputs, weights, signs, width, activation, outputScale } = problem;
  const { rows: n, columns: d } = inputs;
  const outputs = new Float64Array(n);
  const sigma = SIGMA[activation];
  const lanes = room.floats(panel, d * LANES);
  const z = room.floats(out, CHUNK * LANES);
  for (let block = 0; block * LANES < width; block++) {
    const neurons = Math.min(LANES, width - block * LANES);
    lanes.fill(0);
    for (let i = 0; i < neurons; i++) {
      const row = (block * LANES + i) * d;
      for (let c = 0; c < d; c++) lanes[c * LANES + i] = weights[row + c]!;
    }
    for (let from = 0; from < n; from += CHUNK) {
      const count = Math.min(CHUNK, n - from);
      const { starts, columns, values } = addresses;
      room.kernels.combine(panel, starts + 4 * from, columns, values, count, out);
      look({ block, from, count, z });
      for (let s = 0; s < count; s++) {
        let sum = 0;
        for (let i = 0; i < neurons; i++) sum += signs[block * LANES + i]! * sigma.value(z[s * LANES + i]!);
        outputs[from + s] = outputs[from + s]! + sum;
      }
    }
  }
  for (let s = 0; s < n; s++) outputs[s] = (outputScale * outputs[s]!) / width;
  return outputs;
}

/** Bytes of a panel and of a chunk of lanes. */
export const workBytes = (columns: number): number => (columns + CHUNK) * ROW_BYTES;

/** 64-bit words of a sample's gates. */
export const gateWords = (width: number): number => Math.ceil(width / 64);

/** The 32 gates z > 0 of a row of lanes, as bits. */
export function gatesOf(z: Float32Array, row: number): number {
  let bits = 0;
  for (let i = 0; i < LANES; i++) if (z[row * LANES + i]! > 0) bits |= 1 << i;
  return bits;
}
