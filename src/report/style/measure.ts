/**
 * Text widths of figures, from the fonts that they are drawn with. Without a canvas, Vega assumes 0.8 em for every
 * character.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vega from 'vega';
import { PACKAGE_ROOT } from '../../base/paths.js';

const FOLDER = join(PACKAGE_ROOT, 'assets', 'fonts');
/** Width of a character that no face contains, in thousandths of an em. */
const UNKNOWN_WIDTH = 600;

export type Face = 'text' | 'text-bold' | 'symbols';
/** The font files, by the family and weight that figures name. */
export const FACES: readonly { readonly face: Face; readonly family: string; readonly weight: number }[] = [
  { face: 'text', family: 'Fira Sans', weight: 400 },
  { face: 'text-bold', family: 'Fira Sans', weight: 500 },
  { face: 'symbols', family: 'Noto Sans Math', weight: 400 },
];
export const FONT_FAMILY = "'Fira Sans', 'Noto Sans Math', system-ui, sans-serif";

export const fontFile = (face: Face, ending: 'ttf' | 'woff2'): string => join(FOLDER, `${face}.${ending}`);

/** The faces as `@font-face` rules with embedded fonts. */
export const fontFaces = (): string =>
  FACES.map(({ face, family, weight }) => {
    const font = readFileSync(fontFile(face, 'woff2')).toString('base64');
    return `@font-face{font-family:"${family}";font-weight:${weight};src:url(data:font/woff2;base64,${font}) format("woff2")}`;
  }).join('');

let advances: Record<Face, Record<string, number>> | null = null;

/** Width of a line of text in pixels; `size` is the font size in pixels. */
export function textWidth(text: string, size: number, bold = false): number {
  advances ??= JSON.parse(readFileSync(join(FOLDER, 'advances.json'), 'utf8')) as Record<
    Face,
    Record<string, number>
  >;
  const { symbols } = advances;
  const face = advances[bold ? 'text-bold' : 'text'];
  let thousandths = 0;
  for (const character of text) thousandths += face[character] ?? symbols[character] ?? UNKNOWN_WIDTH;
  return (thousandths * size) / 1000;
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: number | string;
}

/** Makes Vega measure text with these fonts, in the whole process. */
export function useFigureFonts(): void {
  const metrics = (vega as unknown as { textMetrics: { width: (item: TextItem, text: unknown) => number } })
    .textMetrics;
  metrics.width = ({ fontSize = 11, fontWeight = 400 }, text) =>
    textWidth(String(text ?? ''), fontSize, fontWeight === 'bold' || Number(fontWeight) >= 500);
}
