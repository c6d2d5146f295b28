/** Words for verdicts: the design, the sentence, its reasons and warnings. */
import { counted } from '../../base/units.js';
import { findMetric } from '../../domain/metrics.js';
import type { SizeCounts } from '../estimate/counts.js';
import type { Estimate } from '../estimate/jackknife.js';
import { type Evidence, LACK_OF_FIT_LEVEL, LOGARITHM_TEST_LEVEL, MARGIN, VERDICTS } from './judge.js';
import { describeInstability, factor, type Instability, type Shortfall } from './sufficiency.js';

/** E.g. `8 sizes from 500 to 64000 (128x), 10 seeds, 80 curves`, followed by the numbers of censored curves. */
export function designOf(counts: readonly SizeCounts[], seeds: number): string {
  const sum = (of: (size: SizeCounts) => number): number =>
    counts.reduce((total, size) => total + of(size), 0);
  const [first, last] = [counts[0], counts.at(-1)];
  if (!first || !last) return 'no curves';
  const censored = [
    [sum(size => size.left), 'left-censored'],
    [sum(size => size.right), 'right-censored'],
    [sum(size => size.unreachable), 'unreachable'],
  ].filter(([count]) => count !== 0);
  const of = censored.length > 0 ? ` (${censored.map(part => part.join(' ')).join(', ')})` : '';
  const sizes =
    counts.length === 1
      ? `one size, ${first.n}`
      : `${counts.length} sizes from ${first.n} to ${last.n} (${factor(last.n / first.n)})`;
  return `${sizes}, ${counted(seeds, 'seed')}, ${counted(
    sum(size => size.curves),
    'curve',
  )}${of}`;
}

/** The verdict on one line, with lambda, its interval, the margin and the design. */
export function sentenceOf(evidence: Evidence, design: string): string {
  const { code, shortfalls } = evidence;
  const label = VERDICTS[code];
  const head = label[0]!.toUpperCase() + label.slice(1);
  const why = code === 'insufficient-data' ? lackingPhrase(shortfalls) : lambdaPhrase(evidence);
  return `${head}: ${why}. Design: ${design}.`;
}

/** E.g. `3 seeds (needed: at least 5)`. */
export const lackingPhrase = (shortfalls: readonly Shortfall[]): string =>
  shortfalls.map(({ found, needed }) => `${found} (needed: ${needed})`).join('; ');

function lambdaPhrase({ lambda, slope }: Evidence): string {
  const about = lambda
    ? `lambda = ${round(lambda.value)}, ${
        lambda.interval95
          ? `95% interval ${range(lambda.interval95)}, 90% interval ${range(lambda.interval90!)}, margin ${-MARGIN} to ${MARGIN}`
          : 'unidentified (an estimate ended on its bound)'
      }`
    : 'lambda not estimated';
  return slope?.interval95
    ? `${about}; slope of the logarithmic law ${withInterval(slope)} iterations per unit of ln n`
    : about;
}

/** The findings that decided, one line each, in the order of the rules up to the deciding one. */
export function reasonsOf({
  code,
  shortfalls,
  slope,
  lambda,
  excess,
  lackOfFit,
  logarithm,
}: Evidence): string[] {
  if (code === 'insufficient-data')
    return shortfalls.map(({ found, needed, remedy }) => `${found}, needed ${needed}; would help: ${remedy}`);
  const out: string[] = [];
  if (lackOfFit) {
    const side = lackOfFit.p < LACK_OF_FIT_LEVEL ? 'below' : 'not below';
    out.push(`lack of fit of the free law: p = ${round(lackOfFit.p)}, ${side} ${LACK_OF_FIT_LEVEL}`);
  }
  if (code === 'no-smooth-law' || !slope) return out;
  const zero = code === 'no-growth' ? 'includes 0' : 'excludes 0';
  out.push(`slope of the logarithmic law ${withInterval(slope)}: the interval ${zero}`);
  if (code === 'no-growth' || code === 'decreases') return out;
  if (!lambda?.interval95 || !lambda.interval90) {
    out.push('lambda is unidentified: its estimate, or that without one of the seeds, ended on a bound');
    if (logarithm) {
      const side = logarithm.p < LOGARITHM_TEST_LEVEL ? 'below' : 'not below';
      out.push(`logarithmic against free law: p = ${round(logarithm.p)}, ${side} ${LOGARITHM_TEST_LEVEL}`);
    }
    return out;
  }
  const { low, high } = lambda.interval95;
  const where = low > 0 ? 'above 0' : high < 0 ? 'below 0' : 'includes 0';
  out.push(`95% interval of lambda ${range(lambda.interval95)}: ${where}`);
  if (code === 'faster' || code === 'slower') return out;
  const narrow = lambda.interval90;
  const inside = narrow.low > -MARGIN && narrow.high < MARGIN ? 'inside' : 'not inside';
  out.push(`90% interval of lambda ${range(narrow)}: ${inside} the margin ${-MARGIN} to ${MARGIN}`);
  if (excess?.interval95) {
    const below = excess.interval95.high < 0 ? 'below 0' : 'not below 0, as a power law would have it';
    out.push(`95% interval of lambda - r ${range(excess.interval95)}: ${below}`);
  }
  return out;
}

