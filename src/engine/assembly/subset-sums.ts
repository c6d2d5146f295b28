/**
 * Kernels for gradients of relu neurons by subset sums (the method of four Russians), for inputs with few zeros.
 *
 * A relu neuron's gradient is its factor times the sum of slope_s * x_s over the samples on which it is active,
 * because its delta is factor * slope_s on these and 0 on the others. The kernels group samples by eight and form the
 * sums of all subsets of a group once for all neurons. Each neuron adds the sum that its mask selects: one addition
 * instead of eight multiply-adds.
 *
 *   panel    [tiles][rows][16]     a batch's inputs, 16 columns per tile
 *   masks    [groups][48] u32      of one block: the set of a group's samples on which a neuron is active, as the
 *                                  byte offset of its sum in the group's table
 *   tables   [groups][256][16]     of one tile: the sums of all subsets of each group's rows
 *
 * A sum runs over the samples of a group in order, then over the groups in order, for every neuron.
 */
import { ENTRY, HALF, move, ROW, RUN } from './shape';

/** Samples per group. */
const GROUP: usize = 8;
/** Bytes of a row of a tile: 16 columns. */
const TILE_ROW: usize = 64;
/** Bytes of a group's table. */
const TABLE: usize = TILE_ROW << GROUP;

/**
 * Writes the entries of a batch's rows into its panel, which must be all 0.
 *
 *   runs   [count]                offset = column * ROW
 *   panel  [tiles][rows][16]      rows: count, rounded up to whole groups
 */
export function spreadRows(runs: usize, count: usize, rows: usize, panel: usize): void {
  const end = panel + count * TILE_ROW;
  for (; panel < end; panel += TILE_ROW, runs += RUN) {
    let entry: usize = load<u32>(runs);
    const last: usize = load<u32>(runs, 4);
    for (; entry < last; entry += ENTRY) {
      const column = <usize>(load<u32>(entry) / <u32>ROW);
      store<u32>(panel + (column >> 4) * rows * TILE_ROW + (column & 15) * 4, load<u32>(entry, 4));
    }
  }
}

/**
 * Forms the tables of one tile.
 *
 *   panel   [groups * 8][16]      of the tile
 *   slopes  [groups * 8]          0 past the batch's rows
 *   tables  [groups][256][16]     written
 */
export function sumSubsets(panel: usize, slopes: usize, groups: usize, tables: usize): void {
  const end = tables + groups * TABLE;
  for (; tables < end; tables += TABLE) {
    memory.fill(tables, 0, TILE_ROW);
    for (let half = TILE_ROW; half < TABLE; half <<= 1) {
      const slope = v128.load32_splat(slopes);
      const x0 = f32x4.mul(slope, v128.load(panel));
      const x1 = f32x4.mul(slope, v128.load(panel, 16));
      const x2 = f32x4.mul(slope, v128.load(panel, 32));
      const x3 = f32x4.mul(slope, v128.load(panel, 48));
      for (let sum = tables; sum < tables + half; sum += TILE_ROW) {
        v128.store(sum + half, f32x4.add(v128.load(sum), x0));
        v128.store(sum + half, f32x4.add(v128.load(sum, 16), x1), 16);
        v128.store(sum + half, f32x4.add(v128.load(sum, 32), x2), 32);
        v128.store(sum + half, f32x4.add(v128.load(sum, 48), x3), 48);
      }
      slopes += 4;
      panel += TILE_ROW;
    }
  }
}

/**
 * Writes on which samples the neurons of one block are active.
 *
 *   z      [count][48]
 *   masks  [ceil(count / 8)][48] u32, written
 */
export function maskRows(z: usize, count: usize, masks: usize): void {
  for (let row: usize = 0; row < count; row += GROUP, z += GROUP * ROW, masks += ROW) {
    const rows = min(GROUP, count - row);
    maskHalf(z, rows, masks);
    maskHalf(z + HALF, rows, masks + HALF);
  }
}

