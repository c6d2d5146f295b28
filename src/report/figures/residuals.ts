/** Figure: residuals of the free law for the primary target, by n. */
import { criterion, SYMBOL, significant } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { sizeAxis } from './axes.js';
import { distinct, type Figure, type FigureData, type FigureOptions, values, zoom } from './figure.js';
import { primaryGroup } from './groups.js';
import { preferredLaw } from './law-lines.js';

export const residualsFigure: Figure = {
  name: 'residuals',
  title: 'Residuals of the free law',
  caption: data => {
    const group = primaryGroup(data);
    const sigma = group && freeSigma(data);
    return (
      `The natural logarithm of t* less that of the free law, for each seed by data set size n${group ? `, for ${criterion(group.metric, group.target)}` : ''}. ` +
      `Bars: the interval between two checkpoints; triangles: open to that side. Thick marks: the mean at each size; shaded: ` +
      `plus and minus the fitted sigma${sigma ? ` of ${significant(sigma)}` : ''}. A trend over n would mean that the law does not fit.`
    );
  },
  across: () => 1,
  spec,
  table: data => ({
    head: ['n', 'seed', 'from', 'to', 'expected'],
    rows: (primaryGroup(data)?.residuals ?? []).map(({ n, seed, lower, upper, middle }) => [
      n,
      seed,
      lower === null ? null : round(lower),
      upper === null ? null : round(upper),
      round(middle),
    ]),
  }),
};

const round = (value: number): number => Number(value.toPrecision(4));

function freeSigma(data: FigureData): number | null {
  const group = primaryGroup(data);
  if (!group) return null;
  return (group.laws.find(({ name }) => name === 'free') ?? preferredLaw(group))?.sigma ?? null;
}

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const residuals = primaryGroup(data)?.residuals ?? [];
  const sizes = distinct(residuals.map(({ n }) => n));
  const sigma = freeSigma(data);
  if (sizes.length < 2 || sigma === null) return null;
  const seeds = distinct(residuals.map(({ seed }) => seed));
  const gap = 0.3 * Math.min(Math.LN2, ...sizes.slice(1).map((n, i) => Math.log(n / sizes[i]!)));
  const rows = residuals.map(({ n, seed, lower, upper, middle }) => ({
    n,
    seed,
    x: n * Math.exp(gap * (seeds.length > 1 ? seeds.indexOf(seed) / (seeds.length - 1) - 0.5 : 0)),
    low: lower ?? middle,
    high: upper ?? middle,
    middle,
    open: upper === null ? 'up' : lower === null ? 'down' : 'none',
  }));
  const means = sizes.map(n => {
    const own = rows.filter(row => row.n === n);
    return { n, mean: own.reduce((sum, { middle }) => sum + middle, 0) / own.length };
  });
  const reach =
    Math.max(2.2 * sigma, ...rows.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)])) * 1.05;
  const x = sizeAxis(sizes, panelWidth);
  const y = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: `ln ${SYMBOL.tStar} residual (no unit)`,
    scale: { domain: [-reach, reach], nice: false },
    axis: { tickCount: 5, format: '~g' },
  });
  const tooltip = [
    { field: 'n', title: 'n', format: ',' },
    { field: 'seed', title: 'seed' },
    { field: 'low', title: 'from', format: '.3f' },
    { field: 'high', title: 'to', format: '.3f' },
  ];
  return {
    width: panelWidth,
    height: columns === 1 ? 150 : 210,
    layer: [
      {
        data: values([{ low: -sigma, high: sigma }]),
        mark: { type: 'rect', color: theme.shade, opacity: 0.18 },
        encoding: { y: y('low'), y2: { field: 'high' } },
      },
      {
        data: values([{ zero: 0 }]),
        mark: { type: 'rule', strokeWidth: 1, color: theme.muted },
        encoding: { y: y('zero') },
      },
      {
        data: values(rows),
        params: [...zoom('zoom', columns)],
        mark: { type: 'rule', clip: true, strokeWidth: 1, opacity: 0.6, color: theme.kinds[0] },
        encoding: { x: x('x'), y: y('low'), y2: { field: 'high' } },
      },
      {
        data: values(rows),
        mark: { type: 'point', clip: true, filled: true, size: 22, opacity: 1, color: theme.kinds[0] },
        encoding: {
          x: x('x'),
          y: y('middle'),
          shape: {
            field: 'open',
            type: 'nominal',
            scale: { domain: ['none', 'up', 'down'], range: ['circle', 'triangle-up', 'triangle-down'] },
            legend: null,
          },
          tooltip,
        },
      },
      {
        data: values(means),
        mark: {
          type: 'tick',
          orient: 'horizontal',
          clip: true,
          thickness: 2.4,
          width: columns === 1 ? 18 : 28,
          color: theme.kinds[1],
        },
        encoding: { x: x('n'), y: y('mean') },
      },
    ],
  };
}
