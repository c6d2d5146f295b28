/** Figure: curves as published and as measured, side by side, one row for each width. Drawn by `espalier compare`. */
import type { DatabaseComparison } from '../../compare/compare-database.js';
import type { TableCell } from '../../compare/published-table.js';
import { AXIS, metricLabel, SYMBOL } from '../style/text.js';
import type { Spec } from '../style/vega-config.js';
import { evenSubset } from './curves.js';
import { distinct, type Figure, type FigureOptions, sizeColor, values } from './figure.js';

export interface PublishedData {
  readonly comparison: DatabaseComparison;
  /** The whole published table. */
  readonly table: readonly TableCell[];
}

/** Readers cannot distinguish the colours of more sizes. */
const MAX_SIZES = 12;
const SIDES = ['published', 'measured'] as const;

export const publishedFigure: Figure<PublishedData> = {
  name: 'published',
  title: 'Published and measured curves',
  caption: ({ comparison: { metric } }) =>
    `${capitalised(metricLabel(metric.name))} against pre-training iterations t, as published (left) and as measured (right), ` +
    `one row for each width N, one colour for each data set size n. Right: means over seeds, with their range as a band.`,
  across: () => SIDES.length,
  spec,
  table: ({ comparison }) => ({
    head: ['N', 'n', 't', 'published', 'measured', 'difference', 'seeds', 'lowest', 'highest'],
    rows: comparison.cells.map(({ width, n, t, published, ours, difference, seeds, low, high }) => [
      width,
      n,
      t,
      published,
      ours,
      difference,
      seeds,
      low,
      high,
    ]),
  }),
};

const capitalised = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

function spec({ comparison, table }: PublishedData, options: FigureOptions): Spec | null {
  const { columns, panelWidth } = options;
  const widths = comparison.widths.map(({ width }) => width);
  const published = table.filter(({ width }) => widths.includes(width));
  const sizes = evenSubset(distinct(published.map(({ n }) => n)), MAX_SIZES);
  const times = distinct(published.map(({ t }) => t));
  if (times.length < 2) return null;
  const color = sizeColor(sizes, options);
  const rowsOf = {
    published: published.map(({ value, ...place }) => ({ ...place, mean: value, low: value, high: value })),
    measured: comparison.cells.map(({ width, n, t, ours, low, high }) => ({
      width,
      n,
      t,
      mean: ours,
      low,
      high,
    })),
  };
  const label = metricLabel(comparison.metric.name);
  const panel = (width: number, side: (typeof SIDES)[number], isLast: boolean): Spec => {
    const isOf = (row: { width: number; n: number }) => row.width === width && sizes.includes(row.n);
    // One scale for both sides, over all that is drawn at this width.
    const shown = SIDES.flatMap(each => rowsOf[each].filter(isOf));
    const domain = [Math.min(...shown.map(({ low }) => low)), Math.max(...shown.map(({ high }) => high))];
    const y = (field: string): Spec => ({
      field,
      type: 'quantitative',
      title: side === 'published' ? label : null,
      scale: { domain, zero: false, nice: true, padding: 2 },
      axis: { minExtent: 34, tickCount: 5, format: '~g' },
    });
    return {
      width: panelWidth,
      height: columns === 1 ? 130 : 190,
      title: `${SYMBOL.N} = ${width.toLocaleString('en-US')}, ${side}`,
      data: values(rowsOf[side].filter(isOf)),
      encoding: {
        x: {
          field: 't',
          type: 'quantitative',
          title: isLast ? AXIS.t : null,
          scale: { domain: [times[0]!, times.at(-1)!], nice: false, padding: 5 },
          axis: { tickCount: columns === 1 ? 4 : 8, labelExpr: "format(datum.value, ',')" },
        },
      },
      layer: [
        {
          mark: { type: 'area', clip: true, opacity: 0.18 },
          encoding: { y: y('low'), y2: { field: 'high' }, color },
        },
        { mark: { type: 'line', clip: true, strokeWidth: 1.4 }, encoding: { y: y('mean'), color } },
        {
          mark: { type: 'point', clip: true, filled: true, size: 14, opacity: 1 },
          encoding: { y: y('mean'), color },
        },
      ],
    };
  };
  return {
    columns: SIDES.length,
    spacing: columns === 1 ? 12 : 18,
    resolve: { scale: { x: 'independent', y: 'independent', color: 'shared' } },
    concat: widths.flatMap((width, i) => SIDES.map(side => panel(width, side, i === widths.length - 1))),
  };
}
