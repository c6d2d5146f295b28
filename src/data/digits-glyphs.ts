/**
 * The shapes of the generated digits: one or more styles per digit, each a set of pen strokes.
 *
 * - A stroke lists the points that the pen passes through; between them it follows a Catmull-Rom curve.
 * - A point listed twice in a row is a corner. A stroke that ends at its first point is closed smoothly.
 * - Strokes that share a point stay joined when points are jittered.
 *
 * Coordinates: x to the right, y down, both from about -1 to 1; a digit is about 1.1 wide and 2 high.
 * The shapes define the data set: any change requires a new DIGITS_VERSION.
 */

export interface Glyph {
  /** x0, y0, x1, y1, ... */
  readonly points: readonly number[];
  readonly strokes: readonly (readonly number[])[];
}

const ZERO: Glyph = {
  points: [0, -1, 0.42, -0.72, 0.58, 0, 0.42, 0.72, 0, 1, -0.42, 0.72, -0.58, 0, -0.42, -0.72],
  strokes: [[0, 1, 2, 3, 4, 5, 6, 7, 0]],
};

const ONE_BAR: Glyph = {
  points: [0.05, -1, 0, 0, -0.02, 1],
  strokes: [[0, 1, 2]],
};
const ONE_FLAG: Glyph = {
  points: [-0.4, -0.55, 0.08, -1, 0.05, 0, 0.05, 1],
  strokes: [[0, 1, 1, 2, 3]],
};
const ONE_FOOT: Glyph = {
  points: [-0.38, -0.6, 0.05, -1, 0.05, 0, 0.03, 0.98, -0.42, 0.98, 0.48, 0.98],
  strokes: [
    [0, 1, 1, 2, 3],
    [4, 3, 5],
  ],
};

