/**
 * Greedy forward selection for the logistic loss, exact by the bounds of science.md. With losses summed over the
 * samples instead of averaged, delta_q = Phi_q / j and M_q = max |delta_q|:
 *
 *   L + G_q + S_q psi(-M_q)  <=  L(u0 + delta_q)        psi(t) = (e^t - t - 1) / t^2
 *
 * One pass over the activations a step gives G and S; the candidate with the smallest G + S / 2 is evaluated first,
 * then, by rising lower bound, those whose bound is not above the best loss found so far.
 */
import { expm1 } from '../../math/elementary.js';
import type { Path } from '../engine.js';
import { addToSum, clearSum } from './activations.js';
import { LANES, ROW_BYTES } from './layout.js';
import { neuronAddress, type Site } from './site.js';

/**
 * G and S are float32 sums over segments of 64 samples: their rounding is below 70 * 2^-24 of the sum of the sizes of
 * their terms. A lower bound gives way by more than that, so that rounding never discards the best candidate.
 */
const ROUNDING = 5e-6;
/** Relative rounding of a loss in float64, with room to spare. */
const LOSS_ROUNDING = 1e-12;
/** Work of one sample of one block in the pass, and of the exact loss of one sample, in multiply-adds of a block. */
const PASS_WORK = 2;
const LOSS_WORK = 8;

export function selectLogistic(site: Site, squaredNorms: Float64Array, subnetSize: number): Path {
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const bounds = new Float64Array(site.width);
  clearSum(site);
  for (let j = 1; j <= subnetSize; j++) {
    const first = takeBounds(site, squaredNorms, j, bounds);
    const pick = exactArgmin(site, j, bounds, first);
    picks[j - 1] = pick;
    passes[j - 1] = j;
    addToSum(site, pick);
  }
  return { picks, passes };
}

/** Writes each candidate's lower bound, and returns the one that looks best. */
function takeBounds(site: Site, squaredNorms: Float64Array, j: number, bounds: Float64Array): number {
  const { kernels, layout, f32, f64, pace, samples } = site;
  const { slopes, curvatures } = layout;
  // u0 = z / j, with z of the j - 1 picks before.
  const loss = kernels.logisticPoint(layout.z, layout.labels, samples, j, slopes, curvatures);
  for (let block = 0; block < layout.blocks; block++) {
    const phi = layout.phi + block * samples * ROW_BYTES;
    const vector = 8 * block * LANES;
    kernels.logisticSums(phi, slopes, curvatures, samples, layout.first + vector, layout.second + vector);
    pace.spend(samples * PASS_WORK);
  }
  let slopeNorm = 0;
  for (let s = 0; s < samples; s++) slopeNorm += f32[slopes / 4 + s]! * f32[slopes / 4 + s]!;
  slopeNorm = Math.sqrt(slopeNorm);

  let best = 0;
  let smallest = Infinity;
  for (let q = 0; q < bounds.length; q++) {
    const linear = f64[layout.first / 8 + q]! / j;
    const quadratic = f64[layout.second / 8 + q]! / (j * j);
    const peak = f32[layout.peaks / 4 + q]! / j;
    // The sum of |slope * delta| is at most the product of their norms.
    const terms = (slopeNorm * Math.sqrt(squaredNorms[q]!)) / j + quadratic;
    const margin = ROUNDING * terms + LOSS_ROUNDING * loss;
    bounds[q] = loss + linear + quadratic * psiOfNegative(peak) - margin;
    const estimate = linear + quadratic / 2;
    if (estimate < smallest) {
      smallest = estimate;
      best = q;
    }
  }
  return best;
}

/** The candidate with the smallest loss, ties to the lowest index; `first` is evaluated first. */
function exactArgmin(site: Site, j: number, bounds: Float64Array, first: number): number {
  const { kernels, layout, pace, samples } = site;
  const exact = (q: number) => {
    pace.spend((LOSS_WORK * samples) / LANES);
    const phi = neuronAddress(layout.phi, q, samples);
    return kernels.logisticLoss(phi, layout.z, layout.labels, samples, j);
  };
  let best = first;
  let smallest = exact(first);
  const candidates: number[] = [];
  for (let q = 0; q < bounds.length; q++) if (q !== first && bounds[q]! <= smallest) candidates.push(q);
  candidates.sort((a, b) => bounds[a]! - bounds[b]! || a - b);
  for (const q of candidates) {
    if (bounds[q]! > smallest) break;
    const loss = exact(q);
    if (loss < smallest || (loss === smallest && q < best)) {
      smallest = loss;
      best = q;
    }
  }
  return best;
}

/** psi(-m) for m >= 0: (e^-m + m - 1) / m^2, 1/2 at 0. */
export function psiOfNegative(m: number): number {
  if (m < 1e-3) return 0.5 - m / 6 + (m * m) / 24;
  return (expm1(-m) + m) / (m * m);
}