/** 24 neurons, one group. */
function maskHalf(z: usize, rows: usize, masks: usize): void {
  const zero = f32x4.splat(0);
  let m0 = zero;
  let m1 = zero;
  let m2 = zero;
  let m3 = zero;
  let m4 = zero;
  let m5 = zero;
  let flag = i32x4.splat(<i32>TILE_ROW);
  const end = z + rows * ROW;
  for (; z < end; z += ROW) {
    m0 = v128.or(m0, v128.and(f32x4.gt(v128.load(z), zero), flag));
    m1 = v128.or(m1, v128.and(f32x4.gt(v128.load(z, 16), zero), flag));
    m2 = v128.or(m2, v128.and(f32x4.gt(v128.load(z, 32), zero), flag));
    m3 = v128.or(m3, v128.and(f32x4.gt(v128.load(z, 48), zero), flag));
    m4 = v128.or(m4, v128.and(f32x4.gt(v128.load(z, 64), zero), flag));
    m5 = v128.or(m5, v128.and(f32x4.gt(v128.load(z, 80), zero), flag));
    flag = i32x4.shl(flag, 1);
  }
  v128.store(masks, m0);
  v128.store(masks, m1, 16);
  v128.store(masks, m2, 32);
  v128.store(masks, m3, 48);
  v128.store(masks, m4, 64);
  v128.store(masks, m5, 80);
}

/**
 * One gradient step on one tile of one block's weights: G, v and w as in `descend`.
 *
 *   weights   [columns][48]       of the tile, changed
 *   velocity  [columns][48]       changed; 0 where momentum is 0
 *   masks     [groups][48] u32    of the block
 *   tables    [groups][256][16]   of the tile
 *   columns   of the tile, at most 16
 *   factors   [48]
 *   scratch   [48][16]
 */
export function descendTile(
  weights: usize,
  velocity: usize,
  masks: usize,
  tables: usize,
  groups: usize,
  columns: usize,
  factors: usize,
  momentum: f32,
  decay: f32,
  rate: f32,
  scratch: usize,
): void {
  let sums = scratch;
  for (let lane: usize = 0; lane < ROW; lane += 4, sums += TILE_ROW) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let a2 = f32x4.splat(0);
    let a3 = f32x4.splat(0);
    let table = tables;
    const end = masks + lane + groups * ROW;
    for (let mask = masks + lane; mask < end; mask += ROW, table += TABLE) {
      const sum = table + load<u32>(mask);
      a0 = f32x4.add(a0, v128.load(sum));
      a1 = f32x4.add(a1, v128.load(sum, 16));
      a2 = f32x4.add(a2, v128.load(sum, 32));
      a3 = f32x4.add(a3, v128.load(sum, 48));
    }
    v128.store(sums, a0);
    v128.store(sums, a1, 16);
    v128.store(sums, a2, 32);
    v128.store(sums, a3, 48);
  }
  const plain = velocity === 0 && decay === 0;
  const eta = f32x4.splat(rate);
  for (let lane: usize = 0; lane < ROW; lane += 16) {
    const factor = v128.load(factors + lane);
    for (let column: usize = 0; column < columns; column += 4) {
      turn(scratch + lane * 16 + column * 4, factor);
      const last = min(column + 4, columns);
      for (let c = column; c < last; c++) {
        const place = c * ROW + lane;
        const gradient = v128.load(scratch + lane * 16 + column * 4 + (c - column) * TILE_ROW);
        const w = weights + place;
        if (plain) v128.store(w, f32x4.sub(v128.load(w), f32x4.mul(eta, gradient)));
        else move(w, velocity === 0 ? 0 : velocity + place, gradient, momentum, decay, eta);
      }
    }
  }
}

/** Transposes four columns of four neurons' sums in place, and multiplies each neuron's sums by its factor. */
function turn(sums: usize, factor: v128): void {
  const r0 = v128.load(sums);
  const r1 = v128.load(sums, TILE_ROW);
  const r2 = v128.load(sums, 2 * TILE_ROW);
  const r3 = v128.load(sums, 3 * TILE_ROW);
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(sums, f32x4.mul(factor, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5)));
  v128.store(sums, f32x4.mul(factor, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7)), TILE_ROW);
  v128.store(sums, f32x4.mul(factor, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5)), 2 * TILE_ROW);
  v128.store(sums, f32x4.mul(factor, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7)), 3 * TILE_ROW);
}