const TWO_PLAIN: Glyph = {
  points: [
    -0.5, -0.55, -0.3, -0.9, 0.1, -1, 0.46, -0.68, 0.4, -0.2, -0.05, 0.4, -0.55, 0.95, 0, 0.93, 0.6, 0.92,
  ],
  strokes: [[0, 1, 2, 3, 4, 5, 6, 6, 7, 8]],
};
const TWO_LOOP: Glyph = {
  points: [
    -0.48, -0.62, -0.18, -0.97, 0.28, -0.93, 0.46, -0.5, 0.22, 0.08, -0.18, 0.68, -0.48, 0.88, -0.52, 0.6,
    -0.2, 0.62, 0.22, 0.92, 0.62, 0.8,
  ],
  strokes: [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
};

const THREE_ROUND: Glyph = {
  points: [
    -0.5, -0.75, -0.1, -1, 0.38, -0.8, 0.36, -0.32, -0.12, -0.06, 0.4, 0.16, 0.5, 0.6, 0.1, 1, -0.35, 0.95,
    -0.56, 0.66,
  ],
  strokes: [[0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9]],
};
const THREE_FLAT: Glyph = {
  points: [-0.48, -0.95, 0.44, -0.95, -0.06, -0.2, 0.42, 0.06, 0.5, 0.55, 0.08, 0.98, -0.52, 0.75],
  strokes: [[0, 1, 1, 2, 2, 3, 4, 5, 6]],
};

const FOUR_OPEN: Glyph = {
  points: [-0.38, -0.95, -0.46, -0.4, -0.52, 0.12, 0, 0.14, 0.6, 0.06, 0.32, -0.9, 0.26, 0, 0.2, 1],
  strokes: [
    [0, 1, 2, 2, 3, 4],
    [5, 6, 7],
  ],
};
const FOUR_CLOSED: Glyph = {
  points: [0.22, -1, -0.2, -0.35, -0.62, 0.3, 0.6, 0.3, 0.2, 0, 0.18, 1],
  strokes: [
    [0, 1, 2, 2, 3],
    [0, 4, 5],
  ],
};

const FIVE_ANGLED: Glyph = {
  points: [0.5, -0.95, -0.36, -0.95, -0.44, -0.16, 0.08, -0.32, 0.48, 0.06, 0.46, 0.66, 0.02, 1, -0.5, 0.8],
  strokes: [[0, 1, 1, 2, 2, 3, 4, 5, 6, 7]],
};
const FIVE_FLOWING: Glyph = {
  points: [0.55, -0.98, -0.2, -0.9, -0.38, -0.3, 0.12, -0.12, 0.38, 0.3, 0.2, 0.82, -0.2, 1, -0.52, 0.86],
  strokes: [[0, 1, 1, 2, 3, 4, 5, 6, 7]],
};

const SIX_CURLED: Glyph = {
  points: [
    0.38, -0.92, -0.08, -0.66, -0.42, 0, -0.44, 0.6, -0.04, 1, 0.42, 0.74, 0.4, 0.24, 0.04, 0.02, -0.4, 0.34,
  ],
  strokes: [[0, 1, 2, 3, 4, 5, 6, 7, 8]],
};
const SIX_SLANTED: Glyph = {
  points: [
    0.14, -1, -0.28, -0.35, -0.5, 0.36, -0.3, 0.9, 0.14, 0.95, 0.42, 0.58, 0.16, 0.22, -0.24, 0.36, -0.46,
    0.66,
  ],
  strokes: [[0, 1, 2, 3, 4, 5, 6, 7, 8]],
};

const SEVEN_PLAIN: Glyph = {
  points: [-0.52, -0.9, 0, -0.93, 0.5, -0.92, 0.18, -0.1, -0.12, 1],
  strokes: [[0, 1, 2, 2, 3, 4]],
};
const SEVEN_CROSSED: Glyph = {
  points: [-0.5, -0.78, -0.42, -0.95, 0.5, -0.94, 0.2, -0.1, -0.05, 1, -0.28, 0.04, 0.5, -0.02],
  strokes: [
    [0, 1, 1, 2, 2, 3, 4],
    [5, 6],
  ],
};

const EIGHT_CROSSING: Glyph = {
  points: [
    0.36, -0.78, 0, -1, -0.38, -0.76, -0.3, -0.32, 0, -0.04, 0.4, 0.34, 0.4, 0.78, 0, 1, -0.42, 0.78, -0.4,
    0.34, 0.32, -0.36,
  ],
  strokes: [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4, 10, 0]],
};
const EIGHT_STACKED: Glyph = {
  points: [
    0, -1, 0.34, -0.78, 0.32, -0.34, 0, -0.1, -0.32, -0.34, -0.34, -0.78, 0.42, 0.2, 0.42, 0.74, 0, 1, -0.42,
    0.74, -0.42, 0.2,
  ],
  strokes: [
    [0, 1, 2, 3, 4, 5, 0],
    [3, 6, 7, 8, 9, 10, 3],
  ],
};

const NINE_STRAIGHT: Glyph = {
  points: [0.42, -0.6, 0.08, -0.98, -0.36, -0.8, -0.4, -0.3, 0, -0.08, 0.38, -0.34, 0.4, 0.2, 0.32, 1],
  strokes: [[0, 1, 2, 3, 4, 5, 0, 0, 6, 7]],
};
const NINE_HOOKED: Glyph = {
  points: [
    0.4, -0.62, 0.02, -1, -0.4, -0.7, -0.32, -0.2, 0.08, -0.1, 0.42, 0, 0.34, 0.6, 0, 0.98, -0.42, 0.8,
  ],
  strokes: [
    [0, 1, 2, 3, 4, 0],
    [0, 5, 6, 7, 8],
  ],
};

/** GLYPHS[digit] lists the styles of the digit, all equally likely. */
export const GLYPHS: readonly (readonly Glyph[])[] = [
  [ZERO],
  [ONE_BAR, ONE_BAR, ONE_FLAG, ONE_FOOT],
  [TWO_PLAIN, TWO_LOOP],
  [THREE_ROUND, THREE_FLAT],
  [FOUR_OPEN, FOUR_CLOSED],
  [FIVE_ANGLED, FIVE_FLOWING],
  [SIX_CURLED, SIX_SLANTED],
  [SEVEN_PLAIN, SEVEN_CROSSED],
  [EIGHT_CROSSING, EIGHT_STACKED],
  [NINE_STRAIGHT, NINE_HOOKED],
];
