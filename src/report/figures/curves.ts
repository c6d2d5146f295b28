/** Figure: loss and accuracy over pre-training for every n, of dense network and subnetwork; controls below. */
import type { PruneMethod } from '../../domain/types.js';
import type { CurvePoint } from '../../store/read/figure-rows.js';
import { AXIS, NETWORK_LABEL, quantityName } from '../style/text.js';
import { logSpan, logTicks, symlogSpan, tickAxis, timeTicks } from '../style/ticks.js';
import type { Spec } from '../style/vega-config.js';
import {
  distinct,
  type Figure,
  type FigureData,
  type FigureOptions,
  legendToggle,
  sizeColor,
  values,
  whenPicked,
  zoom,
} from './figure.js';

const QUANTITIES = ['loss', 'accuracy'] as const;
type Quantity = (typeof QUANTITIES)[number];
/** Readers cannot distinguish the colours of more sizes. */
const MAX_SIZES = 12;

export const curvesFigure: Figure = {
  name: 'curves',
  title: 'Loss and accuracy over pre-training',
  caption: ({ set, curves }) => {
    const controls = controlsOf(curves).filter(method => method !== 'greedy');
    const below = controls.length > 0 ? ` Below, the control selections: ${controls.join(' and ')}.` : '';
    return (
      `Mean ${quantityName(set, 'loss')} and accuracy over seeds against pre-training iterations t, one colour for each ` +
      `data set size n. Solid: the subnetwork, with its range over seeds as a band; dashed: the dense network. ` +
      `The axis is linear up to the first checkpoint after 0 and logarithmic from there, so that t = 0 is seen.${below}`
    );
  },
  across: (_, columns) => columns,
  spec,
  table: ({ curves }) => ({
    head: ['network', 'n', 't', 'seeds', 'loss', 'lowest', 'highest', 'accuracy', 'lowest', 'highest'],
    rows: curves.map(({ network, n, t, seeds, loss, accuracy }) => [
      network,
      n,
      t,
      seeds,
      ...[loss, accuracy].flatMap(of => (of ? [of.mean, of.low, of.high] : [null, null, null])),
    ]),
  }),
};

const controlsOf = (curves: readonly CurvePoint[]): PruneMethod[] => {
  const present = new Set(curves.map(({ network }) => network));
  return (['greedy', 'random', 'magnitude'] as const).filter(method => present.has(method));
};

