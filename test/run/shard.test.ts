import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancedParts } from '../../src/base/balanced-parts.js';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { expandGrid } from '../../src/domain/grid.js';
import { parseSweep, readSweep } from '../../src/domain/sweep-file/parse.js';
import type { PlannedTrajectory } from '../../src/domain/types.js';
import { type PreparedSweep, prepareSweep } from '../../src/run/prepare.js';
import { countedOperations, shardOf } from '../../src/run/shard.js';
import { ENGINE, identify } from '../domain/fixtures.js';
import { plainSweep } from '../support/small-sweeps.js';

const SWEEPS = join(PACKAGE_ROOT, 'sweeps');

/** A shipped sweep with the sizes of its data set, without its files. */
function prepared(file: string): PreparedSweep {
  const spec = readSweep(join(SWEEPS, file));
  const { pool = 60_000, test = 10_000 } = spec.settings.dataset;
  const sizes = { pool, test, columns: 784, entriesPerRow: 150 };
  const trajectories = expandGrid(spec, identify, ENGINE);
  return { spec, trajectories, sizesOf: () => sizes } as unknown as PreparedSweep;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe.each(readdirSync(SWEEPS))('%s', file => {
  const whole = prepared(file);
  const costOf = (trajectory: PlannedTrajectory) => countedOperations(whole, trajectory);
  const costs = whole.trajectories.map(costOf).sort((a, b) => b - a);

  it.each([2, 3, 4, 8, 16, 100])('in %d parts: each trajectory in one, and none too dear', count => {
    const parts = Array.from(
      { length: count },
      (_, i) => shardOf(whole, { index: i + 1, count }).trajectories,
    );
    const ids = parts.flat().map(({ id }) => id);
    expect(ids.toSorted()).toEqual(whole.trajectories.map(({ id }) => id).toSorted());
    const bound = Math.max(sum(costs) / count, costs[0]!, (costs[count - 1] ?? 0) + (costs[count] ?? 0));
    const largest = Math.max(...parts.map(part => sum(part.map(costOf))));
    // A hundred trajectories or more divide evenly. A few, of a few sizes, cannot.
    const slack = whole.trajectories.length >= 100 ? 1.05 : count === 4 || count === 16 ? 1.15 : 1.25;
    expect(largest).toBeLessThanOrEqual(slack * bound);
  });
});

describe('balanced parts', () => {
  const items = fc
    .array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ min: 0, max: 1e15, noNaN: true })), {
      maxLength: 40,
    })
    .map(costs => costs.map((cost, i) => ({ id: `t${i}`, cost })));

  it('hold each item once, in any order the same, and none is dearer than the bound of the plain rule', () => {
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 12 }), (all, count) => {
        const parts = balancedParts(all, count);
        expect(parts).toHaveLength(count);
        expect(
          parts
            .flat()
            .map(({ id }) => id)
            .toSorted(),
        ).toEqual(all.map(({ id }) => id).toSorted());
        expect(balancedParts(all.toReversed(), count)).toEqual(parts);
        // A part that gets an item was the cheapest, so it had at most the mean.
        const costs = all.map(({ cost }) => cost).sort((a, b) => b - a);
        const least = Math.max(sum(costs) / count, costs[0] ?? 0);
        const dearest = Math.max(...parts.map(part => sum(part.map(({ cost }) => cost))));
        expect(dearest).toBeLessThanOrEqual(2 * least * (1 + 1e-9));
      }),
    );
  });

  it('exchange items where the plain rule leaves parts uneven', () => {
    const parts = balancedParts(
      [3, 3, 2, 2, 2].map((cost, i) => ({ id: `t${i}`, cost })),
      2,
    );
    expect(parts.map(part => sum(part.map(({ cost }) => cost)))).toEqual([6, 6]);
  });
});

describe('a part of a sweep', () => {
  it('does not depend on the order of the trajectories, and keeps that of the sweep', async () => {
    const whole = await prepareSweep(
      parseSweep(JSON.stringify(plainSweep({ axes: { seed: { count: 5 } } }))),
    );
    const ids = (from: PreparedSweep, index: number) =>
      shardOf(from, { index, count: 3 }).trajectories.map(({ id }) => id);
    const reversed = { ...whole, trajectories: whole.trajectories.toReversed() };
    for (const index of [1, 2, 3]) {
      expect(ids(reversed, index)).toEqual(ids(whole, index).toReversed());
      const places = ids(whole, index).map(id => whole.trajectories.findIndex(each => each.id === id));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }
  });
});
