/** Where the kernel's loss meets targets, by the Lanczos process from the initial residual. */
import { Lanczos } from '../math/lanczos.js';
import { gauss, gaussLobatto, type Rule } from '../math/quadrature.js';
import { dot } from '../math/vectors.js';
import type { Kernel } from './kernel.js';
import { firstAtMost, firstAtMostWithMomentum } from './kernel-curve.js';
import { provenBound } from './largest-eigenvalue.js';

const MAX_STEPS = 120;
/** A bracket is narrow enough at this share of its lower end, or at one iteration. */
const NARROW = 0.005;
/** Two ends next to each other may become one within so many further steps. */
const FURTHER_STEPS = 3;
/** Without a bracket: the result must have stayed as narrow over so many steps. */
const QUIET_STEPS = 5;
/** An upper bound of the spectrum where none is proven: this times the largest Ritz value. */
const RITZ_MARGIN = 1.02;
/** It has settled when a step adds at most this share. */
const SETTLED = 1e-4;

export type BoundKind = 'proven' | 'ritz';

/** One target's result. Iterations are whole; null where there is none. */
export interface Crossing {
  readonly predicted: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Lanczos steps that it took. The figures below are those of this step. */
  readonly steps: number;
  /** What the upper end rests on; null without one. */
  readonly boundKind: BoundKind | null;
  /** The largest and the smallest Ritz value: bounds of the spectrum from within. */
  readonly largestRitz: number;
  readonly smallestRitz: number;
  /** The loss in the kernel's null space; null where the process has not ended, so that it is not known. */
  readonly floor: number | null;
  readonly reason: string | null;
}

export interface Descent {
  readonly learningRate: number;
  readonly momentum: number;
  /** The largest iteration of interest: a crossing beyond it is located no further. */
  readonly horizon: number;
}

/**
 * Locates each target as if it were alone: its result does not depend on the others.
 *
 * @param residual r_0 = f - y, not zero
 */
export function bracketCrossings(
  kernel: Kernel,
  residual: Float64Array,
  descent: Descent,
  targets: readonly number[],
): Crossing[] {
  const { n } = kernel;
  const initialLoss = dot(residual, residual) / (2 * n);
  const rate = descent.learningRate / n;
  const lanczos = new Lanczos((v, out) => kernel.multiply(v, out), residual);
  const located = targets.map((): Crossing | null => null);
  const history: (number | null)[][] = targets.map(() => []);
  const adjacent = targets.map(() => 0);
  let largestBefore = 0;
  const proven = descent.momentum > 0 ? Number.POSITIVE_INFINITY : provenBound(kernel);
  while (located.includes(null)) {
    lanczos.step();
    const isLast = lanczos.isComplete || lanczos.steps === MAX_STEPS;
    const rule = gauss(lanczos.alpha, lanczos.beta);
    const largest = rule.nodes.at(-1)!;
    const isSettled = largest - largestBefore <= SETTLED * largest;
    largestBefore = largest;
    const spectrum = { rule, lanczos, kernel, proven, initialLoss, rate, isSettled };
    const open = targets.map((_, i) => i).filter(i => located[i] === null);
    const crossings =
      descent.momentum > 0
        ? withMomentum(spectrum, descent, open, targets, history)
        : open.map(i => withBracket(spectrum, descent.horizon, targets[i]!));
    for (const [at, { isEnough, ...crossing }] of crossings.entries()) {
      const i = open[at]!;
      if (crossing.upper !== null && crossing.upper - crossing.lower! <= 1) adjacent[i]!++;
      if (isEnough || isLast || adjacent[i]! > FURTHER_STEPS) located[i] = crossing;
    }
  }
  return located as Crossing[];
}

interface Spectrum {
  readonly rule: Rule;
  readonly lanczos: Lanczos;
  readonly kernel: Kernel;
  /** An upper bound of the largest eigenvalue, or infinite. */
  readonly proven: number;
  readonly initialLoss: number;
  readonly rate: number;
  /** Whether the largest Ritz value no longer grows. */
  readonly isSettled: boolean;
}

type Attempt = Crossing & { readonly isEnough: boolean };

