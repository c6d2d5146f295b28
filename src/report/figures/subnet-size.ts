/** Figure: loss against subnetwork size at a few checkpoints, one panel per selection method. */
import type { PruneMethod } from '../../domain/types.js';
import { AXIS, quantityName, SYMBOL } from '../style/text.js';
import { logSpan, logTicks, sizeTicks, tickAxis } from '../style/ticks.js';
import type { Spec } from '../style/vega-config.js';
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

const METHODS: readonly PruneMethod[] = ['greedy', 'random', 'magnitude'];
const largestN = ({ subnetSizes }: FigureData): number => Math.max(...subnetSizes.map(({ n }) => n));

export const subnetSizeFigure: Figure = {
  name: 'subnet-size',
  title: 'Loss against subnetwork size',
  caption: data => {
    const present = METHODS.filter(one => data.subnetSizes.some(({ method }) => method === one));
    return (
      `Mean ${quantityName(data.set, 'loss')} of the subnetwork over seeds, with the range over seeds, against its size k ` +
      `at a few checkpoints t, for the largest data set size${data.subnetSizes.length > 0 ? ` (n = ${largestN(data).toLocaleString('en-US')})` : ''}. ` +
      `Selections: ${present.join(', ')}. Dotted: the dense network's loss at the same t.`
    );
  },
  across: (data, columns) => (columns === 1 ? 1 : methodsOf(data).length),
  spec,
  table: ({ subnetSizes }) => ({
    head: ['method', 'n', 't', 'k', 'seeds', 'loss', 'lowest', 'highest', 'dense loss'],
    rows: subnetSizes.map(({ method, n, t, k, seeds, loss, denseLoss }) => [
      method,
      n,
      t,
      k,
      seeds,
      ...(loss ? [loss.mean, loss.low, loss.high] : [null, null, null]),
      denseLoss,
    ]),
  }),
};

const methodsOf = (data: FigureData): PruneMethod[] =>
  METHODS.filter(one => data.subnetSizes.some(({ method }) => method === one));

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const n = largestN(data);
  const rows = data.subnetSizes.flatMap(({ loss, denseLoss, ...row }) =>
    row.n === n && loss ? [{ ...row, ...loss, dense: denseLoss }] : [],
  );
  const [sizes, times] = [distinct(rows.map(({ k }) => k)), distinct(rows.map(({ t }) => t))];
  if (sizes.length < 2) return null;
  const methods = methodsOf(data);
  const height = columns === 1 && methods.length > 1 ? 140 : 200;
  const low = Math.min(...rows.flatMap(row => [row.low, row.dense ?? row.low]));
  const high = Math.max(...rows.flatMap(row => [row.high, row.dense ?? row.high]));
  const isLog = low > 0 && high / low > 4;

  const panel = (method: PruneMethod, i: number): Spec => {
    const isLast = columns === 2 || i === methods.length - 1;
    const x: Spec = {
      field: 'k',
      type: 'quantitative',
      title: isLast ? AXIS.k : null,
      scale: { type: 'log', domain: [sizes[0], sizes.at(-1)], nice: false, padding: 8 },
      axis: tickAxis(sizeTicks(sizes, logSpan(sizes[0]!, sizes.at(-1)!, panelWidth - 16, 'across'))),
    };
    const y = (field: string): Spec => ({
      field,
      type: 'quantitative',
      title: i === 0 || columns === 1 ? quantityName(data.set, 'loss') : null,
      ...(isLog
        ? {
            scale: { type: 'log', domain: [low, high], nice: false, padding: 5 },
            axis: { ...tickAxis(logTicks(logSpan(low, high, height, 'down'))), minExtent: 28 },
          }
        : { scale: { domain: [0, high], nice: true }, axis: { tickCount: 5, format: '~g', minExtent: 28 } }),
    });
    const color: Spec = {
      field: 't',
      type: 'ordinal',
      scale: { domain: times, range: theme.ordered(times.length) },
      legend: {
        title: `pre-training ${SYMBOL.t} (iterations)`,
        orient: 'bottom',
        direction: 'horizontal',
        labelExpr: "format(datum.value, ',')",
        symbolType: 'stroke',
      },
    };
    const opacity = whenPicked('time', 1, 0.08);
    const own = { filter: `datum.method === '${method}'` };
    return {
      width: panelWidth,
      height,
      title: method,
      transform: [own],
      encoding: { x },
      layer: [
        {
          params: [...zoom(`zoom_${method}`, columns), ...(i === 0 ? [legendToggle('time', 't')] : [])],
          mark: { type: 'line', clip: true, strokeWidth: 1.4 },
          encoding: { y: y('mean'), color, opacity },
        },
        {
          transform: [{ filter: 'isValid(datum.dense)' }],
          mark: { type: 'line', clip: true, strokeWidth: 1.2, strokeDash: [1, 3] },
          encoding: { y: y('dense'), color, opacity },
        },
        {
          mark: { type: 'rule', clip: true, strokeWidth: 1.2 },
          encoding: { y: y('low'), y2: { field: 'high' }, color, opacity },
        },
        {
          mark: { type: 'point', filled: true, size: 26, clip: true },
          encoding: {
            y: y('mean'),
            color,
            opacity,
            tooltip: [
              { field: 'method', title: 'selection' },
              { field: 't', title: 't', format: ',' },
              { field: 'k', title: 'k', format: ',' },
              { field: 'mean', title: 'mean loss', format: '.4~g' },
              { field: 'low', title: 'lowest of the seeds', format: '.4~g' },
              { field: 'high', title: 'highest of the seeds', format: '.4~g' },
              { field: 'dense', title: 'dense loss', format: '.4~g' },
            ],
          },
        },
      ],
    };
  };
  return {
    data: values(rows),
    columns: columns === 1 ? 1 : methods.length,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'shared' } },
    concat: methods.map(panel),
  };
}
