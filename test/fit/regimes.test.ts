import { describe, expect, test } from 'vitest';
import { atOnce } from '../../src/base/steps.js';
import { bentTimes } from '../../src/design/bends.js';
import {
  type CrossingRow,
  findRegimes,
  localExponents,
  namedRegimes,
  onSizes,
  packSample,
  type RangeTest,
  REGIME_LAWS,
  REGIME_LEVEL,
  type Regimes,
  type Sample,
} from '../../src/fit/index.js';
import { bendPlace, hasBend, largestRange, rangesOf } from '../../src/fit/regimes/search.js';
import { studentQuantile } from '../../src/math/student.js';
import { BENT, bandStudy, bendStudy, claimStudy, grownSizeBySize, withoutSeeds } from './regime-studies.js';
import { alongGrowth, DESIGN, drawSamples, placeholderSample } from './scenarios.js';

/** Exact observations of t*(n, seed). */
function exactly(sizes: readonly number[], seeds: number, time: (n: number, seed: number) => number): Sample {
  return packSample(
    sizes.flatMap(datasetSize =>
      Array.from({ length: seeds }, (_, seed): CrossingRow => {
        const at = time(datasetSize, seed);
        return { datasetSize, seed, lower: at, upper: at, checkpoints: [0, 1] };
      }),
    ),
  );
}

test('a range of sizes keeps its own crossings, seeds and middle', () => {
  const whole = exactly([10, 20, 40, 80], 2, (n, seed) => n + seed);
  const range = onSizes(whole, 1, 2);
  expect(range.sizes).toEqual([20, 40]);
  expect(range.seeds).toEqual([0, 1]);
  expect(range.nRef).toBeCloseTo(Math.sqrt(800), 10);
  expect(Array.from(range.size)).toEqual([0, 0, 1, 1]);
  expect(Array.from(range.upper, Math.exp).map(Math.round)).toEqual([20, 21, 40, 41]);
  expect(onSizes(whole, 0, 3)).toEqual(whole);
});

describe('local exponents', () => {
  test('are differences of mean ln t*, with the t interval of the seeds over all pairs', () => {
    const bump = [0.1, -0.05, 0.02, -0.11, 0.04];
    const sample = exactly([100, 200, 400], 5, (n, seed) => Math.sqrt(n) * Math.exp(bump[seed]! * (n / 400)));
    const differences = bump.map(one => (one * (200 - 100)) / 400);
    const mean = differences.reduce((a, b) => a + b) / 5;
    const error = Math.sqrt(differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 4 / 5) / Math.LN2;
    const [first] = localExponents(sample);
    expect(first).toMatchObject({ from: 100, to: 200 });
    expect(first!.value).toBeCloseTo(0.5 + mean / Math.LN2, 8);
    expect(first!.standardError).toBeCloseTo(error, 6);
    expect(first!.high! - first!.value!).toBeCloseTo(studentQuantile(0.975, 4) * error, 6);
  });

  test('are no surer than the steps between checkpoints: seeds in one interval count as one', () => {
    // Every seed crosses in the same two intervals: leaving one out changes nothing.
    const rows = [100, 200].flatMap(datasetSize =>
      [0, 1, 2, 3, 4].map((seed): CrossingRow => {
        const [lower, upper] = datasetSize === 100 ? [10, 12] : [12, 13];
        return { datasetSize, seed, lower, upper, checkpoints: [0, 10, 12, 13] };
      }),
    );
    const error = Math.sqrt((Math.log(12 / 10) ** 2 + Math.log(13 / 12) ** 2) / 12) / Math.LN2;
    expect(localExponents(packSample(rows))[0]!.standardError).toBeCloseTo(error, 10);
    // A seed elsewhere: two intervals, of which the uncertainties are independent.
    const apart = rows.map(row =>
      row.seed === 4 && row.datasetSize === 200 ? { ...row, lower: 13, upper: 14 } : row,
    );
    const squares = [Math.log(12 / 10) ** 2, (Math.log(13 / 12) ** 2 + Math.log(14 / 13) ** 2) / 4];
    const least = Math.sqrt((squares[0]! + squares[1]!) / 12) / Math.LN2;
    expect(localExponents(packSample(apart))[0]!.standardError).toBeGreaterThanOrEqual(least - 1e-12);
  });

  test('are unknown beside a size whose curves are all right-censored', () => {
    const rows = [100, 200, 400].flatMap(datasetSize =>
      [0, 1, 2].map((seed): CrossingRow => {
        const upper = datasetSize === 400 ? null : 12 + seed;
        return { datasetSize, seed, lower: 10, upper, checkpoints: [0, 10, 12, 13, 14] };
      }),
    );
    const [known, unknown] = localExponents(packSample(rows));
    expect(known!.value).toBeCloseTo(0, 6);
    expect(unknown).toEqual({ from: 200, to: 400, value: null, standardError: null, low: null, high: null });
  });
});

