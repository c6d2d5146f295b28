/** The rows behind the figures of predictions. */
import { describe, expect, it } from 'vitest';
import { boundFigure } from '../../src/report/figures/bound.js';
import { exponentsOf, localExponentFigure } from '../../src/report/figures/local-exponent.js';
import { predictedPanels } from '../../src/report/figures/predicted-panels.js';
import { regimesFigure } from '../../src/report/figures/regimes.js';
import { targetsFigure } from '../../src/report/figures/targets.js';
import { THEMES } from '../../src/report/style/theme.js';
import type { CrossingPoint } from '../../src/store/read/figure-rows.js';
import type { PredictedPoint } from '../../src/store/read/predictions.js';
import { figureData, fitCrossings, predictions, SIZES } from './fixtures.js';

const [panel] = predictedPanels(figureData());

describe('local exponents', () => {
  it('are the growth of each seed between neighbouring sizes, with the interval of their mean', () => {
    const kernel = exponentsOf(panel!).filter(({ series }) => series === 'kernel prediction');
    expect(kernel.map(({ from, to }) => [from, to])).toEqual(SIZES.slice(1).map((n, i) => [SIZES[i], n]));
    const slopes = [0, 1, 2].map(seed => Math.log((50 + seed) / (25 + seed)) / Math.log(4));
    const mean = slopes.reduce((a, b) => a + b) / 3;
    const deviation = Math.sqrt(slopes.reduce((sum, slope) => sum + (slope - mean) ** 2, 0) / 2);
    // 4.302653 is the t quantile for 2 degrees of freedom.
    const reach = (4.302653 * deviation) / Math.sqrt(3);
    expect(kernel[0]).toMatchObject({ seeds: 3, exponent: expect.closeTo(mean, 10) });
    expect(kernel[0]!.low).toBeCloseTo(mean - reach, 6);
    expect(kernel[0]!.high).toBeCloseTo(mean + reach, 6);
  });

  it('leave out seeds that have not crossed', () => {
    const last = exponentsOf(panel!).find(
      ({ series, to }) => series === 'measured, subnetwork' && to === SIZES.at(-1),
    );
    expect(last!.seeds).toBe(2);
  });

  it('are those measured, too, where nothing is predicted', () => {
    const few = predictedPanels(
      figureData({ predictions: predictions.filter(({ n }) => n < SIZES.at(-1)!) }),
    );
    const measured = (of: typeof panel) =>
      exponentsOf(of!).filter(({ series }) => series.startsWith('measured'));
    expect(measured(few[0])).toEqual(measured(panel));
    const { head, rows } = boundFigure.table(figureData({ predictions: few[0]!.points }));
    expect(rows.at(-1)![head.indexOf('n')]).toBe(SIZES.at(-1));
    expect(rows.at(-1)!.slice(4)).toEqual(Array(head.length - 4).fill(null));
  });

  it('have no interval for one seed', () => {
    const one = figureData({ predictions: predictions.filter(({ seed }) => seed === 0) });
    const table = localExponentFigure.table(one).rows.filter(([, series]) => series === 'kernel prediction');
    expect(table.map(row => row.slice(-3))).toEqual(Array(3).fill([null, null, 1]));
  });
});

describe('the bound', () => {
  it('says where lambda_0 is only bounded, and gives no mean where a seed has no prediction', () => {
    const changed = predictions.map(
      (point): PredictedPoint => (point.n === 400 && point.seed === 1 ? { ...point, sharp: null } : point),
    );
    const { head, rows } = boundFigure.table(figureData({ predictions: changed }));
    const column = (name: string) => rows.map(row => row[head.indexOf(name)]);
    expect(column('lambda_0 exact')).toEqual(['yes', 'yes', 'no: at least', 'no: at least']);
    expect(column('lambda_0 bound')).toEqual([2000, null, 32_000, 128_000]);
    expect(column('certificate')).toEqual([60, 120, 240, null]);
  });

  it('keeps targets on sums apart, and shows a few of many', () => {
    const many = [0.3, 0.25, 0.2, 0.15, 0.1, 0.07].flatMap(value =>
      predictions.map(point => ({ ...point, target: `<= ${value}` })),
    );
    const sums = predictions.map(point => ({ ...point, summed: true, target: '<= 100' }));
    const panels = predictedPanels(figureData({ predictions: [...many, ...sums] }));
    expect(panels.map(({ title }) => title)).toEqual([
      'training loss ≤ 0.3',
      'training loss ≤ 0.2',
      'training loss ≤ 0.1',
      'summed training loss ≤ 100',
    ]);
  });
});

