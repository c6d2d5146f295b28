import { describe, expect, test } from 'vitest';
import { aicc, akaikeWeights, bic, holm } from '../../src/fit/estimate/criteria.js';
import { jackknifeEstimate } from '../../src/fit/estimate/jackknife.js';

test('AICc and BIC follow their definitions', () => {
  expect(aicc(-10, 3, 20)).toBeCloseTo(26 + 24 / 16, 12);
  expect(aicc(-10, 3, 4)).toBeNull();
  expect(bic(-10, 3, 20)).toBeCloseTo(20 + 3 * Math.log(20), 12);
});

test('Akaike weights are relative likelihoods that sum to 1, also far from 0', () => {
  const weights = akaikeWeights([1000, 1002, null, 1010]) as number[];
  expect(weights[0]! / weights[1]!).toBeCloseTo(Math.E, 12);
  expect(weights[2]).toBeNull();
  expect(weights[0]! + weights[1]! + weights[3]!).toBeCloseTo(1, 12);
});

test("Holm's adjustment agrees with R's p.adjust", () => {
  const adjusted = holm([0.01, 0.04, null, 0.03, 0.005]);
  [0.03, 0.06, null, 0.06, 0.02].forEach((p, i) => {
    if (p === null) expect(adjusted[i]).toBeNull();
    else expect(adjusted[i]).toBeCloseTo(p, 12);
  });
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
});

describe('the jackknife', () => {
  test('of a mean is its textbook interval', () => {
    const values = [3, 5, 4, 8, 6];
    const mean = 5.2;
    const replicates = values.map(left => (26 - left) / 4);
    const { standardError, interval95, interval90, p } = jackknifeEstimate(mean, replicates);
    const error = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 4 / 5);
    expect(standardError).toBeCloseTo(error, 12);
    expect(interval95!.high).toBeCloseTo(mean + 2.7764451052 * error, 8);
    expect(interval90!.low).toBeCloseTo(mean - 2.1318467863 * error, 8);
    // scipy.stats.ttest_1samp
    expect(p).toBeCloseTo(0.00377787, 8);
  });

  test('has no interval where a replicate has no value, or there is only one', () => {
    expect(jackknifeEstimate(1, [1, Number.NaN])).toMatchObject({ interval95: null, p: null });
    expect(jackknifeEstimate(1, [1])).toMatchObject({ interval95: null });
  });

  test('of equal replicates is a point', () => {
    expect(jackknifeEstimate(2, [2, 2, 2])).toMatchObject({ standardError: 0, p: 0 });
  });
});
