/**
 * What a figure is: a function from rows to one Vega-Lite specification, from which the interactive figure, the SVG
 * and the PNG are all made.
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
import type { Theme } from '../style/theme.js';
import type { Spec } from '../style/vega-config.js';

/** The rows of one slice of one sweep. A live page may leave out what its figures do not need. */
export interface FigureData {
  readonly slice: Slice;
  /** The set that curves were measured on. */
  readonly set: SetName;
  readonly curves: readonly CurvePoint[];
  readonly subnetSizes: readonly SubnetSizePoint[];
  readonly crossings: readonly CrossingPoint[];
  readonly times: readonly TimePoint[];
  /** Null where nothing was fitted. */
  readonly fit: FitReport | null;
  /** The target that was declared the primary one. */
  readonly primary: { readonly metric: string; readonly target: string } | null;
}

/** Columns of a paper: one (3.5 inches, which is also a phone) or two (7.16 inches). */
export type Columns = 1 | 2;
/** The width of the whole figure in CSS pixels, 96 to the inch. */
export const FIGURE_WIDTH: Readonly<Record<Columns, number>> = { 1: 336, 2: 687 };

export interface FigureOptions {
  readonly theme: Theme;
  readonly columns: Columns;
  /** Width of one panel without its axes, in pixels: chosen so that the whole is as wide as it should be. */
  readonly panelWidth: number;
}

/** A table behind a figure: rows of numbers and text under a head. */
export interface FigureTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

export interface Figure {
  /** Of files and of parts of the page. */
  readonly name: string;
  readonly title: string;
  /** What is to be seen, for readers and for screen readers: plain text. */
  caption(data: FigureData): string;
  /** Panels side by side. */
  across(data: FigureData, columns: Columns): number;
  /** Null where the rows hold nothing to draw. */
  spec(data: FigureData, options: FigureOptions): Spec | null;
  table(data: FigureData): FigureTable;
}

/** The rows that a figure stands on, ascending and once each. */
export const distinct = (values: Iterable<number>): number[] => [...new Set(values)].sort((a, b) => a - b);

/** Ordinal colours for sizes, by rising n. */
export const sizeScale = (sizes: readonly number[], theme: Theme): Spec => ({
  domain: sizes,
  range: theme.ordered(sizes.length),
});

/**
 * Zooming by the wheel while Ctrl, Shift or Cmd is held (a page must scroll past a figure), moving by dragging. Not
 * where a figure is as narrow as a phone: there a finger moves the page.
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

export const whenPicked = (param: string, shown: number, faint: number): Spec => ({
  condition: { param, value: shown },
  value: faint,
});

/** Rows for a `data` of a specification. */
export const values = (rows: readonly unknown[]): Spec => ({ values: rows });
