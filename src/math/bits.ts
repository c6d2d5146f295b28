/** Exact operations on the bits of doubles: exponents, upper words, powers of two. */

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/** The upper 32 bits of x: sign, 11 bits of exponent (biased by 1023), 20 bits of fraction. */
export function highWord(x: number): number {
  double[0] = x;
  return words[HIGH]!;
}

/** x with its upper 32 bits replaced. */
export function withHighWord(x: number, high: number): number {
  double[0] = x;
  words[HIGH] = high;
  return double[0]!;
}

/**
 * Splits the first `count` of `values` in place: `exponents` receives the exponents, `values` keeps x / 2^exponent in
 * [1, 2). Values must be positive and normal.
 */
export function splitExponents(values: Float64Array, exponents: Int32Array, count: number): void {
  const halves = new Uint32Array(values.buffer, values.byteOffset, 2 * count);
  for (let i = 0; i < count; i++) {
    const high = halves[2 * i + HIGH]!;
    exponents[i] = (high >>> 20) - 1023;
    halves[2 * i + HIGH] = (high & 0xfffff) | 0x3ff00000;
  }
}

/** x * 2^k for k from -2000 to 2000. Exact unless the result overflows or is subnormal (rounded once). */
export function scaleByPowerOfTwo(x: number, k: number): number {
  if (k > 1023) return x * powerOfTwo(1023) * powerOfTwo(k - 1023);
  if (k < -1022) return x * powerOfTwo(k + 1000) * powerOfTwo(-1000);
  return x * powerOfTwo(k);
}

/** 2^k for k from -1022 to 1023. */
function powerOfTwo(k: number): number {
  double[0] = 0;
  words[HIGH] = (k + 1023) << 20;
  return double[0]!;
}

/** sum_i coefficients[i] * x^i. */
export function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}

/** The number of ones among 32 bits. */
export function bitCount(bits: number): number {
  let sum = bits - ((bits >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
