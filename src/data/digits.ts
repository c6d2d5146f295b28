/**
 * The generated data set `digits`: the ten digits, with style, slant, size, place, pen width and blur drawn per
 * image. (seed, split, index) alone determines an image, so any range of a set can be generated without the rest, in
 * any order and on any number of threads.
 */
import { cos, sin } from '../math/elementary.js';
import { integerBelow, stream, type Uniform } from '../math/random.js';
import { GLYPHS } from './digits-glyphs.js';

/** Must change whenever any image changes. Part of a trajectory's identity. */
export const DIGITS_VERSION = 'digits-v1';
/** Images are DIGITS_SIDE x DIGITS_SIDE grey bytes, row by row; 0 is paper. */
export const DIGITS_SIDE = 28;
export const DIGITS_PIXELS = DIGITS_SIDE * DIGITS_SIDE;
/** The pool and the test set use random streams with different names. */
export type DigitsSplit = 'pool' | 'test';

/** Uniform draws: half-widths around 0, or minimum and maximum. Angles in radians, lengths in pixels. */
const ROTATION = 0.4;
const SHEAR = 0.5;
const SCALE_MIN = 8.2;
const SCALE_MAX = 10.4;
const ASPECT_MIN = 0.6;
const ASPECT_MAX = 1.25;
const SHIFT = 1.6;
/** Shift of a control point in glyph units, per uniform draw; two draws are summed. */
const JITTER = 0.16;
/** Distance from the middle of the line to half ink. */
const PEN_MIN = 0.75;
const PEN_MAX = 1.7;
/** Width of the edge over which ink fades to paper. */
const BLUR_MIN = 0.7;
const BLUR_MAX = 1.6;

/** Straight pieces per curve between two control points. */
const PIECES = 4;
const NO_INK = 1e9;

interface Pen {
  readonly points: Float64Array;
  /** Four point indices per curve: before, from, to, after. */
  readonly curves: Uint8Array;
}

function prepare(points: readonly number[], strokes: readonly (readonly number[])[]): Pen {
  const curves: number[] = [];
  for (const stroke of strokes) {
    const last = stroke.length - 1;
    const closed = stroke[0] === stroke[last];
    for (let i = 0; i < last; i++) {
      const from = stroke[i]!;
      const to = stroke[i + 1]!;
      if (from === to) continue;
      const before = stroke[i - 1] ?? (closed ? stroke[last - 1]! : from);
      const after = stroke[i + 2] ?? (closed ? stroke[1]! : to);
      curves.push(before, from, to, after);
    }
  }
  return { points: Float64Array.from(points), curves: Uint8Array.from(curves) };
}

const PENS = GLYPHS.map(styles => styles.map(glyph => prepare(glyph.points, glyph.strokes)));
const MAX_POINTS = Math.max(...PENS.flat().map(pen => pen.points.length / 2));

/** Scratch arrays of one image. Each thread has its own copy of this module. */
const xs = new Float64Array(MAX_POINTS);
const ys = new Float64Array(MAX_POINTS);
/** Squared distance of each pixel's centre to the nearest piece; at most NO_INK, exact within reach of the ink. */
const nearestSquared = new Float64Array(DIGITS_PIXELS);

const between = (next: Uniform, low: number, high: number): number => low + (high - low) * next();

/**
 * Draws image `index` of a split into `out[offset .. offset + 783]` and returns its label, 0 to 9, all equally
 * likely. `index` is an integer from 0 to 2^53 - 1.
 */
