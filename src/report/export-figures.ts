/** Figures as SVG and PNG files, for a paper. */

import { type Drawing, drawFigure, toPng } from './drawing/render.js';
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
      yield { name: `${name}.svg`, bytes: standalone(drawing, figure, data) };
      yield { name: `${name}.png`, bytes: toPng(drawing.svg, columns) };
    }
  }
}

/** One figure over two columns, as a file; null where there is nothing to draw. */
export async function exportFigure<D>(
  figure: Figure<D>,
  data: D,
  type: 'svg' | 'png',
): Promise<string | Buffer | null> {
  const drawing = await drawFigure(figure, data, { theme: 'paper', columns: 2 });
  if (!drawing) return null;
  return type === 'svg' ? standalone(drawing, figure, data) : toPng(drawing.svg, 2);
}

/**
 * An SVG with embedded fonts, which looks the same everywhere, and with a title and a description. Browsers print it as a
 * PDF of its own size.
 */
function standalone<D>({ svg, width, height }: Drawing, figure: Figure<D>, data: D): string {
  const head = html`<title>${figure.title}</title><desc>${figure.caption(data)}</desc>`.text;
  const style = `@page{size:${width}px ${height}px;margin:0}${fontFaces()}`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.replace(/^(<svg [^>]*>)/, `$1${head}<defs><style>${style}</style></defs>`)}\n`;
}
