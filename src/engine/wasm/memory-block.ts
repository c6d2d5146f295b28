/**
 * A memory block: one WebAssembly memory of an open network, with its layout and sizes. It holds a contiguous range
 * of the network's neurons, in blocks of 48, and its own copy of everything per sample.
 *
 * A network that fits in one memory has one memory block. "Block" alone always means a block of 48 neurons.
 */
import type { InputMatrix, Shift } from '../../data/inputs.js';
import type { Activation } from '../../domain/types.js';
import type { FloatArray } from '../engine.js';
import type { WasmInstance } from './instance-pool.js';
import type { Layout, Region } from './layout.js';
import { LANES, ROW_BYTES } from './layout-parts.js';
import type { WorkBudget } from './work-budget.js';

export interface MemoryBlock extends WasmInstance {
  readonly layout: Layout;
  readonly budget: WorkBudget;
  /** n */
  readonly samples: number;
  /** d, and the rows of a block's weights: one more with a shift. */
  readonly inputColumns: number;
  readonly columns: number;
  /** Of shifted inputs; else null. */
  readonly shift: Shift | null;
  /** The memory block holds neurons `first` to `first + width - 1` of the network. */
  readonly first: number;
  readonly width: number;
  /** Mean number of stored entries per row, for the work budget. */
  readonly entriesPerRow: number;
  /** The activation's number in the kernels, and the work of one row of a block's activations. */
  readonly kind: number;
  readonly sigmaWork: number;
}

/** Work of an activation, per row of a block. */
export const ACTIVATION_WORK: Readonly<Record<Activation, number>> = { relu: 8, tanh: 64, softplus: 80 };

/** Work of writing one stored entry of an input, and one weight. */
const ENTRY_WORK = 0.5;
const PACK_WORK = 1;
/** Work of adding one row of a block to a sum. */
const SUM_WORK = 1;

/** Columns that are read at a time: 16 floats are a cache line of the matrix that is written. */
const TILE_COLUMNS = 16;

/** N of the whole network. */
export function widthOf(memories: readonly MemoryBlock[]): number {
  const { first, width } = memories.at(-1)!;
  return first + width;
}

/** The memory block that holds neuron i of the network. */
export function memoryOf(memories: readonly MemoryBlock[], i: number): MemoryBlock {
  let s = memories.length - 1;
  while (s > 0 && memories[s]!.first > i) s--;
  return memories[s]!;
}

/** The address of the memory block's neuron i in row 0 of its block, in a matrix [block][rows][48] at `base`. */
export function neuronAddress(base: number, i: number, rows: number): number {
  const lane = i % LANES;
  return base + ((i - lane) / LANES) * rows * ROW_BYTES + lane * 4;
}

/** Copies the first `words` (4 bytes each) of a region from one memory block to another. */
export function copyRegion(from: MemoryBlock, to: MemoryBlock, region: Region, words: number): void {
  copyWords(from, to, layout => layout[region], words);
}

function copyWords(from: MemoryBlock, to: MemoryBlock, at: (layout: Layout) => number, words: number): void {
  const start = at(from.layout) / 4;
  to.u32.set(from.u32.subarray(start, start + words), at(to.layout) / 4);
}

/** Copies the first `words` (4 bytes each) of a region from one memory block to all others. */
export function broadcastRegion(
  from: MemoryBlock,
  memories: readonly MemoryBlock[],
  region: Region | ((layout: Layout) => number),
  words: number,
): void {
  const at = typeof region === 'function' ? region : (layout: Layout) => layout[region];
  for (const to of memories) if (to !== from) copyWords(from, to, at, words);
}

/**
 * Initialises f of `rows` rows, to which the memory block then adds its neurons: a copy of f in `previous`, the
 * memory block before it, or 0 in the first one. Outputs sum blocks in order, so they do not depend on the split.
 */
export function initOutputs(memory: MemoryBlock, previous: MemoryBlock | null, rows: number): void {
  if (previous) copyRegion(previous, memory, 'f', 2 * rows);
  else memory.f64.fill(0, memory.layout.f / 8, memory.layout.f / 8 + rows);
}

/** Writes the memory block's part of an N x d matrix as [block][d][48]. Padding neurons are 0; null means all 0. */
export function packMatrix(memory: MemoryBlock, source: FloatArray | null, address: number): void {
  const { f32, layout, budget, first, width, columns, inputColumns } = memory;
  for (let block = 0; block < layout.blocks; block++) {
    const start = address / 4 + block * columns * LANES;
    f32.fill(0, start, start + columns * LANES);
    const from = block * LANES;
    const to = source ? Math.min(width, from + LANES) : from;
    for (let i = from; i < to; i++) {
      const row = (first + i) * inputColumns;
      const place = start + i - from;
      for (let c = 0; c < inputColumns; c++) f32[place + c * LANES] = source![row + c]!;
    }
    budget.spend(PACK_WORK * columns * LANES);
  }
}

