import { expect, it } from 'vitest';
import { predictedLambda } from '../../src/fit/estimate/predicted.js';

const SIZES = [100, 200, 400, 800, 1600, 3200];
const rows = (of: (n: number, seed: number) => number) =>
  SIZES.flatMap(datasetSize =>
    [0, 1, 2, 3].map(seed => {
      const t = Math.round(of(datasetSize, seed));
      return { datasetSize, seed, checkpoints: [0, 10, 1000], predicted: { lower: t, upper: t } };
    }),
  );
const noise = (seed: number) => 1 + 0.02 * (seed - 1.5);

it('is the exponent of the law that predictions follow', () => {
  const logarithmic = predictedLambda(rows((n, seed) => 2000 * noise(seed) * (1 + 0.3 * Math.log(n / 566))))!;
  expect(Math.abs(logarithmic.value)).toBeLessThan(0.05);
  expect(logarithmic.interval95!.low).toBeLessThan(0);
  expect(logarithmic.interval95!.high).toBeGreaterThan(0);
  const linear = predictedLambda(rows((n, seed) => noise(seed) * (300 + n)))!;
  expect(linear.value).toBeCloseTo(1, 1);
});

it('has no interval for one seed, and is null for two sizes or without predictions', () => {
  const one = rows(n => 300 + n).filter(({ seed }) => seed === 0);
  expect(predictedLambda(one)!.interval95).toBeNull();
  expect(predictedLambda(rows(n => n).filter(({ datasetSize }) => datasetSize <= 200))).toBeNull();
  expect(predictedLambda(rows(n => n).map(row => ({ ...row, predicted: undefined })))).toBeNull();
});
