/** Figures as SVG and PNG files, for a paper. */

import { drawFigure, toPng } from './drawing/render.js';
import type { Columns, Figure, FigureData } from './figures/figure.js';
import { FIGURES } from './figures/index.js';
import { html } from './page/html.js';
import { fontFaces } from './style/measure.js';

const SIZES: Readonly<Record<Columns, string>> = { 1: 'one-column', 2: 'two-columns' };

export interface FigureFile {
  readonly name: string;
  readonly bytes: string | Buffer;
}

/** The files that `exportFigures` may yield. */
export const figureNames = (): { readonly name: string; readonly type: 'svg' | 'png' }[] =>
  FIGURES.flatMap(({ name }) =>
    Object.values(SIZES).flatMap(size =>
      (['svg', 'png'] as const).map(type => ({ name: `${name}-${size}.${type}`, type })),
    ),
  );

/** Yields every figure that has data, at both sizes: an SVG with its fonts, and a PNG. */
export async function* exportFigures(data: FigureData): AsyncGenerator<FigureFile> {
  for (const figure of FIGURES) {
    for (const columns of [1, 2] as const) {
      const drawing = await drawFigure(figure, data, { theme: 'paper', columns });
      if (!drawing) continue;
      const name = `${figure.name}-${SIZES[columns]}`;
      yield { name: `${name}.svg`, bytes: standalone(drawing.svg, figure, data) };
      yield { name: `${name}.png`, bytes: toPng(drawing.svg, columns) };
    }
  }
}

/** An SVG with embedded fonts, which looks the same everywhere, and with a title and a description. */
function standalone(svg: string, figure: Figure, data: FigureData): string {
  const head = html`<title>${figure.title}</title><desc>${figure.caption(data)}</desc>`.text;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.replace(/^(<svg [^>]*>)/, `$1${head}<defs><style>${fontFaces()}</style></defs>`)}\n`;
}
