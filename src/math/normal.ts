/**
 * The normal distribution, also where its tails underflow. It uses the scaled complementary error function
 * erfcx(x) = e^(x^2) erfc(x), which does not underflow.
 *
 * Source of the rational approximations: W. J. Cody, Math. Comp. 23 (1969) 631-637.
 */

const SQRT1_2 = Math.SQRT1_2;
const INV_SQRT_PI = 0.5641895835477563;
export const LN_SQRT_2PI = 0.9189385332046727;
/** sqrt(pi / 2): the Mills ratio (1 - Phi(z)) / phi(z) is this times erfcx(z / sqrt 2). */
const SQRT_PI_2 = 1.2533141373155003;

/** erf on [0, 0.46875], as x P(x^2) / Q(x^2). All coefficient lists start with the highest power. */
const ERF_P = [
  0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694,
];
const ERF_Q = [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171];
/** erfcx on (0.46875, 4], as P(x) / Q(x). */
const MID_P = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
  881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
];
const MID_Q = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
  4362.619090143247, 3439.3676741437216, 1230.3393548037495,
];
/** erfcx above 4, as (1 / sqrt pi - u P(u) / Q(u)) / x with u = 1 / x^2. */
const FAR_P = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
  0.0006587491615298378,
];
const FAR_Q = [
  1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
];

function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = 0; i < coefficients.length; i++) sum = sum * x + coefficients[i]!;
  return sum;
}

/** erf on [-0.46875, 0.46875]. */
function erfNearZero(x: number): number {
  const square = x * x;
  return (x * horner(ERF_P, square)) / horner(ERF_Q, square);
}

/** e^(x^2) erfc(x) for x >= 0. The relative error is about 1e-15. */
export function erfcx(x: number): number {
  if (x <= 0.46875) return Math.exp(x * x) * (1 - erfNearZero(x));
  if (x <= 4) return horner(MID_P, x) / horner(MID_Q, x);
  const u = 1 / (x * x);
  return (INV_SQRT_PI - (u * horner(FAR_P, u)) / horner(FAR_Q, u)) / x;
}

/** (1 - Phi(z)) / phi(z) for z >= 0. */
export const millsRatio = (z: number): number => SQRT_PI_2 * erfcx(z * SQRT1_2);

/** ln of the density. */
export const logDensity = (z: number): number => -0.5 * z * z - LN_SQRT_2PI;

export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z - LN_SQRT_2PI);

/** Phi(z), with a small relative error in the lower tail too. */
export function normalCumulative(z: number): number {
  return z <= 0 ? normalDensity(z) * millsRatio(-z) : 1 - normalDensity(z) * millsRatio(z);
}

/** ln Phi(z). The relative error is below 1e-12 on [-38, 8]; the value stays finite far beyond. */
export function logCumulative(z: number): number {
  return z <= 0 ? logDensity(z) + Math.log(millsRatio(-z)) : Math.log1p(-normalDensity(z) * millsRatio(z));
}

/** An interval narrower than this / max(1, |middle|) is evaluated as a series about its middle. */
const NARROW = 1e-2;

/** ln (Phi(b) - Phi(a)) for a < b, each possibly infinite. Computed in the smaller tail. */
export function logNormalInterval(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b === Number.POSITIVE_INFINITY ? 0 : logCumulative(b);
  if (b === Number.POSITIVE_INFINITY) return logCumulative(-a);
  if (a > 0) return logNormalInterval(-b, -a);
  const width = b - a;
  const middle = a + 0.5 * width;
  const reach = width * Math.max(1, Math.abs(middle));
  if (reach < NARROW) {
    const [m2, w2] = [middle * middle, width * width];
    const series = (w2 * (m2 - 1)) / 24 + (w2 * w2 * (m2 * (m2 - 6) + 3)) / 1920;
    return logDensity(middle) + Math.log(width) + Math.log1p(series);
  }
  if (b > 0) return Math.log(1 - normalDensity(a) * millsRatio(-a) - normalDensity(b) * millsRatio(b));
  // e^((b^2 - a^2) / 2). The product (b - a) (b + a) avoids the cancellation of b^2 - a^2.
  const ratio = Math.exp(0.5 * (b - a) * (b + a));
  return logDensity(b) + Math.log(millsRatio(-b) - ratio * millsRatio(-a));
}
