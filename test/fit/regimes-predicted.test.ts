/** Regimes of predictions, and whether they agree with the measured ones. */
import { expect, test } from 'vitest';
import { atOnce } from '../../src/base/steps.js';
import { bentTimes } from '../../src/design/bends.js';
import { compareRegimes, findRegimes, type Regimes, regimesOfPredictions } from '../../src/fit/index.js';
import { alongGrowth, alongPower, DESIGN, drawSamples } from './scenarios.js';

const SIZES = DESIGN.sizes;
const BENT_AT = (at: number) =>
  bentTimes({ shape: 'power-to-constant', start: 100, at, exponent: 0.5 }, SIZES).map(Math.log);

/** Predictions of a curve: each seed's is up to 4% off, and tilted by up to 1% a unit of ln n. */
const predictionsOf = (logMu: readonly number[], seeds = 10, apart = 1) =>
  SIZES.flatMap((datasetSize, at) =>
    Array.from({ length: seeds }, (_, seed) => {
      const off =
        apart *
        (0.04 * Math.sin(7 * seed) +
          0.01 * Math.cos(5 * seed) * (at - 3.5) +
          0.01 * Math.sin(3 * seed + 11 * at));
      const t = Math.round(Math.exp(logMu[at]! + off));
      return { datasetSize, seed, predicted: { lower: t, upper: t } };
    }),
  );
const predicted = (...rows: Parameters<typeof predictionsOf>): Regimes =>
  atOnce(regimesOfPredictions(1)(predictionsOf(...rows)))!.regimes;

const measured = (logMu: readonly number[], lacking: string | null = null): Regimes => {
  const [sample] = drawSamples('beside predictions', 1, DESIGN, logMu);
  return atOnce(findRegimes(sample!, { seed: 1, name: 'beside predictions', lacking, isSmooth: null }));
};

test('a law over all sizes of both is agreement, another law is not', () => {
  const power = predicted(alongPower(3));
  expect(power.bend).toBeNull();
  expect(compareRegimes(power, measured(alongPower(3)))).toEqual({
    agree: true,
    sentence: 'Prediction and measurement agree: neither has a bend; over all sizes a power holds in both.',
  });
  expect(compareRegimes(power, measured(alongGrowth(0, 3)))).toEqual({
    agree: false,
    sentence:
      'Prediction and measurement do not agree: over all sizes a power is predicted, and a logarithm measured.',
  });
});

test('bends agree where their intervals overlap and a law holds in both at either end', () => {
  const [early, late] = [predicted(BENT_AT(0.3)), predicted(BENT_AT(0.7))];
  const found = measured(BENT_AT(0.3));
  const same = compareRegimes(early, found);
  expect(same.agree).toBe(true);
  expect(same.sentence).toMatch(
    /^Prediction and measurement agree: a bend is predicted between n = [\d,]+ and [\d,]+ and measured between n = [\d,]+ and [\d,]+; at the largest sizes a constant, a logarithm and a power hold in both\.$/,
  );
  const apart = compareRegimes(late, found);
  expect(apart.agree).toBe(false);
  expect(apart.sentence).toMatch(
    /^Prediction and measurement do not agree: a bend is predicted between .* and measured between/,
  );
});

test('an end at which one of them has no law is not compared', () => {
  // The bend lies just above the fourth largest size, which the small noise of predictions shows.
  const four = predicted(BENT_AT(0.6));
  expect(four.upper).toBeNull();
  expect(compareRegimes(four, measured(BENT_AT(0.5))).sentence).not.toContain('largest');
});

test('a bend in one alone is no agreement', () => {
  const bend = BENT_AT(0.5);
  const inPrediction = compareRegimes(predicted(bend), measured(alongGrowth(0, 3)));
  expect(inPrediction).toMatchObject({ agree: false });
  expect(inPrediction.sentence).toMatch(
    /: a bend is predicted between .*, and none is found in the measurement, whose noise may hide one\.$/,
  );
  const inMeasurement = compareRegimes(predicted(alongPower(3)), measured(bend));
  expect(inMeasurement).toMatchObject({ agree: false });
  expect(inMeasurement.sentence).toMatch(
    /: a bend is measured between .*, and none is found in the prediction\.$/,
  );
});

test('without regimes of both nothing is compared', () => {
  const few = predicted(alongPower(3), 3);
  expect(few.sentence).toBe('No regimes: too few predictions: 3 seeds (needed: at least 5).');
  expect(compareRegimes(few, measured(alongPower(3)))).toEqual({
    agree: null,
    sentence: 'Not compared: the prediction has no regimes.',
  });
  expect(compareRegimes(few, measured(alongPower(3), 'insufficient data')).sentence).toBe(
    'Not compared: the prediction and the measurement have no regimes.',
  );
});

test('predictions that are the same for every seed leave a law only what rounding to iterations explains', () => {
  expect(predicted(alongPower(3), 10, 0).ranges).toContainEqual(
    expect.objectContaining({ law: 'power', side: 'upper', from: 250 }),
  );
  expect(predicted(alongGrowth(0.5, 3), 10, 0).bend).not.toBeNull();
});

test('one seed has predictions and no regimes; no prediction is null', () => {
  const rows = predictionsOf(alongPower(3), 1);
  expect(atOnce(regimesOfPredictions(1)(rows))!.means).toHaveLength(8);
  expect(atOnce(regimesOfPredictions(1)(rows.map(row => ({ ...row, predicted: undefined }))))).toBeNull();
});

test('the same predictions are searched once, whatever the group, and give the same', () => {
  const find = regimesOfPredictions(1);
  const rows = predictionsOf(alongPower(3));
  const first = atOnce(find(rows))!;
  expect(atOnce(find([...rows].reverse()))).toBe(first);
  expect(atOnce(regimesOfPredictions(1)(rows))).toEqual(first);
  const means = first.means.map(({ t }) => t);
  alongPower(3).forEach((logMu, at) => {
    expect(Math.abs(Math.log(means[at]!) - logMu)).toBeLessThan(0.03);
  });
});
