/** The short form of the kill test; kill.slow.ts kills thirty times, `npm run test:kill` for half an hour. */
import { afterAll, expect, it } from 'vitest';
import { Workplace } from '../support/program.js';
import { killAll } from './harness.js';
import { PLAIN } from './subjects.js';

const work = new Workplace();
afterAll(() => work.remove());

it('a run killed three times at random moments ends with the results of an undisturbed one', async () => {
  const total = await killAll(work, [['plain', PLAIN, 3]]);
  expect(total).toMatchObject({ missing: 0, duplicate: 0, differing: 0 });
  expect(total.kills).toBeGreaterThanOrEqual(3);
  expect(total.looks).toBeGreaterThan(3);
});