export function drawDigit(
  seed: number,
  split: DigitsSplit,
  index: number,
  out: Uint8Array,
  offset: number,
): number {
  const next = stream(seed, 'digits', split, index);
  const label = integerBelow(next, 10);
  const styles = PENS[label]!;
  const pen = styles[integerBelow(next, styles.length)]!;
  placePoints(pen.points, next);
  const halfWidth = between(next, PEN_MIN, PEN_MAX);
  const blur = between(next, BLUR_MIN, BLUR_MAX);
  const reach = halfWidth + blur / 2;
  nearestSquared.fill(NO_INK);
  for (let i = 0; i < pen.curves.length; i += 4) {
    drawCurve(pen.curves[i]!, pen.curves[i + 1]!, pen.curves[i + 2]!, pen.curves[i + 3]!, reach);
  }
  const reach2 = reach * reach;
  for (let i = 0; i < DIGITS_PIXELS; i++) {
    const distance2 = nearestSquared[i]!;
    if (distance2 >= reach2) {
      out[offset + i] = 0;
      continue;
    }
    const v = Math.min(1, (reach - Math.sqrt(distance2)) / blur);
    out[offset + i] = Math.floor(255 * v * v * (3 - 2 * v) + 0.5);
  }
  return label;
}

/** Jitters the control points and writes their pixel coordinates to `xs` and `ys`. */
function placePoints(points: Float64Array, next: Uniform): void {
  const angle = between(next, -ROTATION, ROTATION);
  const shear = between(next, -SHEAR, SHEAR);
  const scaleY = between(next, SCALE_MIN, SCALE_MAX);
  const scaleX = scaleY * between(next, ASPECT_MIN, ASPECT_MAX);
  const centre = (DIGITS_SIDE - 1) / 2;
  const shiftX = centre + between(next, -SHIFT, SHIFT);
  const shiftY = centre + between(next, -SHIFT, SHIFT);
  const c = cos(angle);
  const s = sin(angle);
  for (let i = 0; 2 * i < points.length; i++) {
    const y = points[2 * i + 1]! + JITTER * (next() + next() - 1);
    const x = points[2 * i]! + JITTER * (next() + next() - 1) - shear * y;
    xs[i] = c * scaleX * x - s * scaleY * y + shiftX;
    ys[i] = s * scaleX * x + c * scaleY * y + shiftY;
  }
}

/** Draws a Catmull-Rom curve from point b to point c as straight pieces. */
function drawCurve(a: number, b: number, c: number, d: number, reach: number): void {
  const x1 = 0.5 * (xs[c]! - xs[a]!);
  const x2 = xs[a]! - 2.5 * xs[b]! + 2 * xs[c]! - 0.5 * xs[d]!;
  const x3 = 0.5 * (xs[d]! - xs[a]!) + 1.5 * (xs[b]! - xs[c]!);
  const y1 = 0.5 * (ys[c]! - ys[a]!);
  const y2 = ys[a]! - 2.5 * ys[b]! + 2 * ys[c]! - 0.5 * ys[d]!;
  const y3 = 0.5 * (ys[d]! - ys[a]!) + 1.5 * (ys[b]! - ys[c]!);
  let fromX = xs[b]!;
  let fromY = ys[b]!;
  for (let piece = 1; piece <= PIECES; piece++) {
    const t = piece / PIECES;
    const toX = xs[b]! + t * (x1 + t * (x2 + t * x3));
    const toY = ys[b]! + t * (y1 + t * (y2 + t * y3));
    drawPiece(fromX, fromY, toX, toY, reach);
    fromX = toX;
    fromY = toY;
  }
}

/** Lowers `nearestSquared` to the squared distance to the piece, inside the box that its ink can reach. */
function drawPiece(x0: number, y0: number, x1: number, y1: number, reach: number): void {
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
  const right = Math.min(DIGITS_SIDE - 1, Math.floor(Math.max(x0, x1) + reach));
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
  const bottom = Math.min(DIGITS_SIDE - 1, Math.floor(Math.max(y0, y1) + reach));
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length2 = dx * dx + dy * dy;
  const inverse = length2 > 0 ? 1 / length2 : 0;
  for (let y = top; y <= bottom; y++) {
    const ry = y - y0;
    for (let x = left; x <= right; x++) {
      const rx = x - x0;
      let along = (rx * dx + ry * dy) * inverse;
      if (along < 0) along = 0;
      else if (along > 1) along = 1;
      const ex = rx - along * dx;
      const ey = ry - along * dy;
      const distance2 = ex * ex + ey * ey;
      const pixel = y * DIGITS_SIDE + x;
      if (distance2 < nearestSquared[pixel]!) nearestSquared[pixel] = distance2;
    }
  }
}
