/** Figure: where which law holds, for the primary target, above the local exponents between neighbouring sizes. */
import { type FitGroup, type LocalExponent, muAt, type Regime } from '../../fit/index.js';
import { AXIS, criterion } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { logTimeAxis, sizeAxis } from './axes.js';
import { crossingLayers, placeCrossings } from './crossings.js';
import { distinct, type Figure, type FigureData, type FigureOptions, values, zoom } from './figure.js';
import { crossingsOf, primaryGroup } from './groups.js';

export const regimesFigure: Figure = {
  name: 'regimes',
  title: 'Where which law holds',
  caption: data => {
    const group = primaryGroup(data);
    const regimes = group?.regimes;
    return (
      `Threshold t* against data set size n${group ? `, for ${criterion(group.metric, group.target)}` : ''}; below, the local exponent ` +
      `d ln t* / d ln n between neighbouring sizes, with bands that hold all of them together with 95%. Lines and coloured ranges: ` +
      `laws on the sizes where they are not rejected; grey: the 95% interval of the bend.` +
      (regimes ? ` ${regimes.sentence}` : '')
    );
  },
  across: () => 1,
  spec,
  table: data => ({
    head: ['from n', 'to n', 'local exponent', 'band from', 'to'],
    rows: (primaryGroup(data)?.regimes?.exponents ?? []).map(({ from, to, value, low, high }) => [
      from,
      to,
      ...[value, low, high].map(one => (one === null ? null : Number(one.toPrecision(4)))),
    ]),
  }),
};

const POINTS = 24;

/** The regimes that the sentence names: with a bend one for each end, else the laws that hold over all sizes. */
function shownRegimes({ regimes, sizes }: FitGroup): Regime[] {
  if (!regimes) return [];
  const { bend, lower, upper, ranges } = regimes;
  if (bend) return [lower, upper].filter(one => one !== null);
  return ranges.filter(({ side, sizes: length }) => side === 'upper' && length === sizes.length);
}

function lineOn({ law, fitted, from, to }: Regime) {
  return Array.from({ length: POINTS }, (_, i) => {
    const n = from * (to / from) ** (i / (POINTS - 1));
    return { law, n, mu: muAt(fitted, n) };
  });
}

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const group = primaryGroup(data);
  const exponents = (group?.regimes?.exponents ?? []).filter(({ value }) => value !== null);
  if (!group?.regimes || exponents.length === 0) return null;
  const points = placeCrossings(crossingsOf(data, group));
  if (points.length === 0) return null;
  const sizes = distinct(points.map(({ n }) => n));
  const height = columns === 1 ? 130 : 190;
  const ends = points.flatMap(({ at, lower, upper }) => [at, lower ?? at, upper ?? at]).filter(t => t > 0);
  const y = logTimeAxis(Math.min(...ends), Math.max(...ends), height);
  const regimes = shownRegimes(group);
  const laws = [...new Set(regimes.map(({ law }) => law))];
  const color: Spec = {
    field: 'law',
    type: 'nominal',
    scale: { domain: laws, range: laws.map((_, i) => theme.kinds[i]) },
    legend: { title: null, orient: 'bottom', direction: 'horizontal', symbolType: 'stroke', symbolSize: 160 },
  };
  const { bend } = group.regimes;
  const shades = (x: (field: string) => Spec): Spec[] => [
    ...(bend
      ? [
          {
            data: values([bend]),
            mark: { type: 'rect', color: theme.shade, opacity: 0.22 },
            encoding: { x: x('low'), x2: { field: 'high' } },
          },
          {
            data: values(regimes.map(({ law, from, to }) => ({ law, from, to }))),
            mark: { type: 'rect', opacity: 0.1 },
            encoding: { x: x('from'), x2: { field: 'to' }, color },
          },
        ]
      : []),
  ];
  const x = sizeAxis(sizes, panelWidth, null);
  const below = sizeAxis(sizes, panelWidth, AXIS.n);
  return {
    columns: 1,
    spacing: 10,
    resolve: { scale: { color: 'shared' } },
    concat: [
      {
        width: panelWidth,
        height,
        layer: [
          ...shades(x),
          { data: values(points), layer: crossingLayers(x, y, { color: { value: theme.ink }, size: 12 }) },
          ...(regimes.length > 0
            ? [
                {
                  data: values(regimes.flatMap(lineOn)),
                  params: [...zoom('zoom_curve', columns)],
                  mark: { type: 'line', clip: true, strokeWidth: 1.8 },
                  encoding: { x: x('n'), y: y('mu'), color, detail: { field: 'law' } },
                },
              ]
            : []),
        ],
      },
      {
        width: panelWidth,
        height: columns === 1 ? 90 : 120,
        layer: [...shades(below), ...exponentLayers(exponents, below, theme.ink, theme.muted)],
      },
    ],
  };
}

/** Known local exponents at the middle of their sizes, as points with their bands. */
function exponentLayers(
  exponents: readonly LocalExponent[],
  x: (field: string) => Spec,
  ink: string,
  muted: string,
): Spec[] {
  const rows = exponents.map(({ from, to, value, low, high }) => ({
    from,
    to,
    n: Math.sqrt(from * to),
    value: value!,
    low: low ?? value!,
    high: high ?? value!,
  }));
  const [least, most] = [
    Math.min(0, ...rows.map(({ low }) => low)),
    Math.max(0, ...rows.map(({ high }) => high)),
  ];
  const y = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: AXIS.localExponent,
    scale: { domain: [least, most], nice: true },
    axis: { tickCount: 4, format: '~g', minExtent: 34 },
  });
  const tooltip = [
    { field: 'from', title: 'from n', format: ',' },
    { field: 'to', title: 'to n', format: ',' },
    { field: 'value', title: 'local exponent', format: '.3f' },
    { field: 'low', title: 'band from', format: '.3f' },
    { field: 'high', title: 'to', format: '.3f' },
  ];
  return [
    {
      data: values([{ zero: 0 }]),
      mark: { type: 'rule', strokeWidth: 1, color: muted },
      encoding: { y: y('zero') },
    },
    {
      data: values(rows),
      mark: { type: 'rule', clip: true, strokeWidth: 1.2, color: ink },
      encoding: { x: x('n'), y: y('low'), y2: { field: 'high' } },
    },
    {
      data: values(rows),
      mark: { type: 'point', clip: true, filled: true, size: 26, opacity: 1, color: ink },
      encoding: { x: x('n'), y: y('value'), tooltip },
    },
  ];
}
