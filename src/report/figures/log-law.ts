/** Figure: every target against log n with a linear t* axis, on which the logarithmic law is a straight line. */
import { findMetric } from '../../domain/metrics.js';
import { VERDICTS, type VerdictCode } from '../../fit/index.js';
import { AXIS, criterion, quantityName, SYMBOL, significant, targetSign } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { linearTimeAxis, sizeAxis } from './axes.js';
import { crossingLayers, placeCrossings } from './crossings.js';
import { distinct, type Figure, type FigureData, type FigureOptions, values, zoom } from './figure.js';
import { crossingsOf, firstGroups, groupsOfSlice } from './groups.js';
import { bandOf, lineOf, logarithmicLaw, preferredLaw } from './law-lines.js';

const ACROSS = { 1: 2, 2: 3 } as const;

export const logLawFigure: Figure = {
  name: 'log-law',
  title: 'Against log n: the logarithmic law is a straight line',
  caption: () =>
    'Threshold t* in iterations against data set size n, one panel for each target; n is logarithmic and t* linear, so ' +
    'that a logarithmic law is a straight line (solid). Dashed, with its 95% band over seeds: the free law, whose exponent ' +
    'lambda is estimated. Arrows: not reached by the last checkpoint (up), or reached by the first (down).',
  across: (data, columns) => Math.min(ACROSS[columns], Math.max(1, panels(data).length)),
  spec,
  table: data => ({
    head: ['target', 'law', 'parameters', 'sigma', 'log-likelihood', 'AICc', 'Akaike weight', 'verdict'],
    rows: groupsOfSlice(data).flatMap(group =>
      group.laws.map(({ name, law, sigma, logLikelihood, aicc, weight }) => [
        criterion(group.metric, group.target),
        name,
        law.form === 'means'
          ? 'one mean for each size'
          : `A = ${significant(Math.exp(law.alpha))}, ${law.form === 'power' ? `c = ${significant(law.c)}` : `r = ${significant(law.r)}, lambda = ${significant(law.lambda)}`}`,
        round(sigma),
        round(logLikelihood),
        aicc === null ? null : round(aicc),
        weight === null ? null : round(weight),
        VERDICTS[group.verdict.code],
      ]),
    ),
  }),
};

const round = (value: number): number => Number(value.toPrecision(4));

/** The targets with crossings and a fitted logarithmic law. */
const panels = (data: FigureData) =>
  firstGroups(groupsOfSlice(data)).filter(
    group => logarithmicLaw(group) !== null && crossingsOf(data, group).length > 0,
  );

const SHORT_VERDICT: Readonly<Record<VerdictCode, string>> = {
  'insufficient-data': 'insufficient data',
  'no-smooth-law': 'no smooth law fits',
  'no-growth': 'no growth detected',
  decreases: 'decreases',
  faster: 'faster than logarithmic',
  slower: 'slower than logarithmic',
  logarithmic: 'logarithmic',
  'not-decisive': 'not decisive',
};

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const groups = panels(data);
  if (groups.length === 0) return null;
  const across = Math.min(ACROSS[columns], groups.length);
  const height = columns === 1 ? 110 : 150;
  const labels = ['logarithmic law', 'free law'];
  const color: Spec = {
    field: 'law',
    type: 'nominal',
    scale: { domain: labels, range: [theme.kinds[0], theme.kinds[1]] },
    legend: { title: null, orient: 'bottom', direction: 'horizontal', symbolType: 'stroke', symbolSize: 160 },
  };
  const strokeDash: Spec = {
    field: 'law',
    type: 'nominal',
    scale: {
      domain: labels,
      range: [
        [1, 0],
        [5, 3],
      ],
    },
  };
  return {
    columns: across,
    spacing: columns === 1 ? 8 : 14,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'shared', strokeDash: 'shared' } },
    concat: groups.map((group, i) => {
      const points = placeCrossings(crossingsOf(data, group));
      const sizes = distinct(points.map(({ n }) => n));
      const high = Math.max(...points.map(({ at, upper }) => Math.max(at, upper ?? at)));
      const isBottom = i >= groups.length - across;
      const x = sizeAxis(
        sizes,
        panelWidth,
        isBottom ? (columns === 1 ? `size ${SYMBOL.n} (samples)` : AXIS.n) : null,
      );
      const y = linearTimeAxis(high, height, i % across === 0 ? `${SYMBOL.tStar} (iterations)` : null, 4);
      const law = logarithmicLaw(group)!;
      const free = group.laws.find(({ name }) => name === 'free') ?? preferredLaw(group)!;
      const lines = [
        ...lineOf(law, sizes).map(point => ({ ...point, law: labels[0] })),
        ...lineOf(free, sizes).map(point => ({ ...point, law: labels[1] })),
      ];
      const info = findMetric(group.metric);
      const name = info
        ? `${info.summed ? 'summed ' : ''}${quantityName(info.set, info.quantity)}`
        : group.metric;
      return {
        width: panelWidth,
        height,
        title: {
          text: `${name} ${targetSign(group.target)}`,
          subtitle: SHORT_VERDICT[group.verdict.code],
          fontSize: 10.5,
        },
        layer: [
          {
            data: values(bandOf(group, free.name, sizes)),
            mark: { type: 'area', clip: true, opacity: 0.16, color: theme.kinds[1] },
            encoding: { x: x('n'), y: y('low'), y2: { field: 'high' } },
          },
          {
            data: values(lines),
            params: [...zoom(`zoom_${i}`, columns)],
            mark: { type: 'line', clip: true, strokeWidth: 1.5 },
            encoding: { x: x('n'), y: y('mu'), color, strokeDash },
          },
          { data: values(points), layer: crossingLayers(x, y, { color: { value: theme.ink }, size: 10 }) },
        ],
      };
    }),
  };
}
