import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { drawFigure, toPng } from '../../src/report/drawing/render.js';
import { FIGURE_WIDTH } from '../../src/report/figures/figure.js';
import { FIGURES } from '../../src/report/figures/index.js';
import { figureData } from './fixtures.js';

describe.each(FIGURES.map(figure => [figure.name, figure] as const))('figure %s', (_, figure) => {
  const paper = (columns: 1 | 2) => drawFigure(figure, figureData(), { theme: 'paper', columns });

  it('is as wide as one column, as SVG and as PNG of 300 dpi, with the same bytes every time', async () => {
    const { svg, width } = (await paper(1))!;
    expect(width).toBeLessThanOrEqual(FIGURE_WIDTH[1]);
    expect(width).toBeGreaterThan(FIGURE_WIDTH[1] - 6);
    expect(PNG.sync.read(toPng(svg, 1)).width).toBe(1050);
    expect((await paper(1))!.svg).toBe(svg);
  });

  // figures.slow.ts has the PNG.
  it('is as wide as two columns', async () => {
    const { width } = (await paper(2))!;
    expect(width).toBeLessThanOrEqual(FIGURE_WIDTH[2]);
    expect(width).toBeGreaterThan(FIGURE_WIDTH[2] - 6);
  });

  it('is empty without rows', async () => {
    const empty = { curves: [], subnetSizes: [], crossings: [], times: [], predictions: [], fit: null };
    expect(await drawFigure(figure, figureData(empty), { theme: 'paper', columns: 1 })).toBeNull();
    expect(figure.table(figureData(empty)).rows).toEqual([]);
  });

  it('has a table of its rows and a caption', () => {
    const { head, rows } = figure.table(figureData());
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toHaveLength(head.length);
    expect(figure.caption(figureData())).toMatch(/^[A-Z].*\.$/);
  });
});

describe('the drawings', () => {
  const draw = async (name: string, changes = {}) =>
    (await drawFigure(FIGURES.find(figure => figure.name === name)!, figureData(changes), {
      theme: 'paper',
      columns: 2,
    }))!.svg;

  it('name quantities, units and symbols', async () => {
    const svg = await draw('curves');
    expect(svg).toContain('pre-training 𝑡 (iterations)');
    expect(svg).toContain('data set size 𝑛');
    expect(svg).toContain('training loss');
  });

  it('escape what comes from a database', async () => {
    const crossings = figureData().crossings.map(row => ({ ...row, target: '<script>alert(1)</script>' }));
    const primary = { metric: 'subnet_train_loss', target: '<script>alert(1)</script>' };
    const svg = await draw('accuracy-map', { crossings, primary });
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script');
  });

  it('mark a median that has not crossed by an arrow at the last checkpoint', async () => {
    const crossed = await draw('accuracy-map');
    const crossings = figureData().crossings.map(row =>
      row.n === 6400 ? { ...row, lower: 1280, upper: null } : row,
    );
    const censored = await draw('accuracy-map', { crossings });
    expect(censored.match(/<path/g)!.length).toBe(crossed.match(/<path/g)!.length);
    expect(censored).not.toBe(crossed);
  });
});
