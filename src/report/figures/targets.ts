/** The main figure: thresholds of every target of the primary metric against n. */
import type { FitGroup } from '../../fit/index.js';
import { criterion, metricLabel, targetSign } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { logTimeAxis, sizeAxis } from './axes.js';
import { crossingLayers, medianOf, placeCrossings } from './crossings.js';
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
import { groupsOfPrimaryMetric } from './groups.js';
import { bandOf, lineOf, logarithmicLaw, preferredLaw } from './law-lines.js';

export const targetsFigure: Figure = {
  name: 'targets',
  title: 'Thresholds against data set size',
  caption: data => {
    const { metric, targets } = shownTargets(data);
    const what = metric ? metricLabel(metric) : 'the primary metric';
    return (
      `Pre-training iterations t* until the ${what} reaches a target, against data set size n, on two ` +
      `logarithmic axes: ${targets.map(targetSign).join(', ')}. Points: one for each seed; arrows: not reached by the last ` +
      `checkpoint (up) or reached by the first (down). Solid lines: the law with the lowest AICc and its 95% band over ` +
      `seeds; dotted: the logarithmic law. Where no law could be fitted, lines join the medians.`
    );
  },
  across: () => 1,
  spec,
  table: data => {
    const { metric, targets, sizes, rowsOf } = shownTargets(data);
    return {
      head: ['target', ...sizes.map(n => `median t*, n = ${n.toLocaleString('en-US')}`)],
      rows: targets.map(target => [
        criterion(metric!, target),
        ...sizes.map(n => {
          const median = medianOf(rowsOf(target).filter(row => row.n === n));
          return median ? (median.censored ? `> ${median.at}` : median.at) : null;
        }),
      ]),
    };
  },
};

function shownTargets(data: FigureData) {
  const groups = groupsOfPrimaryMetric(data);
  const metric = data.primary?.metric ?? groups[0]?.metric ?? null;
  const greedy = data.crossings.some(({ method }) => method === 'greedy');
  const rows = data.crossings.filter(row => row.metric === metric && (row.method === 'greedy' || !greedy));
  const fitted = groups.map(({ target }) => target);
  const targets = [
    ...fitted,
    ...new Set(rows.map(({ target }) => target).filter(target => !fitted.includes(target))),
  ];
  return {
    groups,
    metric,
    targets,
    sizes: distinct(rows.map(({ n }) => n)),
    rowsOf: (target: string) => rows.filter(row => row.target === target),
  };
}

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const { groups, metric, targets, sizes, rowsOf } = shownTargets(data);
  if (sizes.length < 2) return null;
  const height = columns === 1 ? 220 : 330;
  const label = (target: string): string => targetSign(target);
  const points = targets.flatMap(target =>
    placeCrossings(rowsOf(target)).map(row => ({ ...row, label: label(target) })),
  );
  const groupOf = (target: string): FitGroup | undefined => groups.find(group => group.target === target);
  /** Sizes with a crossing: laws say nothing beyond them. */
  const crossedAt = (target: string): number[] =>
    sizes.filter(n => rowsOf(target).some(row => row.n === n && row.upper !== null));
  const lines = targets.flatMap(target => {
    const group = groupOf(target);
    const law = group && preferredLaw(group);
    const own = crossedAt(target);
    if (law && own.length > 0) return lineOf(law, own).map(point => ({ ...point, label: label(target) }));
    return sizes.flatMap(n => {
      const median = medianOf(rowsOf(target).filter(row => row.n === n));
      return median && !median.censored && median.at > 0 ? [{ n, mu: median.at, label: label(target) }] : [];
    });
  });
  const logarithms = targets.flatMap(target => {
    const law = groupOf(target) && logarithmicLaw(groupOf(target)!);
    const own = crossedAt(target);
    return law && own.length > 0 ? lineOf(law, own).map(point => ({ ...point, label: label(target) })) : [];
  });
  const bands = targets.flatMap(target => {
    const group = groupOf(target);
    const law = group && preferredLaw(group);
    const own = crossedAt(target);
    return law && own.length > 0
      ? bandOf(group, law.name, own).map(point => ({ ...point, label: label(target) }))
      : [];
  });
  const low = Math.min(
    ...points.map(({ at, lower }) => (lower !== null && lower > 0 ? Math.min(lower, at) : at)),
  );
  const high = Math.max(...points.map(({ at, upper }) => Math.max(at, upper ?? at)));
  const x = sizeAxis(sizes, panelWidth);
  const y = logTimeAxis(low, high, height);
  const color: Spec = {
    field: 'label',
    type: 'nominal',
    sort: null,
    scale: { domain: targets.map(label), range: theme.ordered(targets.length) },
    legend: {
      title: metricLabel(metric!),
      orient: columns === 1 ? 'bottom' : 'right',
      direction: columns === 1 ? 'horizontal' : 'vertical',
      symbolType: 'stroke',
      symbolSize: 160,
      ...(columns === 1 ? { columns: 4 } : {}),
    },
  };
  const opacity = whenPicked('target', 1, 0.06);
  return {
    width: panelWidth,
    height,
    layer: [
      {
        data: values(bands),
        mark: { type: 'area', clip: true },
        encoding: {
          x: x('n'),
          y: y('low'),
          y2: { field: 'high' },
          color,
          opacity: whenPicked('target', 0.16, 0.02),
        },
      },
      {
        data: values(logarithms),
        mark: { type: 'line', clip: true, strokeDash: [1.5, 3], strokeWidth: 1.4 },
        encoding: { x: x('n'), y: y('mu'), color, opacity },
      },
      {
        data: values(lines),
        params: [legendToggle('target', 'label'), ...zoom('zoom', columns)],
        mark: { type: 'line', clip: true, strokeWidth: 1.7 },
        encoding: { x: x('n'), y: y('mu'), color, opacity },
      },
      { data: values(points), layer: crossingLayers(x, y, { color, opacity, size: 18 }) },
    ],
  };
}
