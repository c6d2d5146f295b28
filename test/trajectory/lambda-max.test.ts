import { expect, it } from 'vitest';
import type { InputMatrix } from '../../src/data/inputs.js';
import { stabilityLimit } from '../../src/domain/stability.js';
import { normals, stream } from '../../src/math/random.js';
import { lambdaMax } from '../../src/trajectory/lambda-max.js';

/** A dense matrix as compressed rows. */
function compress(rows: number[][]): InputMatrix {
  const columns = rows[0]!.length;
  return {
    rows: rows.length,
    columns,
    rowStart: Uint32Array.from({ length: rows.length + 1 }, (_, r) => r * columns),
    column: Uint16Array.from(rows.flatMap(row => row.map((_, c) => c))),
    value: Float32Array.from(rows.flat()),
  };
}

it('is |x|^2 for one sample on which all neurons are active', () => {
  const inputs = compress([[3, 4]]);
  expect(lambdaMax(inputs, [1, 1, 2, 0.5], 2, 'relu', 'first')).toBeCloseTo(25, 10);
  // Half of the neurons are silent, so the kernel halves. Training b adds sigma^2.
  expect(lambdaMax(inputs, [1, 1, -1, -1], 2, 'relu', 'first')).toBeCloseTo(12.5, 10);
  expect(lambdaMax(inputs, [1, 1, -1, -1], 2, 'relu', 'both')).toBeCloseTo(12.5 + 49 / 2, 10);
});

it('agrees with Rayleigh quotients of an independently computed kernel', () => {
  const normal = normals(stream(1, 'test'));
  const rows = Array.from({ length: 12 }, () => Array.from({ length: 5 }, () => Math.fround(normal())));
  const weights = Array.from({ length: 7 * 5 }, normal);
  const slope = (i: number, s: number) => {
    const z = rows[s]!.reduce((sum, x, c) => sum + x * weights[i * 5 + c]!, 0);
    return 1 - Math.tanh(z) ** 2;
  };
  const kernel = rows.map((x, r) =>
    rows.map((other, s) => {
      let sum = 0;
      for (let i = 0; i < 7; i++) sum += slope(i, r) * slope(i, s);
      return (sum / 7 / 12) * x.reduce((dot, value, c) => dot + value * other[c]!, 0);
    }),
  );
  const trace = kernel.reduce((sum, row, r) => sum + row[r]!, 0);
  // The trace of K^(2^6), scaled, to the power 2^-6 bounds the leading eigenvalue tightly from above.
  let power = kernel.map(row => row.map(entry => entry / trace));
  for (let round = 0; round < 6; round++) {
    power = power.map(row =>
      power.map((_, s) => row.reduce((sum, entry, m) => sum + entry * power[m]![s]!, 0)),
    );
  }
  const upper = trace * power.reduce((sum, row, r) => sum + row[r]!, 0) ** (1 / 64);
  const found = lambdaMax(compress(rows), weights, 7, 'tanh', 'first');
  expect(found).toBeLessThanOrEqual(upper * (1 + 1e-9));
  expect(found).toBeGreaterThan(upper * 0.96);
});

it('is a quarter for the logistic loss, the ratio of the curvatures', () => {
  expect([stabilityLimit('squared'), stabilityLimit('logistic')]).toEqual([2, 8]);
});
