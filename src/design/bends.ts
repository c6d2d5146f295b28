/** Curves t*(n) that leave one law for another. */

export const BENDS = ['power-to-logarithmic', 'power-to-constant', 'logarithmic-to-constant'] as const;
export type BendShape = (typeof BENDS)[number];

export interface BentCurve {
  readonly shape: BendShape;
  /** t* at the smallest size, in iterations. */
  readonly start: number;
  /** Place of the bend between the smallest size (0) and the largest (1), in ln n. */
  readonly at: number;
  /** d ln t* / d ln n just below the bend. A logarithm below needs exponent * (ln n to the bend) < 1. */
  readonly exponent: number;
  /** The same just above; a logarithm's only, and `exponent` by default: no jump. */
  readonly after?: number;
  /** Half the stretch of ln n over which the local exponent falls to that of a constant; default 0: it jumps. */
  readonly gradual?: number;
}

/** t* in iterations by size. The curve is continuous. `sizes` is ascending. */
export function bentTimes(
  { shape, start, at, exponent, after = exponent, gradual = 0 }: BentCurve,
  sizes: readonly number[],
): number[] {
  const x = sizes.map(n => Math.log(n / sizes[0]!));
  const bend = at * x.at(-1)!;
  const isPower = shape !== 'logarithmic-to-constant';
  const below = (h: number): number => (isPower ? exponent * h : Math.log(1 + exponent * h));
  const steepness = (h: number): number => (isPower ? exponent : exponent / (1 + exponent * h));
  const logTime = (h: number): number => {
    if (shape === 'power-to-logarithmic') return h > 0 ? Math.log(1 + after * h) : below(h);
    if (h <= -gradual) return below(h);
    const w = gradual;
    const into = Math.min(h, w);
    // The integral of an exponent that falls linearly from -w to w.
    const fall = w > 0 ? (steepness(-w) * (w * into - (into * into) / 2 + 1.5 * w * w)) / (2 * w) : 0;
    return below(-w) + fall;
  };
  const first = logTime(-bend);
  return x.map(at => start * Math.exp(logTime(at - bend) - first));
}
