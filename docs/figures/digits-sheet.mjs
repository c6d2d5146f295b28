/**
 * Draws docs/digits.png: the first images of the generated data set with seed 0, one row per digit.
 *
 *   npm run build && node docs/figures/digits-sheet.mjs
 */
import { writeFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { DIGITS_PIXELS, DIGITS_SIDE, drawDigit } from '../../dist/src/data/digits.js';

const COLUMNS = 16;
const SCALE = 2;
const CELL = (DIGITS_SIDE + 2) * SCALE;

const sheet = new PNG({ width: COLUMNS * CELL, height: 10 * CELL, colorType: 0 });
sheet.data.fill(255);
const drawn = new Array(10).fill(0);
const image = new Uint8Array(DIGITS_PIXELS);
for (let index = 0; drawn.some(count => count < COLUMNS); index++) {
  const label = drawDigit(0, 'pool', index, image, 0);
  if (drawn[label] < COLUMNS) place(label, drawn[label]++);
}
writeFileSync(new URL('../digits.png', import.meta.url), PNG.sync.write(sheet, { colorType: 0 }));

/** Draws the current image into the sheet, dark ink on white paper. */
function place(row, column) {
  for (let y = 0; y < DIGITS_SIDE * SCALE; y++) {
    for (let x = 0; x < DIGITS_SIDE * SCALE; x++) {
      const ink = image[Math.floor(y / SCALE) * DIGITS_SIDE + Math.floor(x / SCALE)];
      const at = 4 * ((row * CELL + SCALE + y) * sheet.width + column * CELL + SCALE + x);
      sheet.data.fill(255 - ink, at, at + 3);
    }
  }
}
