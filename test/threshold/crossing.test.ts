import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findCrossing } from '../../src/threshold/crossing.js';
import { endingOf, hasSettled, isFlat } from '../../src/threshold/ending.js';
import { smoothCurve, type Trend } from '../../src/threshold/smooth-curve.js';

const LOSS: Trend = { direction: 'down', turnsBack: false };
const ACCURACY: Trend = { direction: 'up', turnsBack: false };
const TEST_ACCURACY: Trend = { direction: 'up', turnsBack: true };

const cross = (t: number[], values: (number | null)[], level: number, trend = LOSS) =>
  findCrossing(smoothCurve(t, values, trend), level);

/** 0, then a geometric grid that ends at 2^doublings. */
const grid = (doublings: number): number[] => [
  0,
  ...Array.from({ length: 2 * doublings + 1 }, (_, i) => 2 ** (i / 2)),
];

describe('crossing of a monotone curve', () => {
  const t = [0, 10, 20, 30, 40];
  const loss = [0.5, 0.4, 0.3, 0.2, 0.1];

  test('lies between two checkpoints', () => {
    const beside = { rawUpper: 30, sustainedUpper: 30, flagged: false };
    expect(cross(t, loss, 0.25)).toEqual({ lower: 20, upper: 30, censoring: 'interval', ...beside });
  });

  test('lies on a checkpoint, also where a mean or a sum is an ulp off', () => {
    expect(cross(t, loss, 0.2)?.upper).toBe(30);
    expect(cross([0, 1, 2], [0.5, 0.2 + Number.EPSILON, 0.1], 0.2)?.upper).toBe(1);
    expect(cross([0, 1, 2, 3], [0.5, 0.1 + 0.2, 0.3, 0.2], 0.3)?.upper).toBe(1);
    expect(cross([0, 1, 2], [0.1, 0.3 - 2 ** -54, 0.9], 0.3, ACCURACY)?.upper).toBe(1);
    expect(cross([0, 1, 2], [0.5, 0.2 + 1e-9, 0.1], 0.2)?.upper).toBe(2);
  });

  test('is left-censored where met at t = 0, or at the first checkpoint after it', () => {
    const at0 = cross(t, loss, 0.6);
    expect(at0).toEqual({
      lower: 0,
      upper: 10,
      censoring: 'left',
      rawUpper: 0,
      sustainedUpper: 0,
      flagged: false,
    });
    const at10 = cross(t, loss, 0.45);
    expect(at10).toEqual({ ...at0, rawUpper: 10, sustainedUpper: 10 });
    expect(cross([5, 10], [0.1, 0.05], 0.2)).toMatchObject({ lower: 0, upper: 5, censoring: 'left' });
  });

  test('is right-censored where never met', () => {
    const beside = { rawUpper: null, sustainedUpper: null, flagged: false };
    expect(cross(t, loss, 0.05)).toEqual({ lower: 40, upper: null, censoring: 'right', ...beside });
  });

  test('works upwards for accuracies', () => {
    expect(cross(t, [0.5, 0.6, 0.7, 0.8, 0.9], 0.75, ACCURACY)).toMatchObject({ lower: 20, upper: 30 });
  });

  test('has a wider interval where points are not measured', () => {
    expect(cross(t, [0.5, 0.4, null, 0.2, 0.1], 0.25)).toMatchObject({ lower: 10, upper: 30 });
    expect(cross(t, [null, null, 0.3, 0.2, null], 0.05)).toMatchObject({ lower: 30, censoring: 'right' });
  });

  test('is null for fewer than two points', () => {
    expect(cross([0], [0.1], 0.2)).toBeNull();
    expect(cross([0, 5], [0.5, null], 0.2)).toBeNull();
    expect(cross([], [], 0.2)).toBeNull();
  });

  test('throws for checkpoints out of order', () => {
    expect(() => cross([0, 20, 10], [3, 2, 1], 1)).toThrow(RangeError);
    expect(() => cross([0, 10, 10], [3, 2, 1], 1)).toThrow(RangeError);
  });
});

