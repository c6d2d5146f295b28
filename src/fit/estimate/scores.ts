/** Scores of a law's predictions at sizes that it was not fitted to. */
import { type FittedLaw, fitLaw } from '../laws/fit-law.js';
import { logTerm } from '../laws/likelihood.js';
import type { Sample } from '../laws/sample.js';
import { conditionalMean } from './residuals.js';

/** Mean log predictive likelihood of a crossing at the size left out, over all sizes. Null below four sizes. */
export function leaveOneSizeOut(sample: Sample, fitted: FittedLaw): number | null {
  if (sample.sizes.length < 4) return null;
  let [sum, total] = [0, 0];
  for (let left = 0; left < sample.sizes.length; left++) {
    const scored = predict(sample, fitted, size => size === left);
    sum += scored.sum;
    total += scored.total;
  }
  return sum / total;
}

/** The same with the two largest sizes left out together, and their mean ln t* above the prediction. Null below five. */
export function holdOutLargest(sample: Sample, fitted: FittedLaw): { score: number; bias: number } | null {
  const { length } = sample.sizes;
  if (length < 5) return null;
  const { sum, total, above } = predict(sample, fitted, size => size >= length - 2);
  return { score: sum / total, bias: above / total };
}

function predict(sample: Sample, fitted: FittedLaw, isLeftOut: (size: number) => boolean) {
  const weights = sample.weight.map((weight, i) => (isLeftOut(sample.size[i]!) ? 0 : weight));
  const { logMu, sigma } = fitLaw(fitted.name, sample, weights, fitted.maximum);
  const out = { sum: 0, total: 0, above: 0 };
  sample.size.forEach((size, i) => {
    if (!isLeftOut(size)) return;
    const [weight, lower, upper, at] = [sample.weight[i]!, sample.lower[i]!, sample.upper[i]!, logMu[size]!];
    out.sum += weight * logTerm(lower, upper, at, sigma);
    out.above += weight * conditionalMean(lower - at, upper - at, sigma);
    out.total += weight;
  });
  return out;
}
