/** Shrinks Vega's SVG and makes its ids unique, so several can be in one page. */
import { FONT_FAMILY } from '../style/measure.js';

/** Invisible marks for the pointer, empty backgrounds, and attributes that change nothing visible. */
const REMOVED: readonly RegExp[] = [
  /<path [^>]*opacity="0"[^>]*\/>/g,
  /<path class="(?:background|foreground)"[^>]*\/>/g,
  / (?:role|aria-[a-z]+|pointer-events|class|version|xmlns:xlink|stroke-miterlimit)="[^"]*"/g,
  / opacity="1"/g,
  / font-weight="400"/g,
  / font-family="[^"]*"/g,
];
/** Coordinates are rounded to a tenth of a pixel. */
const STEPS_PER_PIXEL = 10;

/** @param prefix of ids, unique in the page. */
export function slimSvg(svg: string, prefix: string): string {
  const bare = REMOVED.reduce((text, pattern) => text.replace(pattern, ''), svg);
  const ids = new Map<string, string>();
  for (const [, id] of bare.matchAll(/ id="([^"]+)"/g)) ids.set(id!, `${prefix}-${ids.size}`);
  return (
    bare
      .replace(/(url\(#| id=")([^)"]+)/g, (whole, lead: string, id: string) =>
        ids.has(id) ? lead + ids.get(id) : whole,
      )
      .replace(
        / (d|transform|x1|x2|y1|y2|x|y)="([^"]*)"/g,
        (_, name: string, text: string) => ` ${name}="${name === 'd' ? pathText(text) : rounded(text)}"`,
      )
      .replace(/rgb\((\d+), (\d+), (\d+)\)/g, (_, ...rgb: string[]) => hex(rgb.slice(0, 3)))
      // Groups that are empty now, but not `<g/>`, which closes itself.
      .replace(/<g>(<g[^>]*(?<!\/)>)<\/g><\/g>/g, '')
      .replace('<svg ', `<svg font-family="${FONT_FAMILY}" `)
  );
}

const snapped = (value: number): number => Math.round(value * STEPS_PER_PIXEL) / STEPS_PER_PIXEL;

const rounded = (text: string): string =>
  text.replace(/-?\d+\.\d+(?!\d*e)/g, one => String(snapped(Number(one))));

/**
 * Writes a path of straight lines in relative coordinates, which halves its length; other paths are only rounded.
 * Each step starts at the rounded end of the previous one, so rounding errors do not add up.
 */
function pathText(text: string): string {
  if (!/^[ML][-\d.,MLZ]+$/.test(text)) return rounded(text);
  let [x, y] = [0, 0];
  return text.replace(/([ML])(-?[\d.]+),(-?[\d.]+)/g, (_, command: string, toX: string, toY: string) => {
    const [dx, dy] = [snapped(Number(toX) - x), snapped(Number(toY) - y)];
    [x, y] = [snapped(x + dx), snapped(y + dy)];
    return `${command === 'M' ? `M${x},${y}` : `l${dx}${dy < 0 ? '' : ','}${dy}`}`;
  });
}

const hex = (rgb: readonly string[]): string =>
  `#${rgb.map(one => Number(one).toString(16).padStart(2, '0')).join('')}`;