describe('crossing of a noisy curve', () => {
  test('the fit decides; raw and sustained crossings are reported, too', () => {
    const t = [0, 1, 2, 3, 4, 5, 6];
    // The dip at 2 is pooled with 3 to 5: (0.15 + 0.35 + 0.35 + 0.28) / 4 > 0.2.
    const crossing = cross(t, [0.5, 0.4, 0.15, 0.35, 0.35, 0.28, 0.1], 0.2);
    expect(crossing).toEqual({
      lower: 5,
      upper: 6,
      censoring: 'interval',
      rawUpper: 2,
      sustainedUpper: 6,
      flagged: true,
    });
  });

  test('raw and sustained crossings three checkpoints apart are flagged, two are not', () => {
    const t = [0, 1, 2, 3, 4];
    expect(cross(t, [0.5, 0.1, 0.3, 0.1, 0.1], 0.2)).toMatchObject({
      rawUpper: 1,
      sustainedUpper: 3,
      flagged: false,
    });
    expect(cross(t, [0.5, 0.1, 0.1, 0.3, 0.1], 0.2)).toMatchObject({
      rawUpper: 1,
      sustainedUpper: 4,
      flagged: true,
    });
  });

  test('a curve that is never sustained counts as sustained after its last point', () => {
    const t = [0, 1, 2, 3, 4];
    const late = cross(t, [0.5, 0.4, 0.4, 0.1, 0.35], 0.2);
    expect(late).toMatchObject({ censoring: 'right', rawUpper: 3, sustainedUpper: null, flagged: false });
    expect(cross(t, [0.5, 0.4, 0.1, 0.3, 0.3], 0.2)).toMatchObject({ sustainedUpper: null, flagged: true });
  });

  test('a metric that turns back keeps its crossing: the fit ends at the optimum', () => {
    const t = [0, 1, 2, 3, 4, 5];
    const accuracy = [0.5, 0.8, 0.92, 0.85, 0.8, 0.75];
    expect(cross(t, accuracy, 0.9, TEST_ACCURACY)).toMatchObject({
      lower: 1,
      upper: 2,
      rawUpper: 2,
      flagged: true,
    });
    expect(cross(t, accuracy, 0.9, ACCURACY)).toMatchObject({ censoring: 'right' });
    expect([...smoothCurve(t, accuracy, TEST_ACCURACY).fit]).toEqual([0.5, 0.8, 0.92, 0.92, 0.92, 0.92]);
  });

  test('a metric that turns back is smoothed as any other before its optimum', () => {
    const curve = smoothCurve([0, 1, 2, 3, 4], [0.5, 0.8, 0.6, 0.9, 0.7], TEST_ACCURACY);
    expect([...curve.fit].map(v => v.toFixed(3))).toEqual(['0.500', '0.700', '0.700', '0.900', '0.900']);
  });

  test('for any curve, lower, upper and raw are in order, and agree where nothing is noisy', () => {
    const value = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 10 });
    const curve = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), value), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(
        curve,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        (points, level, turnsBack) => {
          const t = [0];
          for (const [step] of points.slice(1)) t.push(t.at(-1)! + step);
          const values = points.map(point => point[1]);
          const measured = t.filter((_, i) => values[i] !== null);
          const found = cross(t, values, level, { direction: 'down', turnsBack });
          if (measured.length < 2) {
            expect(found).toBeNull();
            return;
          }
          const { lower, upper, censoring, rawUpper, sustainedUpper } = found!;
          if (upper === null) {
            expect(lower).toBe(measured.at(-1));
            expect(['right', 'unreachable']).toContain(censoring);
          } else {
            expect(lower! < upper).toBe(true);
            expect(measured).toContain(upper);
            expect(censoring === 'left').toBe(lower === 0);
            // A monotone fit cannot be below the level before some raw value is.
            expect(rawUpper !== null && rawUpper <= upper).toBe(true);
          }
          if (sustainedUpper !== null) expect(rawUpper! <= sustainedUpper).toBe(true);
          const falling = values.map((_, i) => 1 - i / values.length);
          const clean = cross(t, falling, level, { direction: 'down', turnsBack })!;
          expect(clean.rawUpper).toBe(clean.sustainedUpper);
          if (clean.upper !== null && clean.rawUpper !== 0) expect(clean.rawUpper).toBe(clean.upper);
        },
      ),
    );
  });
});

