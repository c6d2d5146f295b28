/** Entries of kernels, made in place out of products of inputs. */

/**
 * tile[s][lane] *= the share of neurons whose gates are open at both samples.
 *
 *   tile   [count][32]  float32
 *   gates  [count][words] uint64, from the tile's first row; block: those of the 32 lanes' samples
 */
export function overlap(tile: usize, gates: usize, block: usize, words: u32, count: u32, share: f64): void {
  for (let s: u32 = 0; s < count; s++, gates += 8 * words) {
    let other = block;
    for (let lane = 0; lane < 32; lane++, tile += 4) {
      const both = openInBoth(gates, other, words);
      store<f32>(tile, <f32>(<f64>load<f32>(tile) * (<f64>both * share)));
      other += 8 * words;
    }
  }
}

function openInBoth(a: usize, b: usize, words: u32): u32 {
  let sum: u64 = 0;
  for (let w: u32 = 0; w < words; w++, a += 8, b += 8) sum += popcnt<u64>(load<u64>(a) & load<u64>(b));
  return <u32>sum;
}

/**
 * The infinitely wide network's entries out of products x . x'.
 *
 *   squares  [count] float64: x . x of the rows; block: of the 32 lanes
 *   values   the factor of the second layer's part: 2 initScale^2 / d, 0 where it is not trained
 */
export function infiniteWidth(tile: usize, squares: usize, block: usize, count: u32, values: f64): void {
  for (let s: u32 = 0; s < count; s++, squares += 8) {
    for (let lane: usize = 0; lane < 32; lane++, tile += 4) {
      const product = <f64>load<f32>(tile);
      const size = Math.sqrt(load<f64>(squares) * load<f64>(block + 8 * lane));
      if (!(size > 0)) continue;
      const cosine = Math.min(1, Math.max(-1, product / size));
      const arc = Math.asin(cosine);
      let entry = product * (0.25 + arc / (2 * Math.PI));
      if (values > 0) {
        const sine = Math.sqrt(1 - cosine * cosine);
        entry += (size * values * (sine + (0.5 * Math.PI + arc) * cosine)) / (2 * Math.PI);
      }
      store<f32>(tile, <f32>entry);
    }
  }
}
