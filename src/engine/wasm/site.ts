/** What everything that works on one open network shares: its memory, where things are in it, and its sizes. */
import type { InputMatrix } from '../../data/inputs.js';
import type { Activation } from '../../domain/config.js';
import type { FloatArray } from '../engine.js';
import type { Machine } from './kernels.js';
import { LANES, type Layout, ROW_BYTES } from './layout.js';
import type { Pace } from './pace.js';

export interface Site extends Machine {
  readonly layout: Layout;
  readonly pace: Pace;
  /** n, N and d. */
  readonly samples: number;
  readonly width: number;
  readonly columns: number;
  /** Mean number of stored entries of a row, for the pace. */
  readonly entriesPerRow: number;
  /** The activation as kernels know it. */
  readonly kind: number;
}

export const KIND: Readonly<Record<Activation, number>> = { relu: 0, tanh: 1, softplus: 2 };

/** The address of neuron i in row 0 of its block, in a matrix [block][rows][24]. */
export function neuronAddress(base: number, i: number, rows: number): number {
  const lane = i % LANES;
  return base + ((i - lane) / LANES) * rows * ROW_BYTES + lane * 4;
}

/** Writes an N x d matrix as [block][d][24], the surplus neurons 0; null: all 0. */
export function packMatrix(site: Site, source: FloatArray | null, address: number): void {
  const { f32, layout, width, columns } = site;
  f32.fill(0, address / 4, address / 4 + layout.padded * columns);
  if (!source) return;
  for (let i = 0; i < width; i++) {
    const place = neuronAddress(address, i, columns) / 4;
    for (let c = 0; c < columns; c++) f32[place + c * LANES] = source[i * columns + c]!;
  }
}

/** Reads a matrix [block][d][24] as N x d. */
export function unpackMatrix(site: Site, address: number): Float32Array {
  const { f32, width, columns } = site;
  const matrix = new Float32Array(width * columns);
  for (let i = 0; i < width; i++) {
    const place = neuronAddress(address, i, columns) / 4;
    for (let c = 0; c < columns; c++) matrix[i * columns + c] = f32[place + c * LANES]!;
  }
  return matrix;
}

/** Writes a vector over the neurons, the surplus ones 0; null: all 0. */
export function packVector(site: Site, source: ArrayLike<number> | null, address: number): void {
  const { f32, layout, width } = site;
  const place = address / 4;
  f32.fill(0, place, place + layout.padded);
  if (source) for (let i = 0; i < width; i++) f32[place + i] = source[i]!;
}

/**
 * Writes rows `from` to `to` of an input matrix as runs of entries: { u32 column * 96, f32 value }, and for each row
 * { u32 begin, u32 end }.
 */
export function writeRows(
  site: Site,
  inputs: InputMatrix,
  from: number,
  to: number,
  runs: number,
  entries: number,
): void {
  const { u32, f32 } = site;
  const { rowStart, column, value } = inputs;
  let place = entries / 4;
  let run = runs / 4;
  let e = rowStart[from]!;
  for (let row = from; row < to; row++) {
    u32[run++] = place * 4;
    for (const end = rowStart[row + 1]!; e < end; e++) {
      u32[place++] = column[e]! * ROW_BYTES;
      f32[place++] = value[e]!;
    }
    u32[run++] = place * 4;
  }
}
