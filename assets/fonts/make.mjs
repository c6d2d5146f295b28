/**
 * Cuts the figures' fonts down to the characters that figures use, and lists how wide those are.
 *
 *   npm install --no-save @expo-google-fonts/fira-sans@0.4.1 @expo-google-fonts/noto-sans-math@0.4.2 \
 *     subset-font@2.9.0 fontkit@2.0.4 && node assets/fonts/make.mjs
 *
 * For each face a .ttf (for the PNG) and a .woff2 (for pages and SVG); advances.json: by face and character, in
 * thousandths of the font size.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { openSync } from 'fontkit';
import subsetFont from 'subset-font';

const require = createRequire(join(process.cwd(), 'package.json'));
const fonts = name => dirname(require.resolve(`@expo-google-fonts/${name}/package.json`));
const here = name => new URL(name, import.meta.url);

const range = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join('');
const TEXT = `${range(0x20, 0x7e)}${range(0xa0, 0xff)}${range(0x3b1, 0x3c9)}–—‘’“”…†‡•⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉ℓ−√∞≈≠≤≥←↑→↓Δ`;
/** Mathematical italic letters, Latin and Greek, and what Fira Sans lacks. */
const SYMBOLS = `${range(0x1d434, 0x1d467)}ℎ𝛼𝛾𝜂𝜆𝜇𝜎′∈`;

const faces = [
  ['text', join(fonts('fira-sans'), '400Regular/FiraSans_400Regular.ttf'), TEXT],
  ['text-bold', join(fonts('fira-sans'), '500Medium/FiraSans_500Medium.ttf'), TEXT],
  ['symbols', join(fonts('noto-sans-math'), '400Regular/NotoSansMath_400Regular.ttf'), SYMBOLS],
];
const advances = {};
for (const [name, file, characters] of faces) {
  const font = readFileSync(file);
  for (const [ending, targetFormat] of [
    ['ttf', 'truetype'],
    ['woff2', 'woff2'],
  ])
    writeFileSync(here(`${name}.${ending}`), await subsetFont(font, characters, { targetFormat }));
  const metrics = openSync(file);
  advances[name] = Object.fromEntries(
    [...characters]
      .filter(one => metrics.hasGlyphForCodePoint(one.codePointAt(0)))
      .map(one => [
        one,
        Math.round((1000 * metrics.glyphForCodePoint(one.codePointAt(0)).advanceWidth) / metrics.unitsPerEm),
      ]),
  );
}
writeFileSync(here('advances.json'), `${JSON.stringify(advances)}\n`);
