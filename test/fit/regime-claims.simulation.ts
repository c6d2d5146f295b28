/** Regimes under one law over all sizes, in full: `npm run test:simulations`. */
import { describe, expect, test } from 'vitest';
import { REGIME_LAWS } from '../../src/fit/index.js';
import { leastShare } from './chance.js';
import {
  BAND_NOISES,
  bandStudy,
  bendShare,
  CIRCUMSTANCES,
  claimStudy,
  grownSizeBySize,
  withoutSeeds,
} from './regime-studies.js';
import { alongGrowth } from './scenarios.js';

const COUNT = 400;
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

describe('one law over all sizes: a bend is claimed in at most 5%', () => {
  test.each(Object.keys(CIRCUMSTANCES))('%s', name => {
    const shares = REGIME_LAWS.map(law => claimStudy(law, name, COUNT));
    console.log(`| ${name} | ${shares.map(percent).join(' | ')} |`);
    for (const share of shares) expect(share).toBeLessThanOrEqual(0.05);
  });

  test('rules without error control are found out', () => {
    const name = 'seeds that tilt';
    const ignored = claimStudy('constant', name, COUNT, withoutSeeds);
    const grown = REGIME_LAWS.map(law => claimStudy(law, name, COUNT, grownSizeBySize));
    console.log(`| wrong: seeds ignored | ${percent(ignored)} | | |`);
    console.log(`| wrong: grown size by size | ${grown.map(percent).join(' | ')} |`);
    expect(ignored).toBeGreaterThan(0.05);
    expect(Math.min(...grown)).toBeGreaterThan(0.05);
  });
});

describe('smooth curves without a bend that are none of the three laws', () => {
  const curves = [
    { name: 'square root, 3x', lambda: 0.5, factor: 3 },
    { name: 'square root, 1.6x', lambda: 0.5, factor: 1.6 },
    { name: 'linear, 3x', lambda: 1, factor: 3 },
    { name: 'saturating, 3x', lambda: -0.5, factor: 3 },
    { name: 'saturating, 1.6x', lambda: -0.5, factor: 1.6 },
  ];
  test.each(curves)('$name', ({ name, lambda, factor }) => {
    const share = bendShare(name, alongGrowth(lambda, factor), COUNT / 4);
    console.log(`| ${name} | ${percent(share)} |`);
    expect(share).toBeGreaterThanOrEqual(0);
  });
});

describe('the band of the local exponents holds all of them together in at least 95%', () => {
  test.each(Object.keys(BAND_NOISES))('%s', noise => {
    const shares = [5, 10, 20].map(seeds => bandStudy(noise, seeds, COUNT));
    console.log(`| band, ${noise} | ${shares.map(percent).join(' | ')} |`);
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(leastShare(0.95, COUNT));
  });
});
