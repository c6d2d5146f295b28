/** Whole reports, as report.test.ts writes one. */
import { readFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DRAWN, fill } from '../report/database.js';
import { Workplace } from '../support/program.js';

describe('espalier report', () => {
  const place = new Workplace();
  beforeAll(() => fill(place.path('a.sqlite'), 'made', 'here'));
  afterAll(() => place.remove());

  it('writes a page and every figure at both sizes, and leaves the database unchanged', async () => {
    const before = readFileSync(place.path('a.sqlite'));
    const { code, stdout } = await place.run(
      'report',
      'a.sqlite',
      '--output',
      'out.html',
      '--figures',
      'figures/paper',
    );
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^verdict on [^\n]+\nreport: out.html\nfigures: figures\/paper\n$/),
    });
    expect(readFileSync(place.path('a.sqlite'))).toEqual(before);
    expect(readFileSync(place.path('out.html'), 'utf8')).toContain('<h1>made</h1>');
    for (const { name } of DRAWN) {
      for (const [columns, pixels] of [
        ['one-column', 1050],
        ['two-columns', 2147],
      ] as const) {
        const file = place.path(`figures/paper/${name}-${columns}`);
        const svg = readFileSync(`${file}.svg`, 'utf8').replace(/<style>.*<\/style>/, '');
        expect(svg).toMatch(/^<\?xml[^>]*>\n<svg [^>]*><title>[^<]+<\/title><desc>[^<]+<\/desc>/);
        expect(svg).not.toMatch(/NaN|undefined|var\(/);
        const png = PNG.sync.read(readFileSync(`${file}.png`));
        expect(png.width).toBe(pixels);
        // The picture has text and marks, and is not only white.
        const colours = new Set<number>();
        for (let at = 0; at < png.data.length; at += 4) colours.add(png.data.readUInt32BE(at));
        expect(colours.size).toBeGreaterThan(20);
      }
    }
  });

  it('writes the same bytes each time', async () => {
    for (const page of ['once.html', 'again.html']) await place.run('report', 'a.sqlite', '--output', page);
    expect(readFileSync(place.path('again.html'))).toEqual(readFileSync(place.path('once.html')));
  });

  it('shows the subnetwork size of --subnet-size', async () => {
    await place.run('report', 'a.sqlite', '--subnet-size', '5', '--output', 'five.html');
    expect(readFileSync(place.path('five.html'), 'utf8')).toContain('k = 5, selected');
  });
});
