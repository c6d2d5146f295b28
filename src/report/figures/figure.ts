/**
 * A figure is a function from rows to one Vega-Lite specification. The interactive figure, the SVG and the PNG are
 * all made from it.
 */

import type { SetName } from '../../domain/types.js';
import type { FitReport } from '../../fit/index.js';
import type {
  CrossingPoint,
  CurvePoint,
  Slice,
  SubnetSizePoint,
  TimePoint,
} from '../../store/read/figure-rows.js';
import type { PredictedPoint } from '../../store/read/predictions.js';
import { SYMBOL } from '../style/text.js';
import type { Theme } from '../style/theme.js';
import type { Spec } from '../style/vega-config.js';

/** The rows of one slice of one sweep. The live page omits rows that its figures do not need. */
export interface FigureData {
  readonly slice: Slice;
  /** The set that the curves are measured on. */
  readonly set: SetName;
  readonly curves: readonly CurvePoint[];
  readonly subnetSizes: readonly SubnetSizePoint[];
  readonly crossings: readonly CrossingPoint[];
  readonly times: readonly TimePoint[];
  /** What the kernel at t = 0 predicts; empty where `espalier predict` has not run. */
  readonly predictions: readonly PredictedPoint[];
  /** Null where nothing is fitted. */
  readonly fit: FitReport | null;
  /** The target that is declared primary; null where none is. */
  readonly primary: { readonly metric: string; readonly target: string } | null;
}

/** Columns of a paper: one (3.5 inches, also the width of a phone) or two (7.16 inches). */
export type Columns = 1 | 2;
/** Width of the whole figure in CSS pixels, 96 per inch. */
export const FIGURE_WIDTH: Readonly<Record<Columns, number>> = { 1: 336, 2: 687 };

/** What a figure is drawn for. */
export interface FigureOptions {
  readonly theme: Theme;
  readonly columns: Columns;
  /** Width of one panel without its axes, in pixels. The caller chooses it to reach FIGURE_WIDTH. */
  readonly panelWidth: number;
}

/** The table behind a figure: rows of numbers and text, as wide as `head`. */
export interface FigureTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/**
 * A figure, as a function from rows to a specification. The interactive figure, the SVG and the PNG are made from it.
 *
 * @typeParam D what it draws: a slice of a sweep, unless it says otherwise.
 */
export interface Figure<D = FigureData> {
  /** Part of file names and of element ids. */
  readonly name: string;
  readonly title: string;
  /** What the figure shows, in plain text, for readers and screen readers. */
  caption(data: D): string;
  /** Number of panels in a row. */
  across(data: D, columns: Columns): number;
  /** Null where the rows contain nothing to draw. */
  spec(data: D, options: FigureOptions): Spec | null;
  /** The numbers that it shows. */
  table(data: D): FigureTable;
}

/** The distinct values, ascending. */
export const distinct = (values: Iterable<number>): number[] => [...new Set(values)].sort((a, b) => a - b);

/** The colour of a curve by its n, ordered for ascending sizes, with the legend below the figure. */
export const sizeColor = (sizes: readonly number[], { theme, columns }: FigureOptions): Spec => ({
  field: 'n',
  type: 'ordinal',
  scale: { domain: sizes, range: theme.ordered(sizes.length) },
  legend: {
    title: `data set size ${SYMBOL.n}`,
    orient: 'bottom',
    direction: 'horizontal',
    columns: columns === 1 ? 4 : sizes.length,
    labelExpr: "format(datum.value, ',')",
    symbolType: 'stroke',
  },
});

/**
 * The wheel zooms while Ctrl, Shift or Cmd is held (otherwise the page scrolls past the figure), and dragging pans.
 * Figures of one column, for phones, have neither: there a finger scrolls the page.
 */
export const zoom = (name: string, columns: Columns): Spec[] =>
  columns === 1
    ? []
    : [
        {
          name,
          select: {
            type: 'interval',
            encodings: ['x', 'y'],
            zoom: 'wheel![event.ctrlKey || event.shiftKey || event.metaKey]',
          },
          bind: 'scales',
        },
      ];

/** A click on the legend shows one entry alone. */
export const legendToggle = (name: string, field: string): Spec => ({
  name,
  select: { type: 'point', fields: [field] },
  bind: 'legend',
});

/** The value `shown` for picked legend entries (for all where none is picked), `faint` for the others. */
export const whenPicked = (param: string, shown: number, faint: number): Spec => ({
  condition: { param, value: shown },
  value: faint,
});

/** Rows as the `data` of a specification. */
export const values = (rows: readonly unknown[]): Spec => ({ values: rows });