describe('regimes', () => {
  const sizes = [100, 200, 400, 800, 1600, 3200, 6400];
  /** t* grows like a power; at the largest size no curve reaches the target. */
  const crossingsAt = sizes.flatMap(n =>
    [0, 1, 2, 3, 4].map((seed): CrossingPoint => {
      const upper = Math.round(20 * Math.sqrt(n / 100) * (1 + 0.1 * Math.sin(5 * seed + n)));
      const common = { n, seed, method: 'greedy' as const, metric: 'subnet_train_loss', target: '<= 0.15' };
      return n === 6400
        ? { ...common, lower: 1000, upper: null, censoring: 'unreachable' }
        : { ...common, lower: upper - 1, upper, censoring: 'interval' };
    }),
  );
  const everyIteration = Array.from({ length: 1001 }, (_, t) => t);
  const predictedAt = (n: number, seed: number): number =>
    Math.round(15 * Math.sqrt(n / 100) * (1 + 0.05 * Math.sin(3 * seed + n)));
  const fitOf = (isPredicted: boolean) =>
    fitCrossings(crossingsAt, ({ n, seed }) => {
      const at = predictedAt(n, seed);
      return { checkpoints: everyIteration, ...(isPredicted ? { predicted: { lower: at, upper: at } } : {}) };
    });
  const data = (isPredicted: boolean) => figureData({ crossings: crossingsAt, fit: fitOf(isPredicted) });
  const options = { theme: THEMES.paper, columns: 2, panelWidth: 500 } as const;
  const drawn = (isPredicted: boolean) => JSON.stringify(regimesFigure.spec(data(isPredicted), options));

  const countOf = (text: string, part: string): number => text.split(part).length - 1;

  it('are drawn over the sizes that have crossings, where those of another size are unreachable', () => {
    const { regimes } = fitOf(false).groups[0]!;
    expect(regimes!.bend).toBeNull();
    expect(regimes!.sentence).toMatch(/^From n = 100 to 3,200 t\* is consistent with .*a power/);
    const lines = drawn(false);
    expect(lines).toContain('"law":"power","n":100,');
    expect(lines).not.toContain('"law":"power","n":6400');
  });

  it('end where crossings end in the figure of all targets, with their bands', () => {
    // One that may still cross has a part in the fit.
    const crossings = crossingsAt.map(
      (row): CrossingPoint => (row.n === 6400 && row.seed === 0 ? { ...row, censoring: 'right' } : row),
    );
    const fit = fitCrossings(crossings, () => ({ checkpoints: everyIteration }));
    expect(Math.max(...fit.groups[0]!.bands.flatMap(({ n }) => n))).toBe(6400);
    const spec = JSON.stringify(targetsFigure.spec(figureData({ crossings, fit }), options));
    const drawnAt = [...spec.matchAll(/"n":([\d.]+),"(?:mu|low)"/g)].map(([, n]) => Number(n));
    expect(drawnAt.length).toBeGreaterThan(40);
    expect(Math.max(...drawnAt)).toBeLessThan(4000);
  });

  it('are drawn beside those of predictions, with the sentence that compares them', () => {
    expect(drawn(false)).not.toContain('strokeDash');
    const lines = drawn(true);
    // Means and exponents; the predicted law and the exponents' bands.
    expect(countOf(lines, '"filled":false') - countOf(drawn(false), '"filled":false')).toBe(2);
    expect(countOf(lines, '"strokeDash"')).toBe(2);
    const { regimes, sentence } = fitOf(true).groups[0]!.regimesPredicted!;
    expect(regimesFigure.caption(data(true))).toContain(`Predicted: ${regimes.sentence} ${sentence}`);
    const { rows } = regimesFigure.table(data(true));
    // Nothing is measured between the two largest sizes.
    expect(rows.map(([curve]) => curve)).toEqual([
      ...Array(5).fill('measured'),
      ...Array(6).fill('predicted'),
    ]);
  });
});
