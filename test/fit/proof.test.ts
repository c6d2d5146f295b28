/** The fast part of the proofs that the fitter is right; `npm run test:simulations` runs them in full. */
import { describe, expect, test } from 'vitest';
import { leastShare } from './chance.js';
import { BIAS_CASES, biasStudy, confusionStudy, coverageStudy, powerStudy, TRUTHS } from './studies.js';

describe('bias of the slope', () => {
  test.each(Object.keys(BIAS_CASES))('%s: small with censoring, large without', name => {
    const { bias, naive, rightCensored } = biasStudy(name, 60);
    expect(Math.abs(bias)).toBeLessThan(0.03);
    expect(Math.abs(naive)).toBeGreaterThan(0.1);
    if (name !== 'checkpoint ratio 2') expect(Math.abs(rightCensored - 0.3)).toBeLessThan(0.05);
  });
});

test('the 95% intervals cover the truth in 90 to 99% of samples of ten seeds', () => {
  const { lambda, slope, unidentified } = coverageStudy(0, 10, 'half from seeds', 100);
  for (const share of [lambda, slope!]) {
    expect(share).toBeGreaterThanOrEqual(0.9);
    expect(share).toBeLessThanOrEqual(0.99);
  }
  expect(unidentified).toBe(0);
});

describe('verdicts', () => {
  test.each(Object.keys(TRUTHS))('%s', truth => {
    const { verdict, least } = TRUTHS[truth]!;
    // This verdict needs every simulation of the lack-of-fit test, which takes long.
    const count = verdict === 'no-smooth-law' ? 8 : 30;
    expect(confusionStudy(truth, count)[verdict] ?? 0).toBeGreaterThanOrEqual(least - 0.06);
  });

  test('at most 5% of power laws are taken for a logarithm', () => {
    for (const factor of [2, 3])
      expect(1 - (powerStudy(factor, 40).logarithmic ?? 0)).toBeGreaterThanOrEqual(leastShare(0.95, 40));
  });
});
