/** Bias and coverage of the fitter in full: `npm run test:simulations`. */
import { describe, expect, test } from 'vitest';
import { BIAS_CASES, biasStudy, COVERAGE_NOISES, coverageStudy } from './studies.js';

const COUNT = 1000;
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

describe('bias of the slope', () => {
  test.each(Object.keys(BIAS_CASES))('%s', name => {
    const { bias, naive, rightCensored } = biasStudy(name, COUNT);
    console.log(`| ${name} | ${percent(rightCensored)} | ${percent(bias)} | ${percent(naive)} |`);
    expect(Math.abs(bias)).toBeLessThan(0.03);
    expect(Math.abs(naive)).toBeGreaterThan(0.1);
  });
});

describe('coverage of the 95% intervals', () => {
  const cases = Object.keys(COVERAGE_NOISES).flatMap(noise =>
    [0, 0.5].flatMap(lambda => [5, 10, 20].map(seeds => ({ noise, lambda, seeds }))),
  );
  test.each(cases)('lambda = $lambda, $seeds seeds, $noise', ({ noise, lambda, seeds }) => {
    const { lambda: held, slope, unidentified } = coverageStudy(lambda, seeds, noise, COUNT);
    const shares = [held, slope].map(share => (share === null ? '-' : percent(share)));
    console.log(`| ${noise} | ${lambda} | ${seeds} | ${shares.join(' | ')} | ${percent(unidentified)} |`);
    for (const share of [held, slope ?? held]) {
      expect(share).toBeGreaterThanOrEqual(0.92);
      expect(share).toBeLessThanOrEqual(0.98);
    }
  });
});
