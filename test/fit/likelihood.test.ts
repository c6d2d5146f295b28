import { describe, expect, test } from 'vitest';
import { derivativesFor, logLikelihood } from '../../src/fit/laws/likelihood.js';
import { maximise } from '../../src/fit/laws/maximise.js';
import { linear } from '../../src/fit/laws/predictors.js';
import type { Sample } from '../../src/fit/laws/sample.js';

/** A sample in which every observation is a size of its own: any linear model. */
function plain(lower: readonly number[], upper: readonly number[]): Sample {
  const index = Int32Array.from(lower, (_, i) => i);
  return {
    sizes: [...index],
    x: Float64Array.from(index),
    nRef: 1,
    seeds: [...index],
    size: index,
    seed: index,
    lower: Float64Array.from(lower),
    upper: Float64Array.from(upper),
    weight: new Float64Array(lower.length).fill(1),
    grid: lower.map(() => new Float64Array()),
  };
}

// Tobin's durable goods: R, survival::tobin.
const DURABLE = [0, 0.7, 0, 0, 0, 0, 0, 3.7, 0, 3, 10.4, 0, 0, 0, 1.5, 0, 0, 3.5, 6.1, 0];
const AGE = [
  57.7, 50.9, 48.5, 41.7, 47.7, 59.8, 44.3, 45.1, 51.7, 50, 46.8, 58, 58.9, 40, 34.1, 39.9, 33.4, 48.1, 46.6,
  53.1,
];
const QUANT = [
  236, 283, 207, 220, 238, 216, 284, 221, 275, 269, 207, 249, 246, 277, 231, 219, 240, 266, 214, 251,
];

test("Tobin's tobit: survreg(Surv(durable, durable > 0, 'left') ~ age + quant, dist = 'gaussian')", () => {
  const sample = plain(
    DURABLE.map(y => (y === 0 ? Number.NEGATIVE_INFINITY : y)),
    DURABLE,
  );
  const model = linear(AGE.map((age, i) => [1, age, QUANT[i]!]));
  const fit = maximise(sample, sample.weight, model, { theta: [0, 0, 0], tau: 1 });
  expect(fit.converged).toBe(true);
  expect(fit.theta[0]).toBeCloseTo(15.14487, 4);
  expect(fit.theta[1]).toBeCloseTo(-0.129059, 6);
  expect(fit.theta[2]).toBeCloseTo(-0.0455417, 7);
  expect(fit.tau).toBeCloseTo(1.717851, 6);
  expect(fit.logLikelihood).toBeCloseTo(-28.94013, 5);
});

describe('derivatives', () => {
  const cases: Record<string, [low: number, high: number]> = {
    interval: [0.2, 0.9],
    narrow: [0.4, 0.4003],
    left: [Number.NEGATIVE_INFINITY, 0.5],
    right: [0.7, Number.POSITIVE_INFINITY],
    exact: [0.6, 0.6],
    'far below': [-9, -8.8],
    'far above': [7, Number.POSITIVE_INFINITY],
  };
  for (const [name, [low, high]] of Object.entries(cases)) {
    test(`of ${name} agree with differences`, () => {
      const sample = plain([low], [high]);
      const [eta, tau, h] = [0.35, -0.8, 1e-5];
      const at = (e: number, t: number): number => logLikelihood(sample, sample.weight, [e], t);
      const into = derivativesFor(1);
      logLikelihood(sample, sample.weight, [eta], tau, into);
      const slopes = (e: number, t: number): [number, number] => {
        const own = derivativesFor(1);
        logLikelihood(sample, sample.weight, [e], t, own);
        return [own.eta[0]!, own.tau];
      };
      const near = (found: number, expected: number): void =>
        expect(Math.abs(found - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
      near(into.eta[0]!, (at(eta + h, tau) - at(eta - h, tau)) / (2 * h));
      near(into.tau, (at(eta, tau + h) - at(eta, tau - h)) / (2 * h));
      const [right, left] = [slopes(eta + h, tau), slopes(eta - h, tau)];
      near(into.etaEta[0]!, (right[0] - left[0]) / (2 * h));
      near(into.etaTau[0]!, (right[1] - left[1]) / (2 * h));
      near(into.tauTau, (slopes(eta, tau + h)[1] - slopes(eta, tau - h)[1]) / (2 * h));
    });
  }
});
