/**
 * Greedy forward selection for the logistic loss, exact by the bounds of science.md. With losses summed over samples,
 * u0 = z / j, delta_q = Phi_q / j and M_q = max |delta_q|:
 *
 *   L(u0) + G_q + S_q psi(-M_q)  <=  L(u0 + delta_q)        psi(t) = (e^t - t - 1) / t^2
 *
 * Each step makes one pass over the activations, which gives G and S of all candidates. It evaluates the candidate
 * with the smallest G + S / 2 first, then by rising bound those whose bound does not exceed the smallest loss found
 * so far. Losses are evaluated in float64 from the same float32 outputs.
 */
import { expm1, sigmoid, softplus } from '../../math/elementary.js';
import type { Path } from '../engine.js';
import type { Candidates } from './candidates.js';
import { addTo } from './phi.js';

/**
 * Relative slack of a bound. G and S are float32 sums over at most 256 samples: in any order, their error is below
 * 270 * 2^-24 of the sum of their terms' sizes. The slack is larger, so rounding never discards the best candidate.
 */
const ROUNDING = 2e-5;
/** Relative rounding error of a loss in float64, with a safety margin. */
const LOSS_ROUNDING = 1e-12;
/** Candidates whose outputs are fetched from the device in one transfer. */
const EVALUATED_TOGETHER = 16;

export function selectLogistic(candidates: Candidates, subnetSize: number): Path {
  const { phi, labels } = candidates;
  const picks = new Int32Array(subnetSize);
  const passes = new Int32Array(subnetSize);
  const z = new Float64Array(labels.length);
  for (let j = 1; j <= subnetSize; j++) {
    const pick = bestCandidate(candidates, z, j);
    picks[j - 1] = pick;
    passes[j - 1] = j;
    addTo(z, phi.columns(Int32Array.of(pick))[0]!);
  }
  return { picks, passes };
}

/** The candidate with the smallest loss at (z + Phi_q) / j, ties to the lowest index. */
function bestCandidate(candidates: Candidates, z: Float64Array, j: number): number {
  const { phi, labels, neurons } = candidates;
  const { bounds, promising } = boundLosses(candidates, z, j);
  let best = promising;
  let smallest = Infinity;
  const evaluate = (group: Int32Array): void => {
    for (const [at, outputs] of phi.columns(group).entries()) {
      const q = group[at]!;
      let loss = 0;
      for (let s = 0; s < z.length; s++) loss += softplus((-labels[s]! * (z[s]! + outputs[s]!)) / j);
      if (loss < smallest || (loss === smallest && q < best)) {
        smallest = loss;
        best = q;
      }
    }
  };
  evaluate(Int32Array.of(promising));
  const others = neurons.filter(q => q !== promising && bounds[q]! <= smallest);
  others.sort((a, b) => bounds[a]! - bounds[b]! || a - b);
  for (let at = 0; at < others.length && bounds[others[at]!]! <= smallest; at += EVALUATED_TOGETHER) {
    evaluate(others.subarray(at, at + EVALUATED_TOGETHER));
  }
  return best;
}

/** A lower bound of each candidate's loss, and the candidate with the smallest estimate G + S / 2. */
function boundLosses(
  { phi, labels, neurons, squaredNorms, peaks }: Candidates,
  z: Float64Array,
  j: number,
): { bounds: Float64Array; promising: number } {
  let loss = 0;
  let squaredSlopes = 0;
  const slopes = new Float64Array(z.length);
  const curvatures = new Float64Array(z.length);
  for (let s = 0; s < z.length; s++) {
    const margin = (labels[s]! * z[s]!) / j;
    const wrong = sigmoid(-margin);
    loss += softplus(-margin);
    slopes[s] = -labels[s]! * wrong;
    curvatures[s] = wrong * sigmoid(margin);
    squaredSlopes += wrong * wrong;
  }
  const [linear] = phi.products([slopes]);
  const [quadratic] = phi.products([curvatures], 'squares');
  const slopeNorm = Math.sqrt(squaredSlopes);

  const bounds = new Float64Array(squaredNorms.length);
  let promising = neurons[0]!;
  let smallest = Infinity;
  for (const q of neurons) {
    const first = linear![q]! / j;
    const second = quadratic![q]! / (j * j);
    // The sum of |slope * delta| is at most the product of their norms.
    const terms = (slopeNorm * Math.sqrt(squaredNorms[q]!)) / j + second;
    const slack = ROUNDING * terms + LOSS_ROUNDING * loss;
    bounds[q] = loss + first + second * psiOfNegative(peaks[q]! / j) - slack;
    if (first + second / 2 < smallest) {
      smallest = first + second / 2;
      promising = q;
    }
  }
  return { bounds, promising };
}

/** psi(-m) for m >= 0: (e^-m + m - 1) / m^2, 1/2 at 0. */
function psiOfNegative(m: number): number {
  return m < 1e-3 ? 0.5 - m / 6 + (m * m) / 24 : (expm1(-m) + m) / (m * m);
}
