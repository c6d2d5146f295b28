/** The kernel of a relu network in float32 tiles: faster than products without it, up to some ten thousand samples. */
import type { InputMatrix } from '../data/inputs.js';
import type { WasmModule } from '../engine/wasm/webassembly.js';
import { secondLayer } from './infinite-width.js';
import { type Kernel, type KernelProblem, smallerOfTwo } from './kernel.js';
import { CHUNK, gatesOf, gateWords, respond, workBytes } from './neurons.js';
import { aligned, blocksOf, inputBytes, LANES, ROW_BYTES, takeInputs, WasmRoom } from './wasm-room.js';

/** Bytes of the tiles of so many column blocks. */
const tileBytes = (blocks: number): number => (ROW_BYTES * LANES * blocks * (blocks + 1)) / 2;

/** Bytes of a kernel of n samples. @param entries of all rows together. */
export function tiledBytes(n: number, columns: number, entries: number, width: number): number {
  const padded = LANES * blocksOf(n);
  return (
    inputBytes(padded, entries) +
    workBytes(columns) +
    aligned(8 * gateWords(width) * padded) +
    3 * aligned(8 * padded) +
    tileBytes(blocksOf(n))
  );
}

/** K_N of a relu network whose first layer alone is trained, or K_inf. */
export function tiledKernel(problem: KernelProblem, module: WasmModule): Kernel {
  const { inputs, width, kind } = problem;
  const { rows: n, columns: d } = inputs;
  const blocks = blocksOf(n);
  const padded = LANES * blocks;
  const room = new WasmRoom(module, tiledBytes(n, d, inputs.rowStart[n]!, width));
  const addresses = takeInputs(room, paddedInputs(inputs, padded));
  const panel = room.take(d * ROW_BYTES);
  const out = room.take(CHUNK * ROW_BYTES);
  const words = gateWords(width);
  const gates = room.take(8 * words * padded);
  const bits = new Uint32Array(room.buffer, gates, 2 * words * padded);
  const outputs = respond(room, problem, addresses, { panel, out }, ({ block, from, count, z }) => {
    for (let s = 0; s < count; s++) bits[(from + s) * 2 * words + block] = gatesOf(z, s);
  });

  const squares = room.take(8 * padded);
  room.doubles(squares, n).set(Float64Array.from({ length: n }, (_, r) => tileSquare(inputs, r)));
  const v = room.take(8 * padded);
  const y = room.take(8 * padded);
  const tiles = room.take(tileBytes(blocks));
  const second = secondLayer(problem.layers, problem.initScale, d);
  const { starts, columns, values } = addresses;
  for (let b = 0; b < blocks; b++) {
    const rows = LANES * (b + 1);
    const tile = tiles + tileBytes(b);
    fillPanel(room.floats(panel, d * LANES), inputs, LANES * b);
    room.kernels.combine(panel, starts, columns, values, rows, tile);
    if (kind === 'infinite') room.kernels.infiniteWidth(tile, squares, squares + 8 * LANES * b, rows, second);
    else room.kernels.overlap(tile, gates, gates + 8 * words * LANES * b, words, rows, 1 / width);
  }
  return {
    n,
    outputs,
    multiply: (vector, product) => {
      room.doubles(v, n).set(vector);
      room.doubles(y, padded).fill(0);
      room.kernels.multiplyTiles(tiles, blocks, v, y);
      product.set(room.doubles(y, n));
    },
    ...boundsOf(room, tiles, n),
    packed: null,
  };
}

/** The same rows, and empty ones behind them. */
function paddedInputs(inputs: InputMatrix, rows: number): InputMatrix {
  const rowStart = new Uint32Array(rows + 1).fill(inputs.rowStart[inputs.rows]!);
  rowStart.set(inputs.rowStart.subarray(0, inputs.rows));
  return { ...inputs, rows, rowStart };
}

/** x . x with the bits of the tiles' sums: the cosine of two equal samples is exactly 1, where the arcsine is steep. */
function tileSquare({ rowStart, value }: InputMatrix, row: number): number {
  let sum = 0;
  for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++)
    sum = Math.fround(sum + Math.fround(value[e]! * value[e]!));
  return sum;
}

/** Column c of 32 samples' inputs as row c of the panel. */
function fillPanel(panel: Float32Array, { rows, rowStart, column, value }: InputMatrix, from: number): void {
  panel.fill(0);
  for (let lane = 0; lane < LANES && from + lane < rows; lane++) {
    const row = from + lane;
    for (let e = rowStart[row]!; e < rowStart[row + 1]!; e++) panel[column[e]! * LANES + lane] = value[e]!;
  }
}

function boundsOf(
  room: WasmRoom,
  tiles: number,
  n: number,
): Pick<Kernel, 'largestRowSum' | 'isNonNegative' | 'smallestOfPairs'> {
  const sums = new Float64Array(n);
  const diagonal = new Float64Array(n);
  let smallest = Number.POSITIVE_INFINITY;
  let isNonNegative = true;
  for (let b = 0; b < blocksOf(n); b++) {
    const first = LANES * b;
    const tile = room.floats(tiles + tileBytes(b), (first + LANES) * LANES);
    const last = Math.min(n, first + LANES);
    for (let r = first; r < last; r++) diagonal[r] = tile[r * LANES + r - first]!;
    for (let s = 0; s < last; s++) {
      const own = diagonal[s]!;
      let sum = 0;
      for (let r = Math.max(first, s + 1); r < last; r++) {
        const entry = tile[s * LANES + r - first]!;
        const size = Math.abs(entry);
        if (entry < 0) isNonNegative = false;
        sum += size;
        sums[r] = sums[r]! + size;
        smallest = Math.min(smallest, smallerOfTwo(own, diagonal[r]!, entry));
      }
      sums[s] = sums[s]! + sum;
    }
  }
  return {
    isNonNegative,
    largestRowSum: sums.reduce((most, sum, r) => Math.max(most, sum + diagonal[r]!), 0),
    smallestOfPairs: Math.max(0, smallest),
  };
}