describe('the search', () => {
  const sample = placeholderSample({ ...DESIGN, seeds: 5 });
  /** A test by a table: a law holds on a range of sizes that lies inside one of its own. */
  const holding = (own: Partial<Record<string, readonly [number, number][]>>): RangeTest =>
    function* (law, { first, last }) {
      return own[law]?.some(([from, to]) => from <= first && last <= to) ? 1 : REGIME_LEVEL;
    };
  const place = (test: RangeTest) => atOnce(bendPlace(sample, test));

  test('stops at the full range where a law holds there', () => {
    const test = holding({ logarithmic: [[0, 7]] });
    expect(atOnce(hasBend(sample, test))).toBe(false);
    expect(atOnce(largestRange('logarithmic', rangesOf(sample, 'upper'), test))).toEqual({
      first: 0,
      last: 7,
      p: 1,
    });
    expect(atOnce(largestRange('power', rangesOf(sample, 'lower'), test))).toBeNull();
  });

  test('puts the bend between the ranges that hold on either side, a size further', () => {
    const test = holding({ power: [[0, 3]], logarithmic: [[3, 7]] });
    expect(atOnce(hasBend(sample, test))).toBe(true);
    expect(place(test)).toEqual({ low: 2, high: 4, isSingle: true });
    expect(place(holding({ power: [[0, 5]], constant: [[2, 7]] }))).toEqual({
      low: 1,
      high: 6,
      isSingle: true,
    });
  });

  test('counts three sizes as held: a bend near an end is not excluded', () => {
    expect(place(holding({ logarithmic: [[2, 7]] }))).toEqual({ low: 1, high: 3, isSingle: true });
    expect(place(holding({ power: [[0, 4]] }))).toEqual({ low: 4, high: 5, isSingle: true });
  });

  test('says so where the ranges do not meet', () => {
    expect(place(holding({}))).toEqual({ low: 2, high: 5, isSingle: false });
  });

  test('takes no range with fewer than four sizes at which half the curves cross', () => {
    const upper = sample.upper.map((end, i) => (sample.size[i]! >= 5 ? Number.POSITIVE_INFINITY : end));
    expect(rangesOf({ ...sample, upper }, 'upper').map(({ first }) => first)).toEqual([0, 1]);
    expect(rangesOf({ ...sample, upper }, 'lower').map(({ last }) => last)).toEqual([7, 6, 5, 4, 3]);
  });
});

describe('sentences', () => {
  const regimes = (logMu: readonly number[], facts = {}): Regimes => {
    const [sample] = drawSamples('sentences', 1, DESIGN, logMu);
    return atOnce(
      findRegimes(sample!, { seed: 1, name: 'sentences', lacking: null, isSmooth: null, ...facts }),
    );
  };

  test('of one law, with its parameter', () => {
    const { sentence, bend, upper, lower, ranges } = regimes(alongGrowth(0, 3));
    expect(sentence).toMatch(
      /^From n = 250 to 32,000 t\* is consistent with a logarithm \(\d\d\.\d+ iterations per unit of ln n, 95% interval .* to .*\): no bend found\.$/,
    );
    expect([bend, upper, lower]).toEqual([null, null, null]);
    expect(ranges.find(({ law }) => law === 'logarithmic')).toMatchObject({
      from: 250,
      to: 32_000,
      sizes: 8,
    });
  });

  test('of a bend, the same each time', () => {
    const logMu = bentTimes(BENT['power to constant, jump']!(0.5), DESIGN.sizes).map(Math.log);
    const found = regimes(logMu, { isSmooth: true });
    expect(found.sentence).toMatch(
      /^From n = \d,000 on, t\* is consistent with a constant \(\d+ iterations.*\).*; up to n = \d,000, with a power \(exponent 0\.\d+, .*\); bend between n = [\d,]+ and [\d,]+\. A smooth curve .*\.$/,
    );
    expect(found.bend!.low).toBeLessThanOrEqual(2828);
    expect(found.bend!.high).toBeGreaterThanOrEqual(2828);
    expect(found.lower).toMatchObject({ law: 'power', from: 250 });
    expect(found.upper).toMatchObject({ law: 'constant', to: 32_000, lambda: null });
    expect(regimes(logMu, { isSmooth: true })).toEqual(found);
  });

  test('of a regime above sizes on which no law holds', () => {
    const jagged = alongGrowth(0, 3).map((at, i) => (i < 3 ? at + (i % 2 ? 0.5 : -0.5) : at));
    expect(regimes(jagged).sentence).toMatch(
      /^From n = [\d,]+ on, .*; below, (faster|slower) \(mean local exponent .*, against .*\); /,
    );
  });

  test('of too few data, with the reason and the local exponents all the same', () => {
    const found = regimes(alongGrowth(0, 3), { lacking: 'insufficient data: 3 seeds (needed: at least 5)' });
    expect(found.sentence).toBe('No regimes: insufficient data: 3 seeds (needed: at least 5).');
    expect(found.ranges).toEqual([]);
    expect(found.exponents).toHaveLength(7);
  });
});

