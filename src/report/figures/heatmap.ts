/** The published figure: subnetwork accuracy over pre-training and data set size, with traced thresholds. */
import { findMetric } from '../../domain/metrics.js';
import type { CrossingPoint } from '../../store/read/figure-rows.js';
import { AXIS, criterion, quantityName, SYMBOL } from '../style/text.js';
import { logSpan, sizeTicks, tickAxis } from '../style/ticks.js';
import type { Spec } from '../style/vega-config.js';
import { cellEdges } from './cells.js';
import { medianOf } from './crossings.js';
import { timeScale } from './curves.js';
import { distinct, type Figure, type FigureData, type FigureOptions, values, zoom } from './figure.js';

export const heatmapFigure: Figure = {
  name: 'accuracy-map',
  title: 'Subnetwork accuracy over pre-training and data set size',
  caption: data => {
    const traced = traces(data).map(({ label }) => label);
    const line = traced.length > 0 ? ` The lines trace the median threshold t*: ${traced.join('; ')}.` : '';
    return (
      `Mean ${quantityName(data.set, 'accuracy')} of the greedily selected subnetwork, over seeds, against pre-training ` +
      `iterations t and data set size n.${line} A triangle at the right edge: not reached by the last checkpoint.`
    );
  },
  across: () => 1,
  spec,
  table: data => ({
    head: ['n', 't', 'seeds', 'accuracy', 'lowest', 'highest'],
    rows: cellsOf(data).map(({ n, t, seeds, accuracy }) => [
      n,
      t,
      seeds,
      accuracy!.mean,
      accuracy!.low,
      accuracy!.high,
    ]),
  }),
};

