/** Figure: how fast thresholds grow between neighbouring sizes, measured and predicted. */
import { studentQuantile } from '../../math/student.js';
import { AXIS, targetSign } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { sizeAxis } from './axes.js';
import { type Figure, type FigureData, type FigureOptions, values } from './figure.js';
import { groupsOfSlice } from './groups.js';
import { logarithmicLaw } from './law-lines.js';
import { middleOf, type PredictedPanel, predictedPanels, sizeTitle } from './predicted-panels.js';

const ACROSS = { 1: 1, 2: 2 } as const;
const SERIES = {
  subnet: 'measured, subnetwork',
  dense: 'measured, dense',
  kernel: 'kernel prediction',
  logarithm: 'logarithmic law',
} as const;
/** Series stand beside each other by this factor of n. */
const APART = 1.06;

export const localExponentFigure: Figure = {
  name: 'local-exponent',
  title: 'Growth between neighbouring sizes',
  caption: () =>
    'The local growth exponent d ln t* / d ln n between neighbouring data set sizes, at their geometric mean, one panel ' +
    'for each target: 1 is proportional to n, 0 is no growth. Points with 95% intervals over seeds (t quantiles): measured, ' +
    'and predicted by the kernel at t = 0 for the dense network. Dotted: what the fitted logarithmic law would have.',
  across: (data, columns) => Math.min(ACROSS[columns], Math.max(1, predictedPanels(data).length)),
  spec,
  table: data => ({
    head: ['target', 'network', 'n from', 'n to', 'exponent', '95% from', 'to', 'seeds'],
    rows: predictedPanels(data).flatMap(panel =>
      exponentsOf(panel).map(({ series, from, to, exponent, low, high, seeds }) => [
        `${panel.summed ? 'sum ' : ''}${targetSign(panel.target)}`,
        series,
        from,
        to,
        round(exponent),
        low === null ? null : round(low),
        high === null ? null : round(high),
        seeds,
      ]),
    ),
  }),
};

const round = (value: number): number => Number(value.toFixed(3));

interface SeriesExponent {
  readonly series: string;
  readonly from: number;
  readonly to: number;
  readonly exponent: number;
  /** Null for one seed. */
  readonly low: number | null;
  readonly high: number | null;
  readonly seeds: number;
}

/** Of each series, between neighbouring sizes, over the seeds that have a time at both. */
export function exponentsOf({ sizes, points, subnet, dense }: PredictedPanel): SeriesExponent[] {
  const timesOf = {
    [SERIES.subnet]: subnet.map(row => ({ ...row, t: middleOf(row) })),
    [SERIES.dense]: dense.map(row => ({ ...row, t: middleOf(row) })),
    [SERIES.kernel]: points.map(row => ({ ...row, t: row.predicted })),
  };
  return Object.entries(timesOf).flatMap(([series, times]) => {
    const bySize = new Map<number, Map<number, number>>();
    for (const { n, seed, t } of times) {
      if (t === null || !(t > 0)) continue;
      const seeds = bySize.get(n) ?? new Map<number, number>();
      bySize.set(n, seeds.set(seed, t));
    }
    return sizes.slice(1).flatMap((to, i): SeriesExponent[] => {
      const from = sizes[i]!;
      const slopes = [...(bySize.get(to) ?? [])].flatMap(([seed, t]) => {
        const before = bySize.get(from)?.get(seed);
        return before === undefined ? [] : [Math.log(t / before) / Math.log(to / from)];
      });
      if (slopes.length === 0) return [];
      const exponent = slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
      const reach = reachOf(slopes, exponent);
      const interval =
        reach === null ? { low: null, high: null } : { low: exponent - reach, high: exponent + reach };
      return [{ series, from, to, exponent, ...interval, seeds: slopes.length }];
    });
  });
}