describe('regimes that the sentence names', () => {
  test('are those over the sizes of the sample, however many the sweep has', () => {
    const [sample] = drawSamples('sentences', 1, DESIGN, alongGrowth(0, 3));
    const found = atOnce(
      findRegimes(onSizes(sample!, 1, 7), { seed: 1, name: 'sentences', lacking: null, isSmooth: null }),
    );
    expect(found.bend).toBeNull();
    expect(namedRegimes(found).map(({ law, sizes }) => [law, sizes])).toContainEqual(['logarithmic', 7]);
    expect(namedRegimes(found).every(({ from, to }) => from === 500 && to === 32_000)).toBe(true);
  });
});

describe('bent curves', () => {
  const { sizes } = DESIGN;
  test('follow their laws on either side, and are continuous', () => {
    const times = bentTimes({ shape: 'power-to-constant', start: 100, at: 3 / 7, exponent: 0.5 }, sizes);
    expect(times[0]).toBeCloseTo(100, 10);
    expect(times[3]).toBeCloseTo(100 * Math.sqrt(8), 8);
    expect(times[7]).toBeCloseTo(times[3]!, 8);
    const log = bentTimes({ shape: 'power-to-logarithmic', start: 100, at: 3 / 7, exponent: 0.5 }, sizes);
    expect(log[7]! / log[3]!).toBeCloseTo(1 + 0.5 * Math.log(16), 8);
  });

  test('without a jump end where those with one do', () => {
    for (const shape of ['power to constant', 'logarithm to constant']) {
      const [jump, none] = ['jump', 'none'].map(kind => bentTimes(BENT[`${shape}, ${kind}`]!(0.5), sizes));
      expect(none![0]! / jump![0]!).toBeCloseTo(1, 10);
      expect(Math.max(...none!.slice(1).map((t, i) => t / none![i]!))).toBeLessThanOrEqual(2);
      for (const [i, t] of none!.entries()) expect(t).toBeGreaterThanOrEqual(none![i - 1] ?? 0);
    }
  });
});

describe('in short (in full: npm run test:simulations)', () => {
  test('one law over all sizes is rarely cut, and wrong rules cut it often', () => {
    const name = 'seeds that tilt';
    const shares = REGIME_LAWS.map(law => claimStudy(law, name, 40));
    expect(shares.reduce((a, b) => a + b) / 3).toBeLessThanOrEqual(0.05);
    expect(claimStudy('constant', name, 40, withoutSeeds)).toBeGreaterThan(0.05);
    const grown = REGIME_LAWS.map(law => claimStudy(law, name, 40, grownSizeBySize));
    expect(grown.reduce((a, b) => a + b) / 3).toBeGreaterThan(0.05);
  });

  test('a bend is found, and its interval holds it', () => {
    const { claimed, covered, width } = bendStudy(BENT['power to constant, jump']!(0.5), 5);
    expect(claimed).toBe(1);
    expect(covered).toBeGreaterThanOrEqual(0.8);
    expect(width).toBeLessThan(0.6);
  });

  test('the band of the local exponents holds them also where the noise is less than a step', () => {
    expect(bandStudy('less than a step', 10, 40)).toBeGreaterThanOrEqual(0.95);
  });
});
