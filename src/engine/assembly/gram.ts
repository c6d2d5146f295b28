/** Columns of the Gram matrix Phi^T Phi, several in one pass over Phi. */
import { addWide, ROW, WIDE_ROW } from './shape';

/** Bytes of a row of the panel: eight columns. */
const PANEL_ROW: usize = 32;
/** Samples that are summed in float32: Phi's rows and the panel's then stay in the first-level cache. */
const DEPTH: usize = 128;

/**
 * Copies one neuron's outputs into a column of the panel.
 *
 *   phi    the neuron's place in row 0 of its block
 *   panel  the column's place in row 0 of the panel, [count][8]
 */
export function fillPanel(phi: usize, count: usize, panel: usize): void {
  const end = panel + count * PANEL_ROW;
  for (; panel < end; panel += PANEL_ROW, phi += ROW) store<f32>(panel, load<f32>(phi));
}

/**
 * <Phi_q, Phi_c> for the neurons q of one block and the columns c of the panel. A product's bits depend on its two
 * columns alone, not on their places.
 *
 *   phi      [n][24]             one block
 *   panel    [n][8]
 *   targets  [columns] u32       where each column's 24 float64 go
 *   columns  of the panel that are used, at most 8
 *
 * Each tile also reads a part of the rows that come next, so that memory delivers them while the sums are formed: up
 * to DEPTH rows past the block, which must be there. The result only keeps those reads alive.
 */
export function gram(phi: usize, panel: usize, n: usize, targets: usize, columns: usize): u64 {
  for (let c: usize = 0; c < columns; c++) memory.fill(load<u32>(targets + 4 * c), 0, WIDE_ROW);
  let touched: u64 = 0;
  for (let from: usize = 0; from < n; from += DEPTH) {
    const rows = min(DEPTH, n - from);
    let ahead = phi + (from + rows) * ROW;
    for (let lane: usize = 0; lane < ROW; lane += 32) {
      for (let c: usize = 0; c < columns; c += 4) {
        touched |= tile(
          phi + from * ROW + lane,
          panel + from * PANEL_ROW + 4 * c,
          rows,
          targets + 4 * c,
          columns - c,
          2 * lane,
          ahead,
        );
        ahead += rows * 16;
      }
    }
  }
  return touched;
}

/** Eight neurons by four columns: as many sums as there are registers for. */
function tile(
  phi: usize,
  panel: usize,
  rows: usize,
  targets: usize,
  columns: usize,
  at: usize,
  ahead: usize,
): u64 {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  const end = phi + rows * ROW;
  let touched: u64 = 0;
  for (; phi < end; phi += ROW, panel += PANEL_ROW, ahead += 16) {
    touched |= load<u64>(ahead);
    const v0 = v128.load(phi);
    const v1 = v128.load(phi, 16);
    const a = v128.load32_splat(panel);
    a0 = f32x4.add(a0, f32x4.mul(a, v0));
    a1 = f32x4.add(a1, f32x4.mul(a, v1));
    const b = v128.load32_splat(panel, 4);
    b0 = f32x4.add(b0, f32x4.mul(b, v0));
    b1 = f32x4.add(b1, f32x4.mul(b, v1));
    const c = v128.load32_splat(panel, 8);
    c0 = f32x4.add(c0, f32x4.mul(c, v0));
    c1 = f32x4.add(c1, f32x4.mul(c, v1));
    const d = v128.load32_splat(panel, 12);
    d0 = f32x4.add(d0, f32x4.mul(d, v0));
    d1 = f32x4.add(d1, f32x4.mul(d, v1));
  }
  addColumn(<usize>load<u32>(targets) + at, a0, a1);
  if (columns > 1) addColumn(<usize>load<u32>(targets, 4) + at, b0, b1);
  if (columns > 2) addColumn(<usize>load<u32>(targets, 8) + at, c0, c1);
  if (columns > 3) addColumn(<usize>load<u32>(targets, 12) + at, d0, d1);
  return touched;
}

function addColumn(target: usize, v0: v128, v1: v128): void {
  addWide(target, v0);
  addWide(target + 32, v1);
}
