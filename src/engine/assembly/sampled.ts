/**
 * The kernel of selection on a mini-batch (science.md): losses of all candidates of a block on a few samples, in float64.
 *
 * At step j, with z the sum of the picks so far: u = (z + Phi_q) / j, and m = y u the margin.
 */
import { expm2, log } from './double';
import { ROW } from './shape';

/** The objectives' numbers. */
const SQUARED: i32 = 0;
const LOGISTIC: i32 = 1;
/** Factors up to 2 whose product does not overflow float64. */
const FACTORS: usize = 512;

/**
 * The sums over some samples of the loss of u for the neurons of one block: (u - y)^2, log(1 + e^-m), or 1 / (1 + e^m)^2
 * for objective 0, 1 and 2.
 *
 *   phi     [n][48]
 *   rows    [count] u32      sample * ROW, in the order of the sums
 *   z       [count] float64  of these samples, as are the labels
 *   labels  [count]
 *   losses  [48] float64     added to
 *
 * If several calls cover the samples, all but the last must pass a multiple of 512.
 */
export function sampleLosses(
  objective: i32,
  phi: usize,
  rows: usize,
  z: usize,
  labels: usize,
  count: usize,
  j: f64,
  losses: usize,
): void {
  for (let from: usize = 0; from < count; from += FACTORS) {
    const samples = min(FACTORS, count - from);
    for (let lane: usize = 0; lane < ROW; lane += 16) {
      addSampleLosses(
        objective,
        phi + lane,
        rows + 4 * from,
        z + 8 * from,
        labels + 4 * from,
        samples,
        j,
        losses + 2 * lane,
      );
    }
  }
}

/** Four neurons, at most FACTORS samples. */
function addSampleLosses(
  objective: i32,
  phi: usize,
  rows: usize,
  z: usize,
  labels: usize,
  count: usize,
  j: f64,
  losses: usize,
): void {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  const divisor = f64x2.splat(j);
  let sum0 = zero;
  let sum1 = zero;
  let product0 = one;
  let product1 = one;
  const end = rows + 4 * count;
  for (; rows < end; rows += 4, z += 8, labels += 4) {
    const outputs = v128.load(phi + load<u32>(rows));
    const held = v128.load64_splat(z);
    const y = f64x2.splat(<f64>load<f32>(labels));
    const high = v128.shuffle<f32>(outputs, outputs, 2, 3, 2, 3);
    const u0 = f64x2.div(f64x2.add(held, f64x2.promote_low_f32x4(outputs)), divisor);
    const u1 = f64x2.div(f64x2.add(held, f64x2.promote_low_f32x4(high)), divisor);
    if (objective === SQUARED) {
      const d0 = f64x2.sub(u0, y);
      const d1 = f64x2.sub(u1, y);
      sum0 = f64x2.add(sum0, f64x2.mul(d0, d0));
      sum1 = f64x2.add(sum1, f64x2.mul(d1, d1));
      continue;
    }
    const m0 = f64x2.mul(y, u0);
    const m1 = f64x2.mul(y, u1);
    const e0 = expm2(f64x2.neg(f64x2.abs(m0)));
    const e1 = expm2(f64x2.neg(f64x2.abs(m1)));
    if (objective === LOGISTIC) {
      sum0 = f64x2.add(sum0, f64x2.pmax(zero, f64x2.neg(m0)));
      sum1 = f64x2.add(sum1, f64x2.pmax(zero, f64x2.neg(m1)));
      product0 = f64x2.mul(product0, f64x2.add(one, e0));
      product1 = f64x2.mul(product1, f64x2.add(one, e1));
    } else {
      sum0 = f64x2.add(sum0, squareOfWrong(m0, e0));
      sum1 = f64x2.add(sum1, squareOfWrong(m1, e1));
    }
  }
  if (objective === LOGISTIC) {
    sum0 = f64x2.add(sum0, logarithms(product0));
    sum1 = f64x2.add(sum1, logarithms(product1));
  }
  v128.store(losses, f64x2.add(v128.load(losses), sum0));
  v128.store(losses, f64x2.add(v128.load(losses, 16), sum1), 16);
}

/** The squared probability of the other label, 1 / (1 + e^m), of two samples. `e` is e^-|m|. */
function squareOfWrong(m: v128, e: v128): v128 {
  const high = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), e));
  const low = f64x2.mul(e, high);
  const wrong = v128.bitselect(high, low, f64x2.lt(m, f64x2.splat(0)));
  return f64x2.mul(wrong, wrong);
}

function logarithms(x: v128): v128 {
  return f64x2.replace_lane(f64x2.splat(log(f64x2.extract_lane(x, 0))), 1, log(f64x2.extract_lane(x, 1)));
}
