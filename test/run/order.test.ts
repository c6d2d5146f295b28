import { describe, expect, it } from 'vitest';
import { expandGrid } from '../../src/domain/grid.js';
import { parseSweep } from '../../src/domain/sweep-file/parse.js';
import { defaultOrder, rankBy } from '../../src/run/order.js';
import { plainSweep } from '../support/small-sweeps.js';

describe('the order of a run', () => {
  it('is longest first unless the time is limited and hardly enough', () => {
    expect(defaultOrder(1e9, Number.POSITIVE_INFINITY)).toBe('longest');
    expect(defaultOrder(79, 100)).toBe('longest');
    expect(defaultOrder(81, 100)).toBe('seeds');
    expect(defaultOrder(0, 0)).toBe('longest');
  });

  it.each([
    [{ seed: [7, 3] }, [7, 3]],
    [
      { datasetSize: undefined, seed: undefined, zip: [{ datasetSize: [40, 50, 60], seed: [5, 2, 5] }] },
      [5, 2],
    ],
  ])('ranks the seeds of %j as the sweep lists them', (axes, seeds) => {
    const spec = parseSweep(JSON.stringify(plainSweep({ axes })));
    const dataset = { name: 'digits', positive: [5], content: 'x' } as const;
    const planned = expandGrid(spec, () => dataset, { name: 'wasm', numerics: 3 });
    const ranks = new Map(planned.map(({ config }) => [config.seed, rankBy('seeds', spec)(config)]));
    expect([...ranks].sort(([, a], [, b]) => a - b).map(([seed]) => seed)).toEqual(seeds);
    expect(new Set(planned.map(({ config }) => rankBy('longest', spec)(config)))).toEqual(new Set([0]));
  });
});
