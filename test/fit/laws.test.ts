import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CrossingRow, growth, LAW_NAMES, muAt, packSample, type Sample } from '../../src/fit/index.js';
import { fitAtLambda, fitLaw, maximaSpread } from '../../src/fit/laws/fit-law.js';
import { maximise } from '../../src/fit/laws/maximise.js';
import { mixture, predictorOf } from '../../src/fit/laws/predictors.js';
import { alongGrowth, DESIGN, drawSamples } from './scenarios.js';

const [SAMPLE] = drawSamples('laws', 1, DESIGN, alongGrowth(0, 3)) as Iterable<Sample> as [Sample];

/** Crossings of a sample as rows, ends in iterations. */
function rowsOf({ sizes, seeds, size, seed, lower, upper }: Sample): CrossingRow[] {
  return Array.from(size, (at, i) => ({
    datasetSize: sizes[at]!,
    seed: seeds[seed[i]!]!,
    lower: Math.exp(lower[i]!),
    upper: upper[i] === Number.POSITIVE_INFINITY ? null : Math.exp(upper[i]!),
    checkpoints: [0, 1],
  }));
}

describe('laws', () => {
  test('growth is continuous in lambda', () => {
    for (const x of [-2.4, 0, 2.4]) {
      expect(growth(1e-9, x)).toBeCloseTo(x, 7);
      expect(growth(-1e-9, x)).toBeCloseTo(growth(0, x), 7);
      expect(growth(0.5, x)).toBeCloseTo((Math.exp(x / 2) - 1) / 0.5, 12);
    }
  });

  test('the mixture of two ends is the growth law through them, at any lambda', () => {
    const range = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(range, range, range, (lambda, low, high) => {
        const { x } = SAMPLE;
        const predictor = mixture(x, null);
        const eta = new Float64Array(x.length);
        predictor.evaluate(
          Float64Array.of(low, high, lambda),
          eta,
          new Float64Array(24),
          new Float64Array(72),
        );
        const [first, last] = [growth(lambda, x[0]!), growth(lambda, x.at(-1)!)];
        const b = (Math.exp(high) - Math.exp(low)) / (last - first);
        x.forEach((at, j) => {
          const mu = Math.exp(low) + b * (growth(lambda, at) - first);
          expect(Math.abs(Math.exp(eta[j]!) / mu - 1)).toBeLessThan(1e-8);
        });
      }),
    );
  });

  test('derivatives of the free law agree with differences, across the border of the series', () => {
    const { x } = SAMPLE;
    const predictor = mixture(x, null);
    const at = (theta: number[]) => {
      const [eta, first, second] = [new Float64Array(8), new Float64Array(24), new Float64Array(72)];
      predictor.evaluate(Float64Array.from(theta), eta, first, second);
      return { eta, first, second };
    };
    const h = 1e-5;
    for (const lambda of [-2, -0.21, -0.2, 0, 1e-4, 0.19, 0.21, 1, 2.7]) {
      const theta = [4.2, 5.6, lambda];
      const here = at(theta);
      for (let a = 0; a < 3; a++) {
        const moved = (by: number) => at(theta.map((value, i) => value + (i === a ? by : 0)));
        const [up, down] = [moved(h), moved(-h)];
        for (let j = 0; j < 8; j++) {
          expect(here.first[j * 3 + a]).toBeCloseTo((up.eta[j]! - down.eta[j]!) / (2 * h), 7);
          for (let b = 0; b < 3; b++) {
            const difference = (up.first[j * 3 + b]! - down.first[j * 3 + b]!) / (2 * h);
            expect(here.second[(j * 3 + a) * 3 + b]).toBeCloseTo(difference, 6);
          }
        }
      }
    }
  });

  test('muAt returns the fitted values for every law', () => {
    for (const name of LAW_NAMES) {
      const { law, logMu } = fitLaw(name, SAMPLE);
      SAMPLE.sizes.forEach((n, j) => {
        expect(Math.log(muAt(law, n))).toBeCloseTo(logMu[j]!, 9);
      });
    }
    expect(muAt({ form: 'growth', alpha: 0, r: 1, lambda: 0, nRef: 100 }, 10)).toBeNaN();
  });
});

