/** The short form of the chaos test; `npm run test:chaos` disturbs at least two hundred times. */
import { afterAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/program.js';
import { hasRedis, WITHOUT_REDIS } from '../support/redis.js';
import { disturb } from './harness.js';
import { RICH } from './subjects.js';

const work = new Workplace();
afterAll(() => work.remove());

describe.skipIf(!hasRedis)(hasRedis ? 'a run on several machines' : WITHOUT_REDIS, () => {
  it('ends with the results of an undisturbed one after ten faults', async () => {
    const outcome = await disturb(work, RICH, 10);
    expect(outcome).toMatchObject({ missing: 0, duplicate: 0, differing: 0 });
    expect(outcome.faults).toBeGreaterThanOrEqual(10);
    expect(outcome.rows).toBeGreaterThan(0);
  });
});
