/** What figures.test.ts leaves out: PNGs for two columns, and the theme of the page. */
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { drawFigure, toPng } from '../../src/report/drawing/render.js';
import { FIGURES } from '../../src/report/figures/index.js';
import { figureData } from './fixtures.js';

describe.each(FIGURES.map(figure => [figure.name, figure] as const))('figure %s', (_, figure) => {
  it('is as wide as two columns, as PNG of 300 dpi', async () => {
    const { svg } = (await drawFigure(figure, figureData(), { theme: 'paper', columns: 2 }))!;
    expect(PNG.sync.read(toPng(svg, 2)).width).toBe(2147);
  });

  it('has the same bytes every time on the page', async () => {
    const draw = () => drawFigure(figure, figureData(), { theme: 'page', columns: 1 });
    expect((await draw())!.svg).toBe((await draw())!.svg);
  });
});