export function warningsOf(
  counts: readonly SizeCounts[],
  facts: {
    readonly metric: string;
    readonly target: string;
    readonly pool: number | null;
    readonly seeds: number;
    readonly instability: Instability | null;
    /** Laws whose fit did not converge. */
    readonly notConverged: readonly string[];
    /** True if the free law's starts ended at different maxima. */
    readonly ambiguous: boolean;
    /** Sizes for whose curves the kernel predicts a crossing. */
    readonly predicted: ReadonlySet<number>;
  },
): string[] {
  const { metric, target, pool, seeds, instability, notConverged, ambiguous, predicted } = facts;
  const out: string[] = [];
  if (notConverged.length > 0) out.push(`not converged: the fit of ${notConverged.join(', ')}`);
  if (ambiguous)
    out.push('the likelihood of the free law has several maxima; the highest that was found is used');
  if (instability) out.push(describeInstability(instability));
  if (target === 'published') {
    out.push('the target is the best of many noisy values at one n: good for a secondary target only');
  }
  if (findMetric(metric)?.set !== 'train')
    out.push('a target that is not on the training samples measures generalisation as much as training');
  const largest = counts.at(-1)?.n ?? 0;
  if (pool !== null && largest > pool / 4 && seeds > 1) {
    out.push(
      `n reaches ${largest} of a pool of ${pool}: above a quarter of it seeds share data, and intervals are too narrow`,
    );
  }
  const flagged = counts.reduce((sum, size) => sum + size.flagged, 0);
  const curves = counts.reduce((sum, size) => sum + size.curves, 0);
  if (flagged > 0)
    out.push(
      `${flagged} of ${counted(curves, 'curve')} ${flagged === 1 ? 'is' : 'are'} noisy: raw and sustained crossing over two checkpoints apart`,
    );
  const unreachable = counts.reduce((sum, size) => sum + size.unreachable, 0);
  if (unreachable > 0)
    out.push(
      `${unreachable} of ${counted(curves, 'curve')} ${unreachable === 1 ? 'has' : 'have'} flattened out short of the target, ` +
        `and ${unreachable === 1 ? 'is' : 'are'} not in the fits`,
    );
  const lacking = counts.filter(({ n }) => !predicted.has(n)).map(({ n }) => n);
  if (predicted.size > 0 && lacking.length > 0)
    out.push(
      `no prediction at n = ${lacking.join(', ')}: what is predicted and what is measured are of different ranges of n`,
    );
  return out;
}

const withInterval = ({ value, interval95 }: Estimate): string =>
  interval95 ? `${round(value)} (95% interval ${range(interval95)})` : `${round(value)} (no interval)`;
export const range = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  `${round(low)} to ${round(high)}`;
/** No decimals from 100, two from 1 (and for 0), two significant digits below 1. */
export const round = (value: number): string =>
  Math.abs(value) >= 100
    ? value.toFixed(0)
    : Math.abs(value) >= 1 || value === 0
      ? value.toFixed(2)
      : String(Number(value.toPrecision(2)));
