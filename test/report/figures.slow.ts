/** What figures.test.ts leaves out: PNGs for two columns, the theme of the page, and a PDF. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { drawFigure, toPng } from '../../src/report/drawing/render.js';
import { exportFigures } from '../../src/report/export-figures.js';
import { FIGURES } from '../../src/report/figures/index.js';
import { launchBrowser, withoutBrowser } from '../support/browser.js';
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

it.skipIf(withoutBrowser)(
  'a browser prints the SVG as a PDF of its size, on one page, with its fonts',
  async () => {
    const { value: file } = await exportFigures(figureData()).next();
    expect(file!.name).toMatch(/-one-column\.svg$/);
    const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(String(file!.bytes))!.map(Number);
    const folder = mkdtempSync(join(tmpdir(), 'espalier-pdf-'));
    const browser = await launchBrowser();
    try {
      writeFileSync(join(folder, 'a.svg'), file!.bytes);
      const page = await browser.newPage();
      await page.goto(`file://${join(folder, 'a.svg')}`);
      const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
      const boxes = [...pdf.matchAll(/\/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]/g)];
      expect(boxes).toHaveLength(1);
      // Points, rounded to whole pixels.
      expect(Math.abs(Number(boxes[0]![1]) - 0.75 * width!)).toBeLessThan(1);
      expect(Math.abs(Number(boxes[0]![2]) - 0.75 * height!)).toBeLessThan(1);
      expect(pdf).toMatch(/\/FontName ?\/\w+\+FiraSans/);
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  },
);
