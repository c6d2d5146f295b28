/** The true laws t*(n) of the simulations that try a design. */
import type { VerdictCode } from '../fit/index.js';
import { growth } from '../fit/index.js';

export const TRUE_LAWS = [
  'constant',
  'logarithmic',
  'square-root',
  'linear',
  'power-0.25',
  'saturating',
  'no-smooth-law',
] as const;
export type TrueLaw = (typeof TRUE_LAWS)[number];

/** The right verdict for each true law. */
export const RIGHT_VERDICT: Readonly<Record<TrueLaw, VerdictCode>> = {
  constant: 'no-growth',
  logarithmic: 'logarithmic',
  'square-root': 'faster',
  linear: 'faster',
  'power-0.25': 'faster',
  saturating: 'slower',
  'no-smooth-law': 'no-smooth-law',
};

/** lambda of the laws 1 + r g_lambda(ln n). */
const LAMBDA: Readonly<Partial<Record<TrueLaw, number>>> = {
  logarithmic: 0,
  'square-root': 0.5,
  linear: 1,
  saturating: -0.5,
};
const EXPONENT = 0.25;
/** `no-smooth-law` multiplies t* by this factor and divides it, at alternate sizes. */
const JAG = 1.3;

export interface Span {
  /** t* at the smallest size, in iterations. */
  readonly start: number;
  /** t* at the largest size divided by that at the smallest; > 0. Not used by power-0.25 and constant. */
  readonly growth: number;
}

/** t* in iterations at each size. `sizes` is ascending, with at least two entries. */
export function trueTimes(
  truth: TrueLaw,
  sizes: readonly number[],
  { start, growth: total }: Span,
): number[] {
  const reach = Math.log(sizes.at(-1)! / sizes[0]!);
  const grown = (lambda: number, n: number): number =>
    start * (1 + ((total - 1) * growth(lambda, Math.log(n / sizes[0]!))) / growth(lambda, reach));
  switch (truth) {
    case 'constant':
      return sizes.map(() => start);
    case 'power-0.25':
      return sizes.map(n => start * (n / sizes[0]!) ** EXPONENT);
    case 'no-smooth-law':
      return sizes.map((n, i) => grown(0, n) * (i % 2 === 0 ? JAG : 1 / JAG));
    default:
      return sizes.map(n => grown(LAMBDA[truth]!, n));
  }
}