describe('unreachable', () => {
  const decay = (t: number[], rate: number, floor: number): number[] =>
    t.map(time => floor + 0.4 * Math.exp(-rate * time));

  test('a curve that flattens out above the target is unreachable; below it, it crosses', () => {
    const t = grid(10);
    const loss = decay(t, 0.02, 0.1);
    expect(cross(t, loss, 0.05)).toMatchObject({ lower: 1024, upper: null, censoring: 'unreachable' });
    expect(cross(t, loss, 0.2)).toMatchObject({ censoring: 'interval' });
  });

  test('a curve that still moves is right-censored', () => {
    const t = grid(10);
    expect(cross(t, decay(t, 0.002, 0.1), 0.05)).toMatchObject({ censoring: 'right' });
    // A power law without a floor: it falls by 6.7% of its value in each doubling.
    const power = t.map(time => 0.5 * (1 + time) ** -0.1);
    expect(cross(t, power, 0.01)).toMatchObject({ lower: 1024, censoring: 'right' });
  });

  test('a gain of 5% of the remaining distance is the limit', () => {
    const t = [0, 1, 2, 4, 8, 16, 32, 64, 128];
    const withGain = (gain: number): number[] => [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5 - gain];
    const distance = 0.4; // from 0.5, at t = 64, down to the target 0.1
    expect(isFlat(endingOf(smoothCurve(t, withGain(0.049 * distance), LOSS)), 0.1)).toBe(true);
    expect(isFlat(endingOf(smoothCurve(t, withGain(0.051 * distance), LOSS)), 0.1)).toBe(false);
  });

  test('a curve that has hardly started to move is right-censored', () => {
    const t = grid(10);
    const slow = decay(t, 1e-5, 0.1);
    expect(slow.at(-1)!).toBeGreaterThan(0.49);
    expect(cross(t, slow, 0.05)).toMatchObject({ censoring: 'right' });
  });

  test('a curve of too few checkpoints, or too short a range, is right-censored', () => {
    const flat = (t: number[]) => cross(t, [0.9, ...t.slice(1).map(() => 0.5)], 0.1)?.censoring;
    expect(flat([0, 1, 2, 4, 8, 16, 32, 64, 128])).toBe('unreachable');
    expect(flat([0, 1, 2, 4, 8, 16, 32, 64])).toBe('right');
    expect(flat([0, 10, 20, 30, 40, 50, 60, 70, 80])).toBe('unreachable');
    expect(flat([0, 11, 20, 30, 40, 50, 60, 70, 80])).toBe('right');
  });

  test('a curve without any improvement is flat', () => {
    const t = grid(10);
    expect(
      cross(
        t,
        t.map(() => 0.5),
        0.1,
      ),
    ).toMatchObject({ censoring: 'unreachable' });
  });

  test('a metric that turned back long ago does not reach its target any more', () => {
    const t = grid(10);
    const accuracy = t.map(time => (time <= 100 ? 0.5 + 0.004 * time : 0.9 - 0.0001 * (time - 100)));
    expect(cross(t, accuracy, 0.95, TEST_ACCURACY)).toMatchObject({ lower: 1024, censoring: 'unreachable' });
  });

  test('an exponential settles after 2.2 time constants, a square root never', () => {
    const t = grid(12);
    const settled = (times: number[], values: number[]): boolean =>
      hasSettled(endingOf(smoothCurve(times, values, LOSS)));
    const settledAt = (constants: number): boolean => settled(t, decay(t, constants / 4096, 0));
    expect(settledAt(2)).toBe(false);
    expect(settledAt(2.5)).toBe(true);
    expect(
      settled(
        t,
        t.map(time => -Math.sqrt(time)),
      ),
    ).toBe(false);
  });
});
