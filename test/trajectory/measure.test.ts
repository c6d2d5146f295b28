import { expect, it } from 'vitest';
import { Measure, measure } from '../../src/trajectory/measure.js';

const outputs = Float64Array.of(0.5, -2, 0, 1);
const labels = Float32Array.of(1, 1, -1, 1);

it('gives the mean squared loss, and counts an output of 0 as wrong', () => {
  expect(measure(outputs, labels, 'squared')).toEqual({ loss: (0.125 + 4.5 + 0.5 + 0) / 4, accuracy: 0.5 });
});

it('gives the mean logistic loss', () => {
  const expected = [0.5, -2, 0, 1].map((f, i) => Math.log(1 + Math.exp(-f * labels[i]!)));
  const { loss } = measure(outputs, labels, 'logistic');
  expect(loss).toBeCloseTo(expected.reduce((a, b) => a + b) / 4, 14);
});

it('gives the same result for chunks as for the whole', () => {
  const sum = new Measure('squared');
  sum.add(outputs.subarray(0, 1), labels, 0);
  sum.add(outputs.subarray(1), labels, 1);
  expect(sum.result()).toEqual(measure(outputs, labels, 'squared'));
});