const cellsOf = ({ curves }: FigureData) =>
  curves.filter(({ network, accuracy }) => network === 'greedy' && accuracy !== null);

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const cells = cellsOf(data);
  const [sizes, times] = [distinct(cells.map(({ n }) => n)), distinct(cells.map(({ t }) => t))];
  if (sizes.length < 2 || times.length < 2) return null;
  const constant = times[1]!;
  const last = times.at(-1)!;
  const height = columns === 1 ? 190 : 270;
  const timePlace = {
    to: (t: number) => Math.log1p(t / constant),
    from: (x: number) => constant * Math.expm1(x),
  };
  const timeEdges = cellEdges(times, timePlace, panelWidth, [0, last]);
  const sizeEdges = cellEdges(sizes, { to: Math.log, from: Math.exp }, height);
  const rows = cells.map(({ n, t, seeds, accuracy }) => {
    const [x, y] = [times.indexOf(t), sizes.indexOf(n)];
    return {
      n,
      t,
      seeds,
      accuracy: accuracy!.mean,
      t0: timeEdges.from(x),
      t1: timeEdges.to(x),
      n0: sizeEdges.from(y),
      n1: sizeEdges.to(y),
    };
  });
  const x = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: AXIS.t,
    ...timeScale(times, panelWidth),
  });
  const domain = [sizeEdges.from(0), sizeEdges.to(sizes.length - 1)];
  const y = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: AXIS.n,
    scale: { type: 'log', domain, nice: false },
    axis: { ...tickAxis(sizeTicks(sizes, logSpan(domain[0]!, domain[1]!, height, 'down'))), grid: false },
  });
  const traced = traces(data);
  const shape: Spec = {
    field: 'label',
    type: 'nominal',
    sort: null,
    scale: { domain: traced.map(({ label }) => label), range: ['circle', 'diamond', 'square'] },
    legend: {
      title: `median threshold ${SYMBOL.tStar}`,
      orient: 'bottom',
      direction: 'vertical',

      symbolStrokeWidth: 1.2,
      symbolSize: 50,
    },
  };
  const traceTip = [
    { field: 'label', title: 'criterion' },
    { field: 'n', title: 'n', format: ',' },
    { field: 'shown', title: 'median t*' },
  ];
  const points = traced.flatMap(({ label, medians }) =>
    medians.map(({ n, at, censored }) => ({
      label,
      n,
      t: Math.min(at, last),
      censored,
      shown: `${censored ? '> ' : ''}${at}`,
    })),
  );
  const crossed = { filter: '!datum.censored' };
  return {
    width: panelWidth,
    height,
    layer: [
      {
        params: [...zoom('zoom', columns)],
        data: values(rows),
        mark: { type: 'rect', clip: true },
        encoding: {
          x: x('t0'),
          x2: { field: 't1' },
          y: y('n0'),
          y2: { field: 'n1' },
          color: {
            field: 'accuracy',
            type: 'quantitative',
            scale: { range: theme.heat, zero: false, nice: false },
            legend: {
              title: `subnetwork ${quantityName(data.set, 'accuracy')}`,
              orient: columns === 1 ? 'top' : 'right',
              format: '~g',
              tickCount: 5,
              gradientThickness: 10,
              gradientLength: columns === 1 ? panelWidth : height - 30,
              offset: columns === 1 ? 6 : 12,
            },
          },
          tooltip: [
            { field: 'n', title: 'n', format: ',' },
            { field: 't', title: 't', format: ',' },
            { field: 'accuracy', title: 'mean accuracy', format: '.4f' },
            { field: 'seeds', title: 'seeds' },
          ],
        },
      },
      ...(points.length === 0
        ? []
        : ['#ffffff', '#000000'].map((stroke, i) => ({
            data: values(points),
            transform: [crossed],
            mark: { type: 'line', clip: true, stroke, strokeWidth: i === 0 ? 3.6 : 1.4 },
            encoding: { x: x('t'), y: y('n'), order: { field: 'n' }, detail: { field: 'label' } },
          }))),
      ...(points.length === 0
        ? []
        : [
            {
              data: values(points),
              transform: [crossed],
              mark: {
                type: 'point',
                filled: true,
                fill: '#ffffff',
                stroke: '#000000',
                strokeWidth: 1.2,
                size: 44,
                opacity: 1,
              },
              encoding: { x: x('t'), y: y('n'), shape, tooltip: traceTip },
            },
            {
              data: values(points),
              transform: [{ filter: 'datum.censored' }],
              mark: {
                type: 'point',
                shape: 'triangle-right',
                filled: true,
                fill: '#ffffff',
                stroke: '#000000',
                strokeWidth: 1.2,
                size: 60,
                opacity: 1,
              },
              encoding: { x: x('t'), y: y('n'), tooltip: traceTip },
            },
          ]),
    ],
  };
}

interface Trace {
  readonly label: string;
  readonly medians: readonly { readonly n: number; readonly at: number; readonly censored: boolean }[];
}

/** Traces of the primary target and one accuracy target (`published`, else the middle one), greedy subnetworks only. */
function traces({ crossings, primary }: FigureData): Trace[] {
  const own = crossings.filter(
    ({ method, metric }) => method === 'greedy' && findMetric(metric)?.network === 'subnet',
  );
  const keys = [...new Set(own.map(({ metric, target }) => JSON.stringify([metric, target])))].map(
    key => JSON.parse(key) as [metric: string, target: string],
  );
  const accuracies = keys.filter(([metric]) => findMetric(metric)?.quantity === 'accuracy');
  const accuracy =
    accuracies.find(([, target]) => target === 'published') ?? accuracies[Math.floor(accuracies.length / 2)];
  const primaryKey = keys.find(([metric, target]) => metric === primary?.metric && target === primary.target);
  const chosen = [primaryKey, accuracy].filter((key, i, all) => key !== undefined && all.indexOf(key) === i);
  return chosen.map(key => {
    const [metric, target] = key!;
    const rows = own.filter(row => row.metric === metric && row.target === target);
    return { label: criterion(metric, target), medians: medians(rows) };
  });
}

function medians(rows: readonly CrossingPoint[]): Trace['medians'] {
  return distinct(rows.map(({ n }) => n)).flatMap(n => {
    const median = medianOf(rows.filter(row => row.n === n));
    return median ? [{ n, ...median }] : [];
  });
}
