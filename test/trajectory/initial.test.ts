import { describe, expect, it } from 'vitest';
import type { NetworkSettings } from '../../src/domain/types.js';
import { gradientRate, initialState, outputScale } from '../../src/trajectory/initial.js';

const settings: NetworkSettings = {
  activation: 'relu',
  scaling: 'mean-field',
  bias: false,
  initScale: 1,
  symmetricInit: false,
};

describe('initial weights', () => {
  it('have mean 0 and variance 2/d, times initScale as a factor of each coordinate', () => {
    for (const initScale of [1, 0.5]) {
      const { weights } = initialState({ ...settings, initScale }, 0, 500, 100);
      const values = [...weights];
      const mean = values.reduce((sum, a) => sum + a, 0) / values.length;
      const variance = values.reduce((sum, a) => sum + a * a, 0) / values.length;
      expect(Math.abs(mean)).toBeLessThan(0.003);
      expect(variance / (initScale * initScale * 0.02)).toBeCloseTo(1, 1);
    }
  });

  it('have signs +1 and -1 in about equal numbers', () => {
    const { signs } = initialState(settings, 3, 4000, 2);
    expect(new Set(signs)).toEqual(new Set([1, -1]));
    expect(Math.abs([...signs].reduce((sum, b) => sum + b, 0))).toBeLessThan(250);
  });

  it('of a wider network start with those of a narrower one', () => {
    const narrow = initialState(settings, 7, 10, 6);
    const wide = initialState(settings, 7, 25, 6);
    expect(wide.weights.slice(0, 60)).toEqual(narrow.weights);
    expect(wide.signs.slice(0, 10)).toEqual(narrow.signs);
  });

  it('pair up with symmetricInit, so that the network starts at exactly 0', () => {
    const { weights, signs } = initialState({ ...settings, symmetricInit: true }, 0, 6, 4);
    for (let i = 0; i < 6; i += 2) {
      expect(weights.slice((i + 1) * 4, (i + 2) * 4)).toEqual(weights.slice(i * 4, (i + 1) * 4));
      expect(signs[i + 1]).toBe(-signs[i]!);
    }
    expect(weights.slice(8, 12)).not.toEqual(weights.slice(0, 4));
  });

  it('scale outputs by N^(1 - gamma) and gradients by N^(gamma - 1)', () => {
    expect([outputScale('mean-field', 400), gradientRate('mean-field', 400)]).toEqual([1, 1]);
    expect([outputScale('ntk', 400), gradientRate('ntk', 400)]).toEqual([20, 1 / 20]);
  });
});