function withBracket(spectrum: Spectrum, horizon: number, target: number): Attempt {
  const { rule, initialLoss, rate } = spectrum;
  const figures = figuresOf(spectrum);
  const none = { ...figures, predicted: null, lower: null, upper: null, boundKind: null };
  if (initialLoss <= target)
    return { ...none, predicted: 0, lower: 0, upper: 0, reason: null, isEnough: true };
  if (rate * figures.largestRitz >= 2)
    return { ...none, reason: unstable(rate * figures.largestRitz), isEnough: true };
  const lower = firstAtMost({ initialLoss, rate, rule }, target);
  if (lower === null) return { ...none, reason: UNREACHABLE, isEnough: true };
  const { upper, boundKind } = upperEnd(spectrum, target);
  const isNarrow = upper !== null && upper - lower <= NARROW * lower;
  if (lower > horizon && !isNarrow)
    return { ...none, lower, upper, boundKind, reason: notBy(horizon), isEnough: true };
  const predicted = upper === null ? lower : Math.floor((lower + upper) / 2);
  return { ...none, predicted, lower, upper, boundKind, reason: null, isEnough: isNarrow };
}

/** A process that is complete knows the whole spectrum: its Gauss rule is exact. */
function upperEnd(
  { rule, lanczos, proven, initialLoss, rate, isSettled }: Spectrum,
  target: number,
): { upper: number | null; boundKind: BoundKind | null } {
  if (lanczos.isComplete)
    return { upper: firstAtMost({ initialLoss, rate, rule }, target), boundKind: 'proven' };
  const isStable = rate * proven < 2;
  if (!isStable && !isSettled) return { upper: null, boundKind: null };
  const bound = isStable ? proven : Math.min(RITZ_MARGIN * rule.nodes.at(-1)!, 2 / rate);
  const lobatto = gaussLobatto(lanczos.alpha, lanczos.beta, 0, bound);
  if (!lobatto) return { upper: null, boundKind: null };
  const upper = firstAtMost({ initialLoss, rate, rule: lobatto }, target);
  return { upper, boundKind: upper === null ? null : isStable ? 'proven' : 'ritz' };
}

function withMomentum(
  spectrum: Spectrum,
  { momentum, horizon }: Descent,
  open: readonly number[],
  targets: readonly number[],
  history: (number | null)[][],
): Attempt[] {
  const { rule, lanczos, initialLoss, rate } = spectrum;
  const figures = figuresOf(spectrum);
  const none = { ...figures, lower: null, upper: null, boundKind: null };
  const curve = { initialLoss, rate, rule };
  const size = rate * figures.largestRitz;
  if (size >= 2 * (1 + momentum))
    return open.map(() => ({ ...none, predicted: null, reason: unstable(size), isEnough: true }));
  const found = firstAtMostWithMomentum(
    curve,
    momentum,
    open.map(i => targets[i]!),
    horizon,
  );
  return open.map((i, at) => {
    const predicted = found[at]!;
    const past = history[i]!;
    past.push(predicted);
    const recent = past.slice(-1 - QUIET_STEPS);
    const isQuiet = recent.length > QUIET_STEPS && recent.every(value => isClose(value, predicted));
    const reason = predicted === null ? notBy(horizon) : null;
    return { ...none, predicted, reason, isEnough: isQuiet || lanczos.isComplete };
  });
}

const isClose = (a: number | null, b: number | null): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) <= Math.max(1, NARROW * b);

/** What a step knows of the spectrum. A node that is 0 to rounding holds what the kernel cannot learn. */
function figuresOf({ rule, lanczos, initialLoss, kernel }: Spectrum) {
  const largestRitz = rule.nodes.at(-1)!;
  const tiny = kernel.n * Number.EPSILON * largestRitz;
  let floor = 0;
  rule.nodes.forEach((node, j) => {
    if (node <= tiny) floor += rule.weights[j]!;
  });
  return {
    steps: lanczos.steps,
    largestRitz,
    smallestRitz: Math.max(0, rule.nodes[0]!),
    floor: lanczos.isComplete ? initialLoss * floor : null,
  };
}

const UNREACHABLE = 'the kernel cannot go down to the target';
export const notBy = (horizon: number): string => `not met by iteration ${horizon}`;
const unstable = (size: number): string =>
  `unstable: eta * lambda_max / n is at least ${size.toFixed(2)}, expected less than 2`;
