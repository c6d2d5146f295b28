/** Regimes under true bends, in full: `npm run test:simulations`. */
import { describe, expect, test } from 'vitest';
import { leastShare } from './chance.js';
import { BENT, type BendStudy, bendStudy, PLACES } from './regime-studies.js';
import { DESIGN, NOISE } from './scenarios.js';

/** Of each case. A sample with a bend takes some fifteen hundred fits. */
const COUNT = 60;
const percent = (share: number): string => (Number.isNaN(share) ? '-' : `${(100 * share).toFixed(0)}%`);

describe('the 95% interval of a bend covers it in at least 92%', () => {
  let [covered, samples] = [0, 0];
  const take = (name: string, study: BendStudy) => {
    const { claimed, width, several } = study;
    console.log(`| ${name} | ${[claimed, study.covered, width, several].map(percent).join(' | ')} |`);
    covered += study.covered * COUNT;
    samples += COUNT;
    expect(study.covered).toBeGreaterThanOrEqual(leastShare(0.92, COUNT));
  };
  const cases = Object.keys(BENT).flatMap(shape => Object.keys(PLACES).map(place => ({ shape, place })));
  test.each(cases)('$shape, at $place', ({ shape, place }) => {
    take(`${shape} | ${place}`, bendStudy(BENT[shape]!(PLACES[place]!), COUNT));
  });

  const others = [
    { name: 'refined to 1.06', design: { ...DESIGN, ratio: 1.06 }, noise: NOISE },
    { name: '5 seeds', design: { ...DESIGN, seeds: 5 }, noise: NOISE },
    { name: 'right-censored', design: { ...DESIGN, tMax: 480 }, noise: NOISE },
  ];
  test.each(others)('power to logarithm at half, $name', ({ name, design, noise }) => {
    const curve = BENT['power to logarithm, jump']!(0.5);
    take(`power to logarithm, ${name} | half`, bendStudy(curve, COUNT, design, noise));
  });

  test('over all', () => {
    console.log(`| all | | | ${percent(covered / samples)} of ${samples} | | |`);
    expect(covered / samples).toBeGreaterThanOrEqual(0.92);
  });
});

test('power, by change of the local exponent and number of seeds', () => {
  for (const exponent of [0.05, 0.1, 0.2, 0.4]) {
    const found = [5, 10, 20].map(seeds => {
      const curve = { shape: 'power-to-constant', start: 100, at: 0.5, exponent } as const;
      return bendStudy(curve, COUNT, { ...DESIGN, seeds });
    });
    console.log(
      `| ${exponent} | ${found.map(({ claimed, width }) => `${percent(claimed)}, ${percent(width)}`).join(' | ')} |`,
    );
    const claimed = found.map(one => one.claimed);
    if (exponent >= 0.4) expect(Math.min(...claimed)).toBeGreaterThan(0.8);
  }
});
