import { describe, expect, it } from 'vitest';
import { escaped, html, raw } from '../../src/report/page/html.js';
import { tableOf } from '../../src/report/page/tables.js';
import { togglesOf } from '../../src/report/page/toggles.js';

describe('html', () => {
  it('escapes inserted text, and not inserted HTML', () => {
    expect(html`<p title="${'"x" & y'}">${'<script>'}${html`<b>${1}</b>`}${raw('<i>')}</p>`.text).toBe(
      '<p title="&quot;x&quot; &amp; y">&lt;script&gt;<b>1</b><i></p>',
    );
    expect(escaped(`'`)).toBe('&#39;');
  });

  it('joins lists and omits missing values', () => {
    expect(html`${[html`<a>`, 'b', null]}${false}${undefined}`.text).toBe('<a>b');
  });
});

describe('tableOf', () => {
  it('aligns numbers to the right and states how many rows are left out', () => {
    const rows = Array.from({ length: 700 }, (_, i) => ['<i>', i, null]);
    const { text } = tableOf({ head: ['a', 'b', 'c'], rows }, 'all');
    expect(text).toContain('<td>&lt;i&gt;</td><td class="n">599</td><td>–</td>');
    expect(text).not.toContain('>600<');
    expect(text).toContain('100 more rows');
  });
});

describe('togglesOf', () => {
  it('finds the field of a legend and its values', () => {
    const spec = {
      layer: [
        { params: [{ name: 'size', select: { type: 'point', fields: ['n'] }, bind: 'legend' }] },
        { encoding: { color: { field: 'n', type: 'ordinal', scale: { domain: [1, 2] } } } },
      ],
    };
    expect(togglesOf(spec)).toEqual([{ param: 'size', field: 'n', values: [1, 2] }]);
  });
});
