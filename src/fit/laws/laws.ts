/**
 * The laws t*(n) (statistics.md, section 3). The growth form is mu = A (1 + r g_lambda(x)), x = ln(n / n_ref),
 * A = e^alpha; the power law and the means have forms of their own.
 */

/** `one mean per size` is not a law: it is the reference of the lack-of-fit test. */
export type LawName =
  | 'constant'
  | 'logarithmic'
  | 'square root'
  | 'linear'
  | 'saturating'
  | 'power'
  | 'free'
  | 'one mean per size';

export const LAW_NAMES: readonly LawName[] = [
  'constant',
  'logarithmic',
  'square root',
  'linear',
  'saturating',
  'power',
  'free',
  'one mean per size',
];

/** The laws that fix lambda. */
export const FIXED_LAMBDA: Readonly<Partial<Record<LawName, number>>> = {
  logarithmic: 0,
  'square root': 0.5,
  linear: 1,
  saturating: -0.5,
};

/** Box of the estimates: lambda in [-3, 3], ln sigma in [-7, 3]. An estimate on a bound is unidentified. */
export const LAMBDA_BOUND = 3;
export const LOG_SIGMA_BOUNDS = [-7, 3] as const;

/** A law with its parameters, enough to draw it with `muAt`. */
export type Law =
  | {
      readonly form: 'growth';
      readonly alpha: number;
      readonly r: number;
      readonly lambda: number;
      readonly nRef: number;
    }
  | { readonly form: 'power'; readonly alpha: number; readonly c: number; readonly nRef: number }
  | { readonly form: 'means'; readonly sizes: readonly number[]; readonly mu: readonly number[] };

/** g_lambda(x) = expm1(lambda x) / lambda; x where lambda = 0. */
export const growth = (lambda: number, x: number): number =>
  Math.abs(lambda) < 1e-8 ? x * (1 + 0.5 * lambda * x) : Math.expm1(lambda * x) / lambda;

/** lambda of a growth law. */
export const lambdaOf = (law: Law): number => (law.form === 'growth' ? law.lambda : Number.NaN);
/** b = A r of a growth law: for the logarithmic one iterations per unit of ln n. */
export const slopeOf = (law: Law): number =>
  law.form === 'growth' ? Math.exp(law.alpha) * law.r : Number.NaN;

/**
 * mu(n), in iterations: what a law says t* is at n samples. NaN where a growth law is not positive, and at a size without a
 * mean. docs/statistics.md, section 3, has the formulas.
 *
 * @example
 * const reader = openReader('results/my.sqlite');
 * const { report } = await analyseSweep(reader, chooseSweep(reader, 'results/my.sqlite'));
 * for (const { name, law } of report.groups[0]?.laws ?? []) console.log(name, muAt(law, 1e6));
 */
export function muAt(law: Law, n: number): number {
  switch (law.form) {
    case 'growth': {
      const factor = 1 + law.r * growth(law.lambda, Math.log(n / law.nRef));
      return factor > 0 ? Math.exp(law.alpha) * factor : Number.NaN;
    }
    case 'power':
      return Math.exp(law.alpha + law.c * Math.log(n / law.nRef));
    case 'means':
      return law.mu[law.sizes.indexOf(n)] ?? Number.NaN;
  }
}
