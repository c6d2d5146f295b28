/**
 * Gauss and Gauss-Lobatto quadrature of a measure that is known by its tridiagonal matrix T (Golub and Meurant,
 * *Matrices, Moments and Quadrature*): the measure of a start vector r over the spectrum of a matrix, out of the Lanczos
 * process. Weights add up to 1.
 *
 * For f with non-negative even derivatives on [a, b], which holds the spectrum, the Gauss rule is at most and the
 * Gauss-Lobatto rule with the nodes a and b at least the integral of f.
 */

export interface Rule {
  /** Ascending. */
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** Rounds of the QL iteration for one eigenvalue; two or three are usual. */
const MAX_ROUNDS = 60;

/** The rule of k nodes. @param alpha k entries. @param beta at least k - 1 entries. */
export const gauss = (alpha: readonly number[], beta: readonly number[]): Rule =>
  spectrum(Float64Array.from(alpha), Float64Array.from(beta.slice(0, alpha.length - 1)));

/**
 * The rule of k + 1 nodes, two of which are a and b. Null where a or b does not lie outside of the spectrum of T by more
 * than rounding: there is no such rule.
 */
export function gaussLobatto(
  alpha: readonly number[],
  beta: readonly number[],
  a: number,
  b: number,
): Rule | null {
  const below = lastPivot(alpha, beta, a, 1);
  const above = lastPivot(alpha, beta, b, -1);
  if (below === null || above === null) return null;
  // The last entry of (T - a)^-1 e is 1 / pivot, and the same for b.
  const square = (b - a) / (1 / below - 1 / above);
  const last = a + square / below;
  if (!(square >= 0) || !Number.isFinite(last)) return null;
  return spectrum(
    Float64Array.of(...alpha, last),
    Float64Array.of(...beta.slice(0, alpha.length - 1), Math.sqrt(square)),
  );
}

/** The last pivot of T - shift. Null unless all pivots have the sign: a shift below has positive ones, above negative. */
function lastPivot(
  alpha: readonly number[],
  beta: readonly number[],
  shift: number,
  sign: 1 | -1,
): number | null {
  let pivot = alpha[0]! - shift;
  for (let i = 1; i < alpha.length; i++) {
    if (!(sign * pivot > 0)) return null;
    pivot = alpha[i]! - shift - (beta[i - 1]! * beta[i - 1]!) / pivot;
  }
  return sign * pivot > 0 ? pivot : null;
}

/**
 * Eigenvalues of a symmetric tridiagonal matrix, and the squares of the first components of its eigenvectors: the
 * implicit QL iteration (Golub and Welsch 1969), which carries the first row of the eigenvectors along.
 */
function spectrum(diagonal: Float64Array, beside: Float64Array): Rule {
  const k = diagonal.length;
  const d = diagonal;
  const e = new Float64Array(k);
  e.set(beside);
  const first = new Float64Array(k);
  first[0] = 1;
  for (let l = 0; l < k; l++) {
    for (let round = 0; ; round++) {
      let m = l;
      while (m < k - 1 && !isNegligible(e[m]!, d[m]!, d[m + 1]!)) m++;
      if (m === l) break;
      if (round === MAX_ROUNDS) throw new Error('the QL iteration does not converge');
      rotate(d, e, first, l, m);
    }
  }
  const order = Array.from(d.keys()).sort((i, j) => d[i]! - d[j]! || i - j);
  return {
    nodes: Float64Array.from(order, i => d[i]!),
    weights: Float64Array.from(order, i => first[i]! * first[i]!),
  };
}

function isNegligible(beside: number, a: number, b: number): boolean {
  const size = Math.abs(a) + Math.abs(b);
  return Math.abs(beside) <= Number.EPSILON * size;
}

/** One QL sweep with an implicit Wilkinson shift over the rows l..m. */
function rotate(d: Float64Array, e: Float64Array, first: Float64Array, l: number, m: number): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = length(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = length(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] = d[i + 1]! - p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    const above = first[i + 1]!;
    first[i + 1] = s * first[i]! + c * above;
    first[i] = c * first[i]! - s * above;
  }
  d[l] = d[l]! - p;
  e[l] = g;
  e[m] = 0;
}

/** sqrt(a^2 + b^2) without overflow. */
function length(a: number, b: number): number {
  const x = Math.abs(a);
  const y = Math.abs(b);
  const most = Math.max(x, y);
  if (most === 0) return 0;
  const ratio = Math.min(x, y) / most;
  return most * Math.sqrt(1 + ratio * ratio);
}
