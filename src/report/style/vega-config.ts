/** The typography of all figures. */

import { FONT_FAMILY } from './measure.js';
import type { Theme } from './theme.js';

/** A Vega-Lite specification, or a part of one. */
export type Spec = { readonly [key: string]: unknown };

export const FONT_SIZE = { label: 10.5, title: 11.5, head: 11.5 } as const;

export function figureConfig(theme: Theme): Spec {
  const { ink, muted, grid, kinds } = theme;
  const font = FONT_FAMILY;
  const plain = { labelFontSize: FONT_SIZE.label, titleFontSize: FONT_SIZE.title, titleFontWeight: 400 };
  return {
    font,
    background: null,
    padding: { left: 1, right: 1, top: 2, bottom: 2 },
    view: { stroke: null },
    // The whole figure has a title and a description; one for every mark would be noise.
    aria: false,
    customFormatTypes: false,
    range: { category: kinds },
    axis: {
      ...plain,
      labelColor: muted,
      titleColor: ink,
      domainColor: muted,
      domainWidth: 0.75,
      tickColor: muted,
      tickWidth: 0.75,
      tickSize: 4,
      gridColor: grid,
      gridWidth: 0.6,
      labelPadding: 3,
      titlePadding: 7,
      labelFlush: false,
      labelOverlap: 'greedy',
    },
    legend: {
      ...plain,
      labelColor: ink,
      titleColor: ink,
      titlePadding: 4,
      labelLimit: 0,
      titleLimit: 0,
      symbolStrokeWidth: 2,
      symbolSize: 60,
      symbolOpacity: 1,
      rowPadding: 2,
      columnPadding: 10,
      offset: 10,
      gradientStrokeWidth: 0,
    },
    title: {
      font,
      fontSize: FONT_SIZE.head,
      fontWeight: 500,
      color: ink,
      anchor: 'start',
      frame: 'group',
      offset: 6,
      subtitleColor: muted,
      subtitleFontSize: FONT_SIZE.label,
    },
    text: { font, fontSize: FONT_SIZE.label, fill: ink },
    concat: { spacing: 14 },
    line: { strokeCap: 'round', strokeJoin: 'round' },
  };
}
