/** Figure: where which law holds, for the primary target, above the local exponents between neighbouring sizes. */
import { type LocalExponent, muAt, namedRegimes, type Regime, type Regimes } from '../../fit/index.js';
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
    const { regimes, regimesPredicted: predicted } = group ?? {};
    return (
      `Threshold t* against data set size n${group ? `, for ${criterion(group.metric, group.target)}` : ''}; below, the local exponent ` +
      `d ln t* / d ln n between neighbouring sizes, with bands that hold all of them together with 95%. Lines and coloured ranges: ` +
      `laws on the sizes where they are not rejected; grey: the 95% interval of the bend.` +
      (regimes ? ` ${regimes.sentence}` : '') +
      (predicted
        ? ` Open points and dashed lines: what the kernel at t = 0 predicts for the dense network, means over seeds; between dashed ` +
          `rules: the bend predicted. Predicted: ${predicted.regimes.sentence} ${predicted.sentence}`
        : '')
    );
  },
  across: () => 1,
  spec,
  table: data => {
    const { regimes, regimesPredicted } = primaryGroup(data) ?? {};
    return {
      head: ['curve', 'from n', 'to n', 'local exponent', 'band from', 'to'],
      rows: [...rowsOf('measured', regimes), ...rowsOf('predicted', regimesPredicted?.regimes)],
    };
  },
};

const rowsOf = (curve: string, regimes: Regimes | null | undefined): (string | number | null)[][] =>
  (regimes?.exponents ?? []).map(({ from, to, value, low, high }) => [
    curve,
    from,
    to,
    ...[value, low, high].map(one => (one === null ? null : Number(one.toPrecision(4)))),
  ]);

const POINTS = 24;
const DASH = [4, 3];
/** Predicted exponents stand beside the measured ones by this factor of n. */
const APART = 1.08;
const MEAN_TOOLTIP = [
  { field: 'n', title: 'n', format: ',' },
  { field: 't', title: 't* predicted', format: ',.0f' },
];

const known = (regimes: Regimes | null | undefined): LocalExponent[] =>
  (regimes?.exponents ?? []).filter(({ value }) => value !== null);

function lineOn({ law, fitted, from, to }: Regime) {
  return Array.from({ length: POINTS }, (_, i) => {
    const n = from * (to / from) ** (i / (POINTS - 1));
    return { law, n, mu: muAt(fitted, n) };
  });
}

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const group = primaryGroup(data);
  const exponents = known(group?.regimes);
  if (!group?.regimes || exponents.length === 0) return null;
  const points = placeCrossings(crossingsOf(data, group));
  if (points.length === 0) return null;
  const predicted = group.regimesPredicted ?? null;
  const means = predicted?.means ?? [];
  const sizes = distinct([...points, ...means].map(({ n }) => n));
  const height = columns === 1 ? 130 : 190;
  const measured = points.flatMap(({ at, lower, upper }) => [at, lower ?? at, upper ?? at]);
  const ends = [...measured, ...means.map(({ t }) => t)].filter(t => t > 0);
  const y = logTimeAxis(Math.min(...ends), Math.max(...ends), height);
  const regimes = namedRegimes(group.regimes);
  const predictedRegimes = predicted ? namedRegimes(predicted.regimes) : [];
  const laws = [...new Set([...regimes, ...predictedRegimes].map(({ law }) => law))];
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
    ...(predicted?.regimes.bend
      ? [
          {
            data: values([{ n: predicted.regimes.bend.low }, { n: predicted.regimes.bend.high }]),
            mark: { type: 'rule', strokeWidth: 1, strokeDash: DASH, color: theme.muted },
            encoding: { x: x('n') },
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
          ...(means.length > 0
            ? [
                {
                  data: values(means),
                  mark: {
                    type: 'point',
                    clip: true,
                    filled: false,
                    size: 26,
                    strokeWidth: 1.2,
                    color: theme.ink,
                  },
                  encoding: { x: x('n'), y: y('t'), tooltip: MEAN_TOOLTIP },
                },
              ]
            : []),
          ...(predictedRegimes.length > 0
            ? [
                {
                  data: values(predictedRegimes.flatMap(lineOn)),
                  mark: { type: 'line', clip: true, strokeWidth: 1.4, strokeDash: DASH },
                  encoding: { x: x('n'), y: y('mu'), color, detail: { field: 'law' } },
                },
              ]
            : []),
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
        layer: [
          ...shades(below),
          ...exponentLayers(exponents, known(predicted?.regimes), below, theme.ink, theme.muted),
        ],
      },
    ],
  };
}

/** Known local exponents at the middle of their sizes, as points with their bands: filled measured, open predicted. */
function exponentLayers(
  measured: readonly LocalExponent[],
  predicted: readonly LocalExponent[],
  x: (field: string) => Spec,
  ink: string,
  muted: string,
): Spec[] {
  const rowsAt = (exponents: readonly LocalExponent[], apart: number) =>
    exponents.map(({ from, to, value, low, high }) => ({
      from,
      to,
      n: apart * Math.sqrt(from * to),
      value: value!,
      low: low ?? value!,
      high: high ?? value!,
    }));
  const series = [
    { rows: rowsAt(measured, 1), filled: true },
    { rows: rowsAt(predicted, APART), filled: false },
  ].filter(({ rows }) => rows.length > 0);
  const all = series.flatMap(({ rows }) => rows);
  const least = Math.min(0, ...all.map(({ low }) => low));
  const most = Math.max(0, ...all.map(({ high }) => high));
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
    ...series.flatMap(({ rows, filled }): Spec[] => [
      {
        data: values(rows),
        mark: {
          type: 'rule',
          clip: true,
          strokeWidth: 1.2,
          color: ink,
          ...(filled ? {} : { strokeDash: DASH }),
        },
        encoding: { x: x('n'), y: y('low'), y2: { field: 'high' } },
      },
      {
        data: values(rows),
        mark: { type: 'point', clip: true, filled, size: 26, opacity: 1, color: ink },
        encoding: { x: x('n'), y: y('value'), tooltip },
      },
    ]),
  ];
}