describe('maxima', () => {
  test('no point of a grid around the maximum is higher (likelihood of the free law)', () => {
    const { maximum, logLikelihood } = fitLaw('free', SAMPLE);
    const predictor = predictorOf('free', SAMPLE.x);
    for (const index of [0, 1, 2, 3]) {
      for (const by of [-0.01, 0.01]) {
        const theta = [...maximum.theta].map((value, i) => value + (i === index ? by : 0));
        const tau = maximum.tau + (index === 3 ? by : 0);
        // All weights are 0, so the ascent stays at its start.
        const there = maximise(SAMPLE, new Float64Array(SAMPLE.size.length), predictor, { theta, tau });
        expect(there.logLikelihood).toBe(0);
        const held = maximise(SAMPLE, SAMPLE.weight, predictor, { theta, tau });
        expect(held.logLikelihood).toBeCloseTo(logLikelihood, 9);
      }
    }
  });

  test('all starts end at the same maximum, to 1e-4: the maximum of the profile', () => {
    let i = 0;
    for (const lambda of [-1, 0, 0.7]) {
      for (const sample of drawSamples(
        `starts ${lambda}`,
        10,
        { ...DESIGN, seeds: 5 },
        alongGrowth(lambda, 3),
      )) {
        expect(maximaSpread(sample)).toBeLessThan(1e-4);
        if (i++ % 5 > 0) continue;
        const profile = Array.from({ length: 61 }, (_, k) =>
          fitAtLambda(sample, (k - 30) / 10, sample.weight),
        );
        const best = Math.max(...profile.map(one => one.logLikelihood));
        const { logLikelihood } = fitLaw('free', sample);
        expect(logLikelihood).toBeGreaterThanOrEqual(best - 1e-9);
        expect(logLikelihood - best).toBeLessThan(0.5);
      }
    }
  });

  test('a law that contains another is never less likely', () => {
    const value = (name: (typeof LAW_NAMES)[number]): number => fitLaw(name, SAMPLE).logLikelihood;
    for (const name of ['logarithmic', 'square root', 'linear', 'saturating'] as const) {
      expect(value(name)).toBeGreaterThanOrEqual(value('constant') - 1e-9);
      expect(value('free')).toBeGreaterThanOrEqual(value(name) - 1e-9);
    }
    expect(value('one mean per size')).toBeGreaterThanOrEqual(value('free') - 1e-9);
  });
});

describe('invariances', () => {
  const fitted = (rows: readonly CrossingRow[]) => fitLaw('free', packSample(rows));
  const rows = rowsOf(SAMPLE);
  const base = fitted(rows);
  const growthOf = (fit: typeof base) => {
    if (fit.law.form !== 'growth') throw new Error('not a growth law');
    return fit.law;
  };

  test('to the unit of time: only alpha changes', () => {
    const slower = fitted(rows.map(row => ({ ...row, lower: 60 * row.lower, upper: 60 * row.upper! })));
    expect(growthOf(slower).alpha).toBeCloseTo(growthOf(base).alpha + Math.log(60), 6);
    expect(growthOf(slower).lambda).toBeCloseTo(growthOf(base).lambda, 5);
    expect(growthOf(slower).r).toBeCloseTo(growthOf(base).r, 6);
    expect(slower.sigma).toBeCloseTo(base.sigma, 7);
    expect(slower.logLikelihood).toBeCloseTo(base.logLikelihood, 8);
  });

  test('to the order of the rows, bit for bit', () => {
    const shuffled = [...rows].sort(
      (a, b) => Math.sin(a.datasetSize + a.seed) - Math.sin(b.datasetSize + b.seed),
    );
    expect(shuffled).not.toEqual(rows);
    expect(fitted(shuffled)).toEqual(base);
  });

  test('weight 2 is a row twice', () => {
    const heavy = fitted(rows.map((row, i) => ({ ...row, weight: i % 3 === 0 ? 2 : 1 })));
    const twice = fitted([...rows, ...rows.filter((_, i) => i % 3 === 0)]);
    expect(heavy.logLikelihood).toBeCloseTo(twice.logLikelihood, 9);
    expect(growthOf(heavy).lambda).toBeCloseTo(growthOf(twice).lambda, 6);
  });

  test('narrow intervals are ordinary least squares on ln t*', () => {
    const times = rows.map(row => 0.5 * (row.lower + row.upper!));
    const narrow = packSample(
      rows.map((row, i) => ({ ...row, lower: times[i]! * (1 - 5e-7), upper: times[i]! * (1 + 5e-7) })),
    );
    const { law, sigma } = fitLaw('power', narrow);
    const x = rows.map(row => Math.log(row.datasetSize / SAMPLE.nRef));
    const y = times.map(Math.log);
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const [mx, my] = [mean(x), mean(y)];
    const c = mean(x.map((at, i) => (at - mx) * (y[i]! - my))) / mean(x.map(at => (at - mx) ** 2));
    const rest = Math.sqrt(mean(x.map((at, i) => (y[i]! - my - c * (at - mx)) ** 2)));
    if (law.form !== 'power') throw new Error('not a power law');
    expect(law.c).toBeCloseTo(c, 6);
    expect(law.alpha).toBeCloseTo(my - c * mx, 6);
    expect(sigma).toBeCloseTo(rest, 6);
  });

  test('an empty interval is a defect', () => {
    expect(() => packSample([{ datasetSize: 1, seed: 0, lower: 5, upper: 4, checkpoints: [] }])).toThrow(
      RangeError,
    );
  });
});
