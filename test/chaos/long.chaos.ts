/**
 * The long form of the chaos test: `npm run test:chaos`, about half an hour on two cores. ESPALIER_CHAOS_SEED repeats a
 * run, ESPALIER_CHAOS_FAULTS is the number of faults (200).
 */
import { afterAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/program.js';
import { hasRedis, WITHOUT_REDIS } from '../support/redis.js';
import { disturb } from './harness.js';
import { LONG, NOOP, REFINED, RICH } from './subjects.js';

const FAULTS = Number(process.env.ESPALIER_CHAOS_FAULTS ?? 200);

const work = new Workplace();
afterAll(() => work.remove());

describe.skipIf(!hasRedis)(hasRedis ? 'a run on several machines' : WITHOUT_REDIS, () => {
  it.each([
    ['momentum, both layers, re-training', RICH, 0.4, []],
    ['long trajectories with snapshots', LONG, 0.2, []],
    ['refined checkpoints', REFINED, 0.1, []],
    ['many trajectories that compute nothing', NOOP, 0.3, ['--noop']],
  ] as const)('loses and doubles nothing: %s', async (_, sweep, share, args) => {
    const faults = Math.ceil(FAULTS * share);
    const outcome = await disturb(work, sweep, faults, undefined, args);
    expect(outcome).toMatchObject({ missing: 0, duplicate: 0, differing: 0 });
    expect(outcome.faults).toBeGreaterThanOrEqual(faults);
  });
});
