/** Tables and definition lists of the report. */
import type { FigureTable } from '../figures/figure.js';
import { type Html, html } from './html.js';

/** Rows shown of a table behind a figure; the database has the rest. */
const MAX_ROWS = 600;
const DIGITS = 5;

/** A table. Columns of numbers are right-aligned; a table wider than the page scrolls, also by keyboard. */
export function tableOf({ head, rows }: FigureTable, caption: string): Html {
  const isNumber = head.map((_, i) => rows.some(row => typeof row[i] === 'number'));
  const shown = rows.slice(0, MAX_ROWS);
  const left = rows.length - shown.length;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${head.map((name, i) => html`<th scope="col"${isNumber[i] && html` class="n"`}>${name}</th>`)}</tr></thead>
<tbody>${shown.map(
    row => html`<tr>${row.map((cell, i) => html`<td${isNumber[i] && html` class="n"`}>${cellText(cell)}</td>`)}</tr>
`,
  )}</tbody></table></div>${left > 0 && html`<p class="more">${left.toLocaleString('en-US')} more ${left === 1 ? 'row is' : 'rows are'} left out; the database has them all: <code>espalier query DB --view results</code>.</p>`}`;
}

function cellText(cell: string | number | null): string {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell)) return cell.toLocaleString('en-US');
  return String(Number(cell.toPrecision(DIGITS))).replace('-', '−');
}

/** A definition list of names and values, without the null values. */
export const definitionList = (
  entries: readonly (readonly [name: string, value: Html | string | number | null])[],
): Html =>
  html`<dl>${entries.filter(([, value]) => value !== null).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
