/** Coverage and verdicts where checkpoints are refined around the crossings: `npm run test:simulations`. */
import { describe, expect, test } from 'vitest';
import { drawRefinedSamples } from './scenarios.js';
import { confusionStudy, coverageStudy, TRUTHS } from './studies.js';

const COUNT = 200;
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

describe('refined checkpoints: coverage of the 95% intervals', () => {
  test.each([0, 0.5].flatMap(lambda => [5, 10, 20].map(seeds => ({ lambda, seeds }))))(
    'lambda = $lambda, $seeds seeds',
    ({ lambda, seeds }) => {
      const found = coverageStudy(lambda, seeds, 'half from seeds', 2 * COUNT, drawRefinedSamples);
      console.log(
        `| refined, ${lambda}, ${seeds} seeds | ${percent(found.lambda)} | ${found.slope === null ? '-' : percent(found.slope)} |`,
      );
      for (const share of [found.lambda, found.slope ?? found.lambda]) {
        expect(share).toBeGreaterThanOrEqual(0.92);
        expect(share).toBeLessThanOrEqual(0.98);
      }
    },
  );
});

describe('refined checkpoints: confusion matrix', () => {
  test.each(Object.keys(TRUTHS))('%s', truth => {
    const { verdict, least } = TRUTHS[truth]!;
    const shares = confusionStudy(truth, COUNT, drawRefinedSamples);
    console.log(
      `| refined, ${truth} | ${Object.entries(shares)
        .map(([code, share]) => `${code} ${percent(share)}`)
        .join(', ')} |`,
    );
    expect(shares[verdict] ?? 0).toBeGreaterThanOrEqual(least);
  });
});
