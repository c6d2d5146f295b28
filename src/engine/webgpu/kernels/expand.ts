/** Rows of compressed inputs (src/data/inputs.ts), stored with every column. */
import { defineKernel } from '../kernel.js';

/** Rows and columns are stored in whole tiles; what is beyond their number is 0. */
export const TILE = 64;

/**
 * A workgroup writes one row, in two orders: byRow R x D, byColumn D x R. R: rows in whole tiles, D: columns in whole tiles.
 *
 * A row is `first` + r, or list[first + r] if `listed`. The buffers hold the rows `begin` to `end` - 1 of the matrix; the
 * kernel runs once for each such piece, and each run writes the rows of its piece.
 */
export const EXPAND = defineKernel({
  name: 'expand',
  params: {
    rows: 'u32',
    paddedRows: 'u32',
    paddedColumns: 'u32',
    listed: 'u32',
    first: 'u32',
    begin: 'u32',
    end: 'u32',
    /** Added to the columns below `pixels`: 0 of both without a shift. */
    offset: 'f32',
    pixels: 'u32',
    /** Entries at the end of each row that are no columns: 1 with a shift. */
    dropped: 'u32',
  },
  buffers: {
    list: 'read array<u32>',
    rowStart: 'read array<u32>',
    /** Two columns a word. */
    column: 'read array<u32>',
    value: 'read array<f32>',
    byRow: 'write array<f32>',
    byColumn: 'write array<f32>',
  },
  code: `
fn columnOf(e: u32) -> u32 { return (column[e / 2u] >> (16u * (e % 2u))) & 0xffffu; }

fn put(r: u32, c: u32, x: f32) {
  byRow[r * params.paddedColumns + c] = x;
  byColumn[c * params.paddedRows + r] = x;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let r = group.x;
  let isReal = r < params.rows;
  var row = params.first + r;
  if (params.listed == 1u && isReal) { row = list[row]; }
  // Rows beyond the last belong to the first piece.
  if (select(params.begin != 0u, row < params.begin || row >= params.end, isReal)) { return; }
  if (!isReal) {
    for (var c = t; c < params.paddedColumns; c += 64u) { put(r, c, 0.0); }
    return;
  }
  // Each entry is written with the columns without entries before it; the place after the last entry stands for the rest.
  let start = rowStart[row - params.begin];
  let end = rowStart[row - params.begin + 1u] - params.dropped;
  for (var e = start + t; e <= end; e += 64u) {
    var c = 0u;
    if (e > start) { c = columnOf(e - 1u) + 1u; }
    let own = select(params.paddedColumns, columnOf(min(e, max(end, 1u) - 1u)), e < end);
    for (; c < own; c++) { put(r, c, select(0.0, params.offset, c < params.pixels)); }
    if (e < end) { put(r, own, value[e] + select(0.0, params.offset, own < params.pixels)); }
  }
}`,
});
