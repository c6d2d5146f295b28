/** Figure: thread time by data set size and activity. */
import type { TimePoint } from '../../store/read/figure-rows.js';
import { SYMBOL } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import {
  type Figure,
  type FigureData,
  type FigureOptions,
  legendToggle,
  values,
  whenPicked,
} from './figure.js';

const PARTS = [
  'training',
  'pruning: greedy',
  'pruning: random',
  'pruning: magnitude',
  'measuring and the rest',
] as const;
const UNITS = [
  { name: 'hours', seconds: 3600 },
  { name: 'minutes', seconds: 60 },
  { name: 'seconds', seconds: 1 },
] as const;

export const timeFigure: Figure = {
  name: 'time',
  title: 'Where the time went',
  caption: () =>
    'Wall time of the threads, summed over the finished trajectories of each data set size n, by what it was spent on. ' +
    'Pruning includes building the activations, and re-training where there is any.',
  across: () => 1,
  spec,
  table: ({ times }) => ({
    head: ['n', 'trajectories', ...PARTS.map(part => `${part} (s)`)],
    rows: times.map(point => [point.n, point.trajectories, ...PARTS.map(part => secondsOf(point, part))]),
  }),
};

function secondsOf({ train, prune, rest }: TimePoint, part: (typeof PARTS)[number]): number | null {
  switch (part) {
    case 'training':
      return tenth(train);
    case 'pruning: greedy':
      return tenth(prune.greedy);
    case 'pruning: random':
      return tenth(prune.random);
    case 'pruning: magnitude':
      return tenth(prune.magnitude);
    case 'measuring and the rest':
      return tenth(rest);
  }
}

const tenth = (seconds: number | undefined): number | null =>
  seconds === undefined ? null : Math.round(10 * seconds) / 10;

function spec({ times }: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const rows = times.flatMap(point =>
    PARTS.flatMap((part, order) => {
      const seconds = secondsOf(point, part);
      return seconds === null ? [] : [{ n: point.n, part, order, seconds }];
    }),
  );
  const longest = Math.max(0, ...times.map(({ n }) => sum(rows.filter(row => row.n === n))));
  if (longest === 0) return null;
  const unit = UNITS.find(({ seconds }) => longest >= 2 * seconds) ?? UNITS[2];
  const parts = PARTS.filter(part => rows.some(row => row.part === part));
  return {
    data: values(rows.map(row => ({ ...row, time: row.seconds / unit.seconds }))),
    width: panelWidth,
    height: Math.max(60, 22 * times.length),
    params: [legendToggle('part', 'part')],
    mark: { type: 'bar', height: { band: 0.72 } },
    encoding: {
      y: {
        field: 'n',
        type: 'ordinal',
        title: `data set size ${SYMBOL.n}`,
        axis: { labelExpr: "format(datum.value, ',')", ticks: false, domain: false },
      },
      x: {
        field: 'time',
        type: 'quantitative',
        stack: 'zero',
        title: `thread time (${unit.name})`,
        axis: { tickCount: columns === 1 ? 5 : 9, format: ',~r' },
      },
      color: {
        field: 'part',
        type: 'nominal',
        scale: {
          domain: parts,
          range: parts.map(part => theme.kinds[[0, 1, 4, 3, 5][PARTS.indexOf(part)]!]),
        },
        legend: {
          title: null,
          orient: 'bottom',
          direction: 'horizontal',
          columns: columns === 1 ? 2 : 5,
          symbolType: 'square',
          symbolStrokeWidth: 0,
          symbolSize: 80,
        },
      },
      order: { field: 'order' },
      opacity: whenPicked('part', 1, 0.15),
      tooltip: [
        { field: 'part', title: 'part' },
        { field: 'n', title: 'n', format: ',' },
        { field: 'seconds', title: 'seconds', format: ',.1f' },
      ],
    },
  };
}

const sum = (rows: readonly { readonly seconds: number }[]): number =>
  rows.reduce((all, { seconds }) => all + seconds, 0);
