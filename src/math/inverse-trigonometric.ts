/** asin and acos in plain double arithmetic, re-exported by `elementary.ts`. */
import { polynomial } from './bits.js';

/** asin x = x + x R(x^2) for |x| <= 1/2, R = z P(z) / Q(z): the minimax fraction of fdlibm (Sun Microsystems, 1993). */
const P = [
  1.66666666666666657415e-1, -3.25565818622400915405e-1, 2.01212532134862925881e-1,
  -4.00555345006794114027e-2, 7.91534994289814532176e-4, 3.4793310759602116757e-5,
];
const Q = [
  1, -2.40339491173441421878, 2.02094576023350569471, -6.8828397160545329303e-1, 7.70381505559019352791e-2,
];
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
