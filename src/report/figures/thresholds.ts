/** Figure: thresholds of the primary target against n, with every fitted law. */
import { criterion } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { linearTimeAxis, logTimeAxis, sizeAxis } from './axes.js';
import { crossingLayers, placeCrossings } from './crossings.js';
import {
  distinct,
  type Figure,
  type FigureData,
  type FigureOptions,
  legendToggle,
  values,
  whenPicked,
  zoom,
} from './figure.js';
import { primaryGroup } from './groups.js';
import { bandOf, LAW_DASHES, LAW_ORDER, lawLabel, lawsOf, lineOf, preferredLaw } from './law-lines.js';

export const thresholdsFigure: Figure = {
  name: 'thresholds',
  title: 'The primary threshold and the fitted laws',
  caption: data => {
    const group = primaryGroup(data);
    const law = group && preferredLaw(group);
    const fitted = law
      ? ` Lines: the fitted laws, the one with the lowest AICc (${law.name}) in bold with its 95% band over seeds.`
      : ' No law could be fitted.';
    return (
      `Threshold t* in iterations against data set size n for ${data.primary ? criterion(data.primary.metric, data.primary.target) : 'the primary target'}, ` +
      `one point for each seed, on two logarithmic axes and on a linear t* axis. A point stands in the middle of the ` +
      `interval between two checkpoints that holds t*; an arrow up means not reached by the last checkpoint, an arrow ` +
      `down reached by the first, a cross unreachable.${fitted}`
    );
  },
  across: (_, columns) => columns,
  spec,
  table: data => ({
    head: ['n', 'seed', 'after t', 'by t', 'censoring'],
    rows: primaryRows(data).map(({ n, seed, lower, upper, censoring }) => [n, seed, lower, upper, censoring]),
  }),
};

export const primaryRows = ({ crossings, primary }: FigureData) =>
  crossings.filter(
    ({ method, metric, target }) =>
      (method === 'greedy' || crossings.every(row => row.method !== 'greedy')) &&
      metric === primary?.metric &&
      target === primary.target,
  );

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const points = placeCrossings(primaryRows(data));
  const sizes = distinct(points.map(({ n }) => n));
  if (sizes.length < 2) return null;
  const height = columns === 1 ? 190 : 250;
  const group = primaryGroup(data);
  const laws = group ? lawsOf(group) : [];
  const ordered = LAW_ORDER.flatMap(name => laws.filter(law => law.name === name));
  const labels = ordered.map(lawLabel);
  const best = group && preferredLaw(group);
  const band = group && best ? bandOf(group, best.name, sizes) : [];
  // The preferred law is last, and so drawn on top.
  const lines = laws
    .toReversed()
    .flatMap(law => lineOf(law, sizes).map(point => ({ ...point, law: lawLabel(law), best: law === best })));
  const low = Math.min(
    ...points.map(({ at, lower }) => (lower !== null && lower > 0 ? Math.min(lower, at) : at)),
  );
  const high = Math.max(...points.map(({ at, upper }) => Math.max(at, upper ?? at)));

  const kindOf = (i: number): number => LAW_ORDER.indexOf(ordered[i]!.name);
  const color: Spec = {
    field: 'law',
    type: 'nominal',
    scale: { domain: labels, range: labels.map((_, i) => theme.kinds[kindOf(i)]) },
    legend: {
      title: 'law (Akaike weight)',
      orient: 'bottom',
      direction: 'horizontal',
      columns: columns === 1 ? 2 : 4,
      symbolType: 'stroke',
      symbolSize: 160,
      symbolStrokeWidth: 1.6,
    },
  };
  const strokeDash: Spec = {
    field: 'law',
    type: 'nominal',
    scale: { domain: labels, range: labels.map((_, i) => LAW_DASHES[kindOf(i)]) },
  };
  const panel = (y: (field: string) => Spec, i: number): Spec => {
    const x = sizeAxis(sizes, panelWidth, i === 1 || columns === 2 ? undefined : null);
    return {
      width: panelWidth,
      height,
      layer: [
        ...(best && band.length > 0
          ? [
              {
                data: values(band),
                mark: {
                  type: 'area',
                  clip: true,
                  opacity: 0.16,
                  color: theme.kinds[LAW_ORDER.indexOf(best.name)],
                },
                encoding: { x: x('n'), y: y('low'), y2: { field: 'high' } },
              },
            ]
          : []),
        ...(lines.length > 0
          ? [
              {
                data: values(lines),
                params: i === 0 ? [legendToggle('law', 'law')] : [],
                mark: { type: 'line', clip: true },
                encoding: {
                  x: x('n'),
                  y: y('mu'),
                  color,
                  strokeDash,
                  strokeWidth: { condition: { test: 'datum.best', value: 2.4 }, value: 1.2 },
                  opacity: whenPicked('law', 1, 0.06),
                },
              },
            ]
          : []),
        { data: values(points), layer: crossingLayers(x, y, { color: { value: theme.ink } }) },
        {
          data: values(points),
          params: [...zoom(`zoom_${i}`, columns)],
          mark: { type: 'point', opacity: 0 },
          encoding: { x: x('x'), y: y('at') },
        },
      ],
    };
  };
  return {
    columns,
    spacing: columns === 1 ? 16 : 22,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'shared', strokeDash: 'shared' } },
    concat: [panel(logTimeAxis(low, high, height), 0), panel(linearTimeAxis(high, height), 1)],
  };
}
