/** Compiles a figure to Vega and draws it as SVG and PNG. */
import { setImmediate as turn } from 'node:timers/promises';
import { Resvg } from '@resvg/resvg-js';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { type Columns, FIGURE_WIDTH, type Figure } from '../figures/figure.js';
import { FACES, fontFile, useFigureFonts } from '../style/measure.js';
import { THEMES, type ThemeName } from '../style/theme.js';
import type { Spec } from '../style/vega-config.js';
import { figureConfig } from '../style/vega-config.js';
import { slimSvg } from './svg.js';

/** Dots per inch of a PNG and of CSS pixels. */
const PNG_DPI = 300;
const CSS_DPI = 96;

/** One figure, drawn. */
export interface Drawing {
  readonly vegaLite: Spec;
  readonly vega: vega.Spec;
  /** An SVG element, without declaration or background. */
  readonly svg: string;
  /** Pixels of 1/96 inch. */
  readonly width: number;
  readonly height: number;
}

/**
 * Draws a figure 336 pixels wide (one column) or 687 (two), within a pixel per panel; null where there is nothing to draw.
 *
 * @example
 * const reader = openReader('results/my.sqlite');
 * const { figures } = await readReport(reader, chooseSweep(reader, 'results/my.sqlite'));
 * for (const figure of FIGURES) {
 *   const drawing = await drawFigure(figure, figures, { theme: 'paper', columns: 1 });
 *   if (drawing) writeFileSync(`${figure.name}.png`, toPng(drawing.svg, 1));
 * }
 *
 * @throws Error with Vega's warnings, if there are any
 */
export async function drawFigure<D>(
  figure: Figure<D>,
  data: D,
  { theme, columns }: { readonly theme: ThemeName; readonly columns: Columns },
): Promise<Drawing | null> {
  useFigureFonts();
  const total = FIGURE_WIDTH[columns];
  const across = figure.across(data, columns);
  let panelWidth = Math.floor((total - 60) / across) - 40;
  // The width of axes depends on their ticks, and the ticks on the panel width. Two corrections suffice; three at most.
  for (let round = 0; ; round++) {
    // One drawing may take a second; signals are heard in between.
    await turn();
    const vegaLite = specOf(figure, data, { theme, columns, panelWidth });
    if (!vegaLite) return null;
    const drawing = await renderSvg(vegaLite, figure.title, `${figure.name}-${columns}`);
    const excess = drawing.width - total;
    if (round === 3 || (excess <= 0 && excess > -across)) return drawing;
    panelWidth -= Math.ceil(excess / across);
  }
}

/** The Vega-Lite specification with the configuration that all figures share; null where there is nothing to draw. */
export function specOf<D>(
  figure: Figure<D>,
  data: D,
  options: { readonly theme: ThemeName; readonly columns: Columns; readonly panelWidth: number },
): Spec | null {
  const theme = THEMES[options.theme];
  const spec = figure.spec(data, { ...options, theme });
  return (
    spec && {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      description: figure.caption(data),
      config: figureConfig(theme),
      ...spec,
    }
  );
}

async function renderSvg(vegaLite: Spec, title: string, prefix: string): Promise<Drawing> {
  const logger = vega.logger(vega.Warn);
  const problems: string[] = [];
  for (const level of ['warn', 'error'] as const)
    logger[level] = (...args: readonly unknown[]) => {
      const text = args.join(' ');
      // Without a browser Vega has no window for events; this warning is expected.
      if (!text.includes('event source: window')) problems.push(text);
      return logger;
    };
  const { spec } = compile(vegaLite as unknown as TopLevelSpec, { logger });
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logger });
  const svg = slimSvg(await view.toSVG(), prefix);
  view.finalize();
  if (problems.length > 0) throw new Error(`figure "${title}": ${problems.join('; ')}`);
  const size = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  if (!size) throw new Error(`figure "${title}" has no size`);
  return { vegaLite, vega: spec, svg, width: Number(size[1]), height: Number(size[2]) };
}

/**
 * The PNG of a figure's SVG, on white, at 300 dots per inch: 1,050 pixels wide for one column, 2,147 for two. `drawFigure`
 * has an example.
 *
 * @throws Error where the text is no SVG
 */
export function toPng(svg: string, columns: Columns): Buffer {
  const image = new Resvg(svg, {
    background: '#ffffff',
    fitTo: { mode: 'width', value: Math.round((FIGURE_WIDTH[columns] * PNG_DPI) / CSS_DPI) },
    font: {
      loadSystemFonts: false,
      fontFiles: FACES.map(({ face }) => fontFile(face, 'ttf')),
      defaultFontFamily: 'Fira Sans',
    },
  });
  return image.render().asPng();
}
