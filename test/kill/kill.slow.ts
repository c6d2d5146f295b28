/** The middle form of the kill test: see kill.test.ts. */
import { afterAll, expect, it } from 'vitest';
import { Workplace } from '../support/program.js';
import { killAll } from './harness.js';
import { NOOP, PLAIN, REFINED, RICH } from './subjects.js';

const work = new Workplace();
afterAll(() => work.remove());

it('a run killed thirty times at random moments ends with the results of an undisturbed one', async () => {
  const total = await killAll(work, [
    ['plain', PLAIN, 11],
    ['rich', RICH, 7],
    ['noop', NOOP, 6],
    ['refined', REFINED, 6],
  ]);
  expect(total).toMatchObject({ missing: 0, duplicate: 0, differing: 0 });
  expect(total.kills).toBeGreaterThanOrEqual(30);
  expect(total.looks).toBeGreaterThan(30);
});
