/** Verdicts of the fitter in full: `npm run test:simulations`. */
import { describe, expect, test } from 'vitest';
import { alongGrowth, verdictShares } from './scenarios.js';
import { confusionStudy, POWER_FACTORS, powerStudy, TRUTHS } from './studies.js';

const COUNT = 400;
const shown = (shares: Readonly<Record<string, number>>): string =>
  Object.entries(shares)
    .map(([code, share]) => `${code} ${(100 * share).toFixed(1)}%`)
    .join(', ');

describe('confusion matrix', () => {
  test.each(Object.keys(TRUTHS))('%s', truth => {
    const { verdict, least } = TRUTHS[truth]!;
    const shares = confusionStudy(truth, COUNT);
    console.log(`| ${truth} | ${shown(shares)} |`);
    expect(shares[verdict] ?? 0).toBeGreaterThanOrEqual(least);
  });
});

test.each(POWER_FACTORS)('power law growing %sx: at most 5%% are taken for a logarithm', factor => {
  const shares = powerStudy(factor, COUNT);
  console.log(`| power, ${factor}x | ${shown(shares)} |`);
  expect(shares.logarithmic ?? 0).toBeLessThanOrEqual(0.05);
});

test.each([-5, 4])('lambda = %s, beyond its bounds, is not taken for a logarithm', lambda => {
  const shares = verdictShares(`beyond ${lambda}`, 100, alongGrowth(lambda, 3));
  console.log(`| lambda = ${lambda} | ${shown(shares)} |`);
  expect((shares.logarithmic ?? 0) + (shares['not-decisive'] ?? 0)).toBe(0);
});
