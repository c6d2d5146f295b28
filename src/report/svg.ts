/** What Vega writes as SVG, made small and fit to stand among others in one page. */
import { FONT_FAMILY } from './measure.js';

/** Marks that are there for the pointer alone, empty backgrounds, and what only a program would read. */
const LEFT_OUT: readonly RegExp[] = [
  /<path [^>]*opacity="0"[^>]*\/>/g,
  /<path class="(?:background|foreground)"[^>]*\/>/g,
  / (?:role|aria-[a-z]+|pointer-events|class|version|xmlns:xlink|stroke-miterlimit)="[^"]*"/g,
  / opacity="1"/g,
  / font-weight="400"/g,
  / font-family="[^"]*"/g,
];
/** Coordinates are rounded to a twentieth of a pixel. */
const STEPS = 20;

/** @param prefix of ids, unique in the page. */
export function slimSvg(svg: string, prefix: string): string {
  const bare = LEFT_OUT.reduce((text, pattern) => text.replace(pattern, ''), svg);
  const ids = new Map<string, string>();
  for (const [, id] of bare.matchAll(/ id="([^"]+)"/g)) ids.set(id!, `${prefix}-${ids.size}`);
  return (
    bare
      .replace(/(url\(#| id=")([^)"]+)/g, (whole, lead: string, id: string) =>
        ids.has(id) ? lead + ids.get(id) : whole,
      )
      .replace(
        / (d|transform|x1|x2|y1|y2|x|y)="([^"]*)"/g,
        (_, name: string, text: string) => ` ${name}="${rounded(text)}"`,
      )
      // Groups that hold nothing but one group.
      .replace(/<g>(<g[^>]*>)<\/g><\/g>/g, '')
      .replace('<svg ', `<svg font-family="${FONT_FAMILY}" `)
  );
}

const rounded = (text: string): string =>
  text.replace(/-?\d+\.\d+(?!\d*e)/g, one => String(Math.round(Number(one) * STEPS) / STEPS));
