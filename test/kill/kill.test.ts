/** The short form of the kill test; the long one is `npm run test:kill`. */
import { afterAll, expect, it } from 'vitest';
import { Workplace } from '../support/program.js';
import { addOutcomes, killAndCompare, NO_OUTCOME, SEED } from './harness.js';
import { NOOP, PLAIN, RICH } from './subjects.js';

const work = new Workplace();
afterAll(() => work.remove());

it('a run killed thirty times at random moments ends with the results of an undisturbed one', async () => {
  console.log(`seed ${SEED}; ESPALIER_KILL_SEED repeats it`);
  let total = NO_OUTCOME;
  for (const [name, subject, kills] of [
    ['plain', PLAIN, 11],
    ['rich', RICH, 9],
    ['noop', NOOP, 10],
  ] as const) {
    total = addOutcomes(total, await killAndCompare(work, subject, kills, name));
  }
  console.log(JSON.stringify(total));
  expect(total).toMatchObject({ missing: 0, duplicate: 0, differing: 0 });
  expect(total.kills).toBeGreaterThanOrEqual(30);
  expect(total.looks).toBeGreaterThan(30);
}, 300_000);
