/**
 * The width of a figure's text, from the fonts that it is drawn with. Without it Vega, where there is no canvas,
 * guesses every letter as wide as 0.8 em.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vega from 'vega';
import { PACKAGE_ROOT } from '../../base/paths.js';

const FOLDER = join(PACKAGE_ROOT, 'assets', 'fonts');
/** What a character of no face takes, in thousandths. */
const UNKNOWN = 600;

export type Face = 'text' | 'text-bold' | 'symbols';
/** The faces under the names that figures use. */
export const FACES: readonly { readonly face: Face; readonly family: string; readonly weight: number }[] = [
  { face: 'text', family: 'Fira Sans', weight: 400 },
  { face: 'text-bold', family: 'Fira Sans', weight: 500 },
  { face: 'symbols', family: 'Noto Sans Math', weight: 400 },
];
export const FONT_FAMILY = "'Fira Sans', 'Noto Sans Math', system-ui, sans-serif";

export const fontFile = (face: Face, ending: 'ttf' | 'woff2'): string => join(FOLDER, `${face}.${ending}`);

/** The faces as declarations of CSS that hold the fonts themselves. */
export const fontFaces = (): string =>
  FACES.map(({ face, family, weight }) => {
    const font = readFileSync(fontFile(face, 'woff2')).toString('base64');
    return `@font-face{font-family:"${family}";font-weight:${weight};src:url(data:font/woff2;base64,${font}) format("woff2")}`;
  }).join('');

let advances: Record<Face, Record<string, number>> | null = null;

/** Pixels that a line of text takes at this size. */
export function textWidth(text: string, size: number, bold = false): number {
  advances ??= JSON.parse(readFileSync(join(FOLDER, 'advances.json'), 'utf8')) as Record<
    Face,
    Record<string, number>
  >;
  const { symbols } = advances;
  const face = advances[bold ? 'text-bold' : 'text'];
  let thousandths = 0;
  for (const character of text) thousandths += face[character] ?? symbols[character] ?? UNKNOWN;
  return (thousandths * size) / 1000;
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: number | string;
}

/** Lets Vega measure with these fonts, in this process. */
export function measureWithOurFonts(): void {
  const metrics = (vega as unknown as { textMetrics: { width: (item: TextItem, text: unknown) => number } })
    .textMetrics;
  metrics.width = ({ fontSize = 11, fontWeight = 400 }, text) =>
    textWidth(String(text ?? ''), fontSize, fontWeight === 'bold' || Number(fontWeight) >= 500);
}
