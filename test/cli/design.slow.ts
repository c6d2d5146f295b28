/** All known laws, of which design.test.ts has one. */
import { afterAll, beforeAll, it } from 'vitest';
import { TRUE_LAWS } from '../../src/design/truths.js';
import { Workplace } from '../support/program.js';
import { DECISIVE, expectRightVerdict } from './design-laws.js';

const work = new Workplace();
beforeAll(() => {
  work.sweep(DECISIVE);
});
afterAll(() => work.remove());

it.each(TRUE_LAWS)('%s: the verdict is the right one', async truth => {
  await expectRightVerdict(work, truth);
});