/** Sets the last row of a block's weights, where inputs are shifted: offset * (the sum of its pixels' weights). */
export function sumShift(memory: MemoryBlock, block: number): void {
  const { kernels, layout, budget, columns, shift } = memory;
  if (!shift) return;
  const weights = layout.weights + block * columns * ROW_BYTES;
  const scratch = layout.scratch + 8 * LANES;
  kernels.sumRows(weights, shift.pixels, shift.offset, weights + (columns - 1) * ROW_BYTES, scratch);
  budget.spend(SUM_WORK * shift.pixels);
}

/**
 * Reads [block][d][48] of all memory blocks as one N x d matrix, into `spare` if that is one: fresh memory costs several
 * times as much as the copy. Never calls `pulse`: it also runs after a stop.
 */
export function unpackMatrix(
  memories: readonly MemoryBlock[],
  address: (layout: Layout) => number,
  spare?: FloatArray | null,
): Float32Array {
  const { columns, inputColumns } = memories[0]!;
  const length = widthOf(memories) * inputColumns;
  const matrix = spare instanceof Float32Array && spare.length === length ? spare : new Float32Array(length);
  for (const { f32, layout, first, width } of memories) {
    for (let from = 0; from < width; from += LANES) {
      const start = neuronAddress(address(layout), from, columns) / 4;
      const lanes = Math.min(LANES, width - from);
      // A few columns of all neurons at a time stay in the nearest cache.
      for (let column = 0; column < inputColumns; column += TILE_COLUMNS) {
        const end = Math.min(inputColumns, column + TILE_COLUMNS);
        for (let lane = 0; lane < lanes; lane++) {
          const row = (first + from + lane) * inputColumns;
          for (let c = column; c < end; c++) matrix[row + c] = f32[start + c * LANES + lane]!;
        }
      }
    }
  }
  return matrix;
}

/** Writes the memory block's part of a vector over neurons. Padding neurons are 0; null means all 0. */
export function packVector(memory: MemoryBlock, source: ArrayLike<number> | null, address: number): void {
  const { f32, layout, first, width } = memory;
  const place = address / 4;
  f32.fill(0, place, place + layout.padded);
  if (source) for (let i = 0; i < width; i++) f32[place + i] = source[first + i]!;
}

/** Reads a float32 vector over the neurons of all memory blocks. */
export function unpackVector(
  memories: readonly MemoryBlock[],
  address: (layout: Layout) => number,
): Float32Array {
  const vector = new Float32Array(widthOf(memories));
  for (const { f32, layout, first, width } of memories) {
    const place = address(layout) / 4;
    vector.set(f32.subarray(place, place + width), first);
  }
  return vector;
}

/** Reads a float64 vector over the neurons of all memory blocks. */
export function unpackWideVector(
  memories: readonly MemoryBlock[],
  address: (layout: Layout) => number,
): Float64Array {
  const vector = new Float64Array(widthOf(memories));
  for (const { f64, layout, first, width } of memories) {
    const place = address(layout) / 8;
    vector.set(f64.subarray(place, place + width), first);
  }
  return vector;
}

/**
 * Writes rows `from` to `to` - 1 of an input matrix: entries { u32 column * 192, f32 value } at `entries`, and for
 * each row { u32 start, u32 end } at `runs`. Uses staged.phi as scratch.
 */
export function writeRows(
  memory: MemoryBlock,
  inputs: InputMatrix,
  from: number,
  to: number,
  runs: number,
  entries: number,
): void {
  const { u16, u32, f32, kernels, layout, budget } = memory;
  const { rowStart, column, value } = inputs;
  const { phi, entryCapacity } = layout.staged;
  const [values, columns] = [phi, phi + 4 * entryCapacity];
  const first = rowStart[from]!;
  const last = rowStart[to]!;
  for (let e = first; e < last; e += entryCapacity) {
    const end = Math.min(last, e + entryCapacity);
    f32.set(value.subarray(e, end), values / 4);
    u16.set(column.subarray(e, end), columns / 2);
    kernels.packEntries(columns, values, end - e, entries + 8 * (e - first));
    budget.spend(ENTRY_WORK * (end - e));
  }
  for (let row = from, run = runs / 4; row < to; row++) {
    u32[run++] = entries + 8 * (rowStart[row]! - first);
    u32[run++] = entries + 8 * (rowStart[row + 1]! - first);
  }
}
