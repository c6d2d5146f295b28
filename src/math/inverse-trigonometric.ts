/** asin and acos in plain double arithmetic, re-exported by `elementary.ts`. */
import { polynomial } from './bits.js';

/** asin x = x + x R(x^2) for |x| <= 1/2, R = z P(z) / Q(z): the minimax fraction of fdlibm (Sun Microsystems, 1993). */
const P = [
  0.16666666666666666, -0.3255658186224009, 0.20121253213486293, -0.04005553450067941, 0.0007915349942898145,
  0.00003479331075960212,
];
const Q = [1, -2.403394911734414, 2.0209457602335057, -0.6882839716054533, 0.07703815055590194];
const HALF_PI_LOW = 6.123233995736766e-17;

const excess = (square: number): number => (square * polynomial(square, P)) / polynomial(square, Q);

/** The arcsine of x in radians; NaN for |x| > 1. The error is below 2 units in the last place. */
export function asin(x: number): number {
  const size = Math.abs(x);
  if (size < 0.5) return x + x * excess(x * x);
  const square = (1 - size) / 2;
  const root = Math.sqrt(square);
  const value = Math.PI / 2 - (2 * (root + root * excess(square)) - HALF_PI_LOW);
  return x < 0 ? -value : value;
}

/** The arccosine of x in radians; NaN for |x| > 1. */
export function acos(x: number): number {
  if (Math.abs(x) < 0.5) return Math.PI / 2 - (asin(x) - HALF_PI_LOW);
  const square = (1 - Math.abs(x)) / 2;
  const root = Math.sqrt(square);
  const half = root + root * excess(square);
  return x > 0 ? 2 * half : 2 * (Math.PI / 2 - (half - HALF_PI_LOW));
}
