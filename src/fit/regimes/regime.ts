/** What is said about where which law holds. Part of the report of a fit. */
import type { Estimate } from '../estimate/jackknife.js';
import type { Law } from '../laws/laws.js';
import type { LocalExponent } from './local-exponents.js';
import type { RegimeLaw } from './range-tests.js';

/** The largest range on one side on which a law is not rejected. */
export interface Regime {
  readonly law: RegimeLaw;
  /** `upper` ends at the largest size, `lower` begins at the smallest. */
  readonly side: 'upper' | 'lower';
  /** Sizes n, both included. */
  readonly from: number;
  readonly to: number;
  /** How many sizes that is. */
  readonly sizes: number;
  /** Of the test that the law holds on this range. */
  readonly p: number;
  /** The law as fitted to this range alone. */
  readonly fitted: Law;
  /** Constant: t* in iterations; logarithmic: iterations per unit of ln n; power: the exponent. */
  readonly parameter: Estimate;
}

/** Where one law ends and another begins. */
export interface Bend {
  /** Sizes n between which the bend lies (95%). */
  readonly low: number;
  readonly high: number;
  /** False where no single bend explains the curve: then no law's lower range reaches beyond `low`, no upper one below `high`. */
  readonly isSingle: boolean;
}

/** Where which law holds (docs/statistics.md, section 8). */
export interface Regimes {
  /** A law is rejected on a range if p is at most this. */
  readonly level: number;
  /** For each law the upper and the lower range. A law that holds on no range of four sizes is absent. */
  readonly ranges: readonly Regime[];
  /** Null where one of the laws holds over all sizes. */
  readonly bend: Bend | null;
  /** The regime at the largest sizes that the sentence names; null without a bend, or where there is none. */
  readonly upper: (Regime & { readonly lambda: Estimate | null }) | null;
  /** The same at the smallest sizes. */
  readonly lower: Regime | null;
  readonly exponents: readonly LocalExponent[];
  readonly sentence: string;
}

/** The longest ranges of a side, one for each law that holds there; the simplest law comes first. */
export function longest(ranges: readonly Regime[], side: Regime['side']): Regime[] {
  const own = ranges.filter(range => range.side === side);
  const most = Math.max(...own.map(({ sizes }) => sizes));
  return own.filter(({ sizes }) => sizes === most);
}

/** The regimes that the sentence names: with a bend one for each end, else the laws that hold over all sizes. */
export function namedRegimes({ bend, lower, upper, ranges, exponents }: Omit<Regimes, 'sentence'>): Regime[] {
  if (bend) return [lower, upper].filter(one => one !== null);
  const all = exponents.length + 1;
  return ranges.filter(({ side, sizes }) => side === 'upper' && sizes === all);
}

/** The regimes of what a kernel predicts for the same curves (`espalier predict`), beside the measured ones. */
export interface PredictedRegimes {
  /** By the rule of the measured ones. The noise is what the predictions of the seeds differ by. */
  readonly regimes: Regimes;
  /** The geometric mean over seeds of predicted t*, in iterations, by size n. */
  readonly means: readonly { readonly n: number; readonly t: number }[];
  /** Whether they agree with the measured ones; null where either has none. */
  readonly agree: boolean | null;
  /** Says so, and where they do not. */
  readonly sentence: string;
}