function spec({ set, curves }: FigureData, options: FigureOptions): Spec | null {
  const { columns, panelWidth } = options;
  const methods = controlsOf(curves);
  const sizes = evenSubset(distinct(curves.map(({ n }) => n)), MAX_SIZES);
  const shown = curves.filter(({ n }) => sizes.includes(n));
  const times = distinct(shown.map(({ t }) => t));
  if (methods.length === 0 || times.length < 2) return null;
  const quantities = QUANTITIES.filter(quantity => shown.some(point => point[quantity] !== null));

  const height = columns === 1 ? 150 : 200;
  const color = sizeColor(sizes, options);
  const panel = (
    method: PruneMethod,
    quantity: Quantity,
    at: { first: boolean; last: boolean; left: boolean },
  ): Spec => {
    const rows = shown.flatMap(point => {
      const of = point[quantity];
      if (!of || (point.network !== method && point.network !== 'dense')) return [];
      return [{ n: point.n, t: point.t, network: point.network, ...of }];
    });
    const scale = yScale(quantity, rows, height);
    const y = (field: string): Spec => ({
      field,
      type: 'quantitative',
      title: quantityName(set, quantity),
      ...scale,
    });
    const x: Spec = {
      field: 't',
      type: 'quantitative',
      title: at.last ? AXIS.t : null,
      ...timeScale(times, panelWidth),
    };
    const strokeDash: Spec = {
      field: 'network',
      type: 'nominal',
      scale: {
        domain: [method, 'dense'],
        range: [
          [1, 0],
          [4, 3],
        ],
      },
      legend: null,
    };
    const is = (network: string): Spec => ({ filter: `datum.network === '${network}'` });
    const tooltip = [
      { field: 'network', title: 'network' },
      { field: 'n', title: 'n', format: ',' },
      { field: 't', title: 't', format: ',' },
      { field: 'mean', title: `mean ${quantity}`, format: '.4~f' },
      { field: 'low', title: 'lowest of the seeds', format: '.4~f' },
      { field: 'high', title: 'highest of the seeds', format: '.4~f' },
    ];
    const name = `${method}_${quantity}`;
    return {
      name,
      width: panelWidth,
      height,
      ...(at.left ? { title: `${NETWORK_LABEL[method]} (solid) and dense (dashed)` } : {}),
      data: values(rows),
      encoding: { x },
      layer: [
        {
          transform: [is(method)],
          mark: { type: 'area', clip: true },
          encoding: { y: y('low'), y2: { field: 'high' }, color, opacity: whenPicked('size', 0.18, 0.02) },
        },
        {
          // Vega-Lite accepts a legend-bound selection only once; conditions in other layers refer to it.
          params: [
            ...zoom(`zoom_${name}`, columns),
            ...(at.first && at.left ? [legendToggle('size', 'n')] : []),
          ],
          mark: { type: 'line', clip: true, strokeWidth: 1.4 },
          encoding: { y: y('mean'), color, strokeDash, opacity: whenPicked('size', 1, 0.08) },
        },
        {
          mark: { type: 'point', filled: true, size: 60, opacity: 0 },
          encoding: { y: y('mean'), tooltip },
        },
        ...[method, 'dense'].map(network => ({
          transform: [{ filter: `datum.t === 0 && datum.network === '${network}'` }],
          mark: { type: 'point', size: 22, strokeWidth: 1.2, filled: network === method },
          encoding: { y: y('mean'), color, opacity: whenPicked('size', 1, 0.08) },
        })),
      ],
    };
  };

  const cells = methods.flatMap((method, row) =>
    quantities.map((quantity, column) =>
      panel(method, quantity, {
        first: row === 0,
        last:
          columns === 2
            ? row === methods.length - 1
            : row === methods.length - 1 && column === quantities.length - 1,
        left: column === 0,
      }),
    ),
  );
  return {
    columns: columns === 1 ? 1 : quantities.length,
    spacing: columns === 1 ? 12 : 18,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'shared', strokeDash: 'independent' } },
    concat: cells,
  };
}

/** Logarithmic for losses that are positive and span more than a factor of 8; else linear. */
function yScale(quantity: Quantity, rows: readonly { low: number; high: number }[], height: number): Spec {
  const low = Math.min(...rows.map(row => row.low));
  const high = Math.max(...rows.map(row => row.high));
  const axis = { minExtent: 34 };
  if (quantity === 'loss' && low > 0 && high / low > 8) {
    const ticks = logTicks(logSpan(low, high, height, 'down'));
    return {
      scale: { type: 'log', domain: [low, high], nice: false, padding: 4 },
      axis: { ...axis, ...tickAxis(ticks) },
    };
  }
  return { scale: { zero: false, nice: true, padding: 2 }, axis: { ...axis, tickCount: 5, format: '~g' } };
}

/** The scale and axis of checkpoints, from 0. */
export function timeScale(times: readonly number[], width: number): Spec {
  const [constant, last] = [times.find(t => t > 0) ?? 1, times.at(-1)!];
  const span = symlogSpan(constant, last, width - 10);
  return {
    scale: { type: 'symlog', constant, domain: [0, last], nice: false, padding: 5 },
    axis: tickAxis(timeTicks(span, constant)),
  };
}

/** At most `limit` items, evenly chosen, including both ends. */
export function evenSubset<T>(all: readonly T[], limit: number): T[] {
  if (all.length <= limit) return [...all];
  const kept = new Set(
    Array.from({ length: limit }, (_, i) => Math.round((i * (all.length - 1)) / (limit - 1))),
  );
  return all.filter((_, i) => kept.has(i));
}
