import { test } from 'vitest';
import { BENT, bendStudy } from '../fit/regime-studies.js';
import { DESIGN, NOISE } from '../fit/scenarios.js';

test('b', () => {
  console.log(
    '| 5 seeds, 100',
    JSON.stringify(bendStudy(BENT['power to logarithm, jump']!(0.5), 100, { ...DESIGN, seeds: 5 }, NOISE)),
  );
});
