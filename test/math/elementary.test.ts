import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cos,
  exp,
  expm1,
  log,
  log1p,
  logAll,
  sigmoid,
  sin,
  softplus,
  tanh,
} from '../../src/math/elementary.js';
import { integerBelow, stream } from '../../src/math/random.js';

/** Node's own functions, correct to a few units in the last place: the reference, never the implementation. */
const functions = [
  { name: 'exp', ours: exp, theirs: Math.exp, from: -745, to: 709.7 },
  { name: 'expm1', ours: expm1, theirs: Math.expm1, from: -50, to: 709.7 },
  { name: 'log', ours: log, theirs: Math.log, from: 0, to: Number.MAX_VALUE },
  { name: 'log1p', ours: log1p, theirs: Math.log1p, from: -1, to: Number.MAX_VALUE },
  { name: 'tanh', ours: tanh, theirs: Math.tanh, from: -30, to: 30 },
  { name: 'sin', ours: sin, theirs: Math.sin, from: -1647099, to: 1647099 },
  { name: 'cos', ours: cos, theirs: Math.cos, from: -1647099, to: 1647099 },
] as const;

function relativeError(value: number, expected: number): number {
  if (Object.is(value, expected)) return 0;
  // Below the normal range, the error counts in units in the last place.
  return Math.abs(value - expected) / Math.max(Math.abs(expected), 2.3e-308);
}

/** Points of [from, to] at every magnitude, from a fixed stream. */
function points(from: number, to: number, count: number): number[] {
  const next = stream(1, 'elementary', from, to);
  const found: number[] = [];
  while (found.length < count) {
    const reach = found.length % 4 === 0 ? 1020 : 12;
    const doublings = integerBelow(next, 2 * reach + 1) - reach;
    let x = 2 * next() - 1;
    for (let i = 0; i < Math.abs(doublings); i++) x *= doublings < 0 ? 0.5 : 2;
    if (found.length % 7 === 0) x = from + next() * (to - from);
    if (x >= from && x <= to) found.push(x);
    else if (-x >= from && -x <= to) found.push(-x);
  }
  return found;
}

describe.each(functions)('$name', ({ ours, theirs, from, to }) => {
  it('agrees with the platform to 1e-15 at every magnitude', () => {
    let worst = 0;
    for (const x of points(from, to, 60_000)) worst = Math.max(worst, relativeError(ours(x), theirs(x)));
    expect(worst).toBeLessThan(1e-15);
  });

  it('agrees with the platform at random doubles', () => {
    fc.assert(
      fc.property(fc.double({ min: from, max: to, noNaN: true }), x => {
        expect(relativeError(ours(x), theirs(x))).toBeLessThan(1e-15);
      }),
      { seed: 7, numRuns: 2000 },
    );
  });

  it('has the limits of the platform', () => {
    const small = [0, 1, 5e-324, 2.2250738585072014e-308, 1e-300];
    const large = [709.79, 745.1, 745.2, 800, 1e300, Number.MAX_VALUE, Infinity];
    const edges = [...small, ...large].flatMap(x => [x, -x]).concat(Number.NaN);
    for (const x of edges) {
      const value = ours(x);
      const expected = theirs(x);
      const outside = to === 1647099 && Math.abs(x) > to;
      if (outside) expect(value).toBeNaN();
      else if (Number.isFinite(expected)) expect(relativeError(value, expected)).toBeLessThan(1e-15);
      else expect(value).toBe(expected);
      if (expected === 0) expect(value).toBe(expected);
    }
  });
});

describe('near points of cancellation', () => {
  it('log is accurate next to 1', () => {
    for (let i = -2000; i <= 2000; i++) {
      const x = 1 + i * 2.220446049250313e-16;
      expect(relativeError(log(x), Math.log(x))).toBeLessThan(1e-15);
      const y = 1 + i * 1e-4;
      expect(relativeError(log(y), Math.log(y))).toBeLessThan(1e-15);
    }
  });

  it('sin and cos are accurate next to multiples of a quarter turn', () => {
    for (let k = 1; k < 1_000_000; k += 1 + (k >> 4)) {
      const x = k * (Math.PI / 2);
      expect(relativeError(sin(x), Math.sin(x))).toBeLessThan(1e-15);
      expect(relativeError(cos(x), Math.cos(x))).toBeLessThan(1e-15);
    }
  });

  it('exp and expm1 are accurate next to changes of exponent', () => {
    for (let k = -1070; k <= 1023; k++) {
      for (const shift of [-1e-9, 0, 1e-9]) {
        const x = (k + 0.5) * Math.LN2 + shift;
        expect(relativeError(exp(x), Math.exp(x))).toBeLessThan(1e-15);
        expect(relativeError(expm1(x), Math.expm1(x))).toBeLessThan(1e-15);
      }
    }
  });
});

it('logAll gives the bits of log', () => {
  const next = stream(0, 'logs');
  const values = Float64Array.from({ length: 10_000 }, () => next() * 10 ** (600 * next() - 300));
  values.set([1, Math.SQRT2, 2 ** -1022, 2 ** 1023, 1 - 2 ** -53, 1 + 2 ** -52]);
  const logs = values.slice();
  logAll(logs, 9_000);
  expect(logs).toEqual(values.map((x, i) => (i < 9_000 ? log(x) : x)));
});

describe('softplus and sigmoid', () => {
  it('are log(1 + e^x) and 1 / (1 + e^-x), in both tails', () => {
    for (const x of points(-700, 700, 20_000)) {
      const plus = x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
      expect(relativeError(softplus(x), plus)).toBeLessThan(1e-15);
      const share = x > 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
      expect(relativeError(sigmoid(x), share)).toBeLessThan(1e-15);
    }
  });

  it('have limits', () => {
    expect(softplus(Infinity)).toBe(Infinity);
    expect(softplus(-Infinity)).toBe(0);
    expect(softplus(1e300)).toBe(1e300);
    expect(softplus(0)).toBeCloseTo(Math.LN2, 15);
    expect(softplus(Number.NaN)).toBeNaN();
    expect(sigmoid(Infinity)).toBe(1);
    expect(sigmoid(-Infinity)).toBe(0);
    expect(sigmoid(0)).toBe(0.5);
    expect(sigmoid(Number.NaN)).toBeNaN();
  });
});

describe('the bits', () => {
  it('are pinned: a change invalidates every stored result', () => {
    const hash = createHash('sha256');
    const all = [
      ...functions,
      { ours: softplus, from: -700, to: 700 },
      { ours: sigmoid, from: -700, to: 700 },
    ];
    for (const { ours, from, to } of all) {
      const view = new DataView(new ArrayBuffer(8));
      for (const x of points(from, to, 4000)) {
        view.setFloat64(0, ours(x));
        hash.update(new Uint8Array(view.buffer));
      }
    }
    expect(hash.digest('hex')).toBe('42f7b68e2b10e6e825157cdd4edae76e0f09f8afd54df8f3aabd4618b76d9da7');
  });
});