/** Half the width of the 95% interval of a mean; null for one value. */
function reachOf(slopes: readonly number[], mean: number): number | null {
  const count = slopes.length;
  if (count < 2) return null;
  const squares = slopes.reduce((sum, slope) => sum + (slope - mean) ** 2, 0);
  return studentQuantile(0.95, count - 1) * Math.sqrt(squares / (count - 1) / count);
}

function spec(data: FigureData, { theme, columns, panelWidth }: FigureOptions): Spec | null {
  const panels = predictedPanels(data);
  if (panels.length === 0) return null;
  const across = Math.min(ACROSS[columns], panels.length);
  const labels: readonly string[] = Object.values(SERIES);
  const color: Spec = {
    field: 'series',
    type: 'nominal',
    scale: { domain: labels, range: [theme.ink, theme.kinds[0], theme.kinds[1], theme.muted] },
    legend: {
      title: null,
      orient: 'bottom',
      columns: columns === 1 ? 2 : 4,
      symbolType: 'stroke',
      symbolSize: 160,
    },
  };
  const exponents = panels.map(exponentsOf);
  const all = exponents.flat().flatMap(({ exponent, low, high }) => [low ?? exponent, high ?? exponent]);
  const [lowest, highest] = [Math.max(-1, Math.min(0, ...all)), Math.min(3, Math.max(1, ...all))];
  return {
    columns: across,
    spacing: columns === 1 ? 10 : 18,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'shared' } },
    concat: panels.map((panel, i) => {
      const { sizes } = panel;
      const x = sizeAxis(sizes, panelWidth, sizeTitle(columns));
      const y = (field: string): Spec => ({
        field,
        type: 'quantitative',
        title: i % across === 0 ? AXIS.localExponent : null,
        scale: { domain: [lowest, highest], nice: false },
        axis: { tickCount: 5, format: '~g', minExtent: 34 },
      });
      const rows = exponents[i]!.map(row => ({
        ...row,
        n: Math.sqrt(row.from * row.to) * APART ** (labels.indexOf(row.series) - 1),
      }));
      return {
        width: panelWidth,
        height: 130,
        title: { text: panel.title, fontSize: 10.5 },
        layer: [
          {
            data: values(logarithmCurve(data, panel, highest)),
            mark: { type: 'line', clip: true, strokeWidth: 1.3, strokeDash: [1.5, 3] },
            encoding: { x: x('n'), y: y('exponent'), color },
          },
          {
            data: values(rows.filter(({ low }) => low !== null)),
            mark: { type: 'rule', clip: true, strokeWidth: 1 },
            encoding: { x: x('n'), y: y('low'), y2: { field: 'high' }, color },
          },
          {
            data: values(rows),
            mark: { type: 'point', clip: true, filled: true, size: 24, opacity: 1 },
            encoding: {
              x: x('n'),
              y: y('exponent'),
              color,
              tooltip: [
                { field: 'series', title: 'network' },
                { field: 'from', title: 'n from', format: ',' },
                { field: 'to', title: 'n to', format: ',' },
                { field: 'exponent', title: 'exponent', format: '.3~g' },
                { field: 'seeds', title: 'seeds' },
              ],
            },
          },
        ],
      };
    }),
  };
}

/** d ln mu / d ln n = r / (1 + r ln z) of the logarithmic law fitted to the subnetwork's thresholds, up to `highest`. */
function logarithmCurve(data: FigureData, { summed, target, sizes }: PredictedPanel, highest: number) {
  const metric = `subnet_train_loss${summed ? '_sum' : ''}`;
  const group = groupsOfSlice(data).find(one => one.metric === metric && one.target === target);
  const law = group && logarithmicLaw(group)?.law;
  if (law?.form !== 'growth') return [];
  const [first, last] = [sizes[0]!, sizes.at(-1)!];
  return Array.from({ length: 41 }, (_, i) => {
    const n = first * (last / first) ** (i / 40);
    const level = 1 + law.r * Math.log(n / law.nRef);
    return { n, exponent: law.r / level, series: SERIES.logarithm, level };
  }).filter(({ level, exponent }) => level > 0 && exponent <= highest);
}
