import { describe, expect, it } from 'vitest';
import type { PruneMethod } from '../../src/domain/types.js';
import { stream } from '../../src/math/random.js';
import { renderReport } from '../../src/report/page/report.js';
import type { CurvePoint, Spread } from '../../src/store/read/figure-rows.js';
import { figureData } from './fixtures.js';

const SIZES = Array.from({ length: 14 }, (_, i) => 100 * 2 ** i);
const TIMES = [0, ...Array.from({ length: 99 }, (_, i) => 5 + i * i)];
const METHODS: readonly PruneMethod[] = ['greedy', 'random', 'magnitude'];

/** Random values, so that no coordinate is short by chance. */
const next = stream(0, 'size-test');
const spread = (): Spread => {
  const low = next();
  return { low, mean: low + 0.1 * next(), high: low + 0.1 + 0.1 * next() };
};
const point = (network: CurvePoint['network'], n: number, t: number): CurvePoint => ({
  network,
  n,
  t,
  seeds: 20,
  loss: spread(),
  accuracy: spread(),
});

describe('a report', () => {
  it('stays below 3 MB with the most rows that its figures can hold', async () => {
    const curves = (['dense', ...METHODS] as const).flatMap(network =>
      SIZES.flatMap(n => TIMES.map(t => point(network, n, t))),
    );
    const subnetSizes = METHODS.flatMap(method =>
      TIMES.slice(0, 5).flatMap(t =>
        SIZES.map((_, i) => ({
          method,
          n: 100,
          t,
          k: 10 * (i + 1),
          seeds: 20,
          loss: spread(),
          denseLoss: next(),
        })),
      ),
    );
    const page = await renderReport({
      sweep: {
        name: 'large',
        description: null,
        definition: { name: 'large', axes: { datasetSize: SIZES } },
        thresholds: [],
        evaluate: { dense: ['train'], subnet: ['train'] },
        createdAt: '2026-01-01T00:00:00Z',
        updatedAt: '2026-01-01T00:00:00Z',
      },
      progress: {
        sweep: 'large',
        trajectories: 280,
        trajectoriesDone: 280,
        trajectoriesFailed: 0,
        cells: 1_000_000,
        cellsDone: 1_000_000,
      },
      failures: [],
      provenance: [],
      cost: { attempts: 280, threadSeconds: 1e6, trainWallSeconds: 1e6, trainCpuSeconds: null },
      figures: figureData({ curves, subnetSizes }),
    });
    expect(Buffer.byteLength(page)).toBeLessThan(3e6);
  });
});
