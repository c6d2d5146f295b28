/** The sentence that says where which law holds. */
import type { Estimate } from '../estimate/jackknife.js';
import { type Law, muAt, slopeOf } from '../laws/laws.js';
import { range, round } from '../verdict/sentences.js';
import type { RegimeLaw } from './range-tests.js';
import { namedRegimes, type Regime, type Regimes } from './regime.js';

/** @param isSmooth whether the free law is not rejected over all sizes, null if unknown. */
export function regimeSentence(
  found: Omit<Regimes, 'sentence'>,
  sizes: readonly number[],
  isSmooth: boolean | null,
): string {
  const { ranges, bend, upper, lower, exponents } = found;
  const [smallest, largest] = [sizes[0]!, sizes.at(-1)!];
  if (!bend) {
    const whole = namedRegimes(found);
    if (whole.length === 0) return 'No regimes: too few sizes at which half the curves cross.';
    return `From n = ${size(smallest)} to ${size(largest)} t* is consistent with ${listed(
      whole.map(one => inWords(one)),
      'and',
    )}: no bend found.`;
  }
  const parts = [
    upper
      ? `From n = ${size(upper.from)} on, t* is consistent with ${inWords(upper, upper.lambda)}${asWell(ranges, upper)}`
      : 'No law holds on the four largest sizes',
    lower
      ? `up to n = ${size(lower.to)}, ${upper ? '' : 't* is consistent '}with ${inWords(lower)}${asWell(ranges, lower)}`
      : upper
        ? below(exponents, upper)
        : 'nor on the four smallest',
    bend.isSingle
      ? `bend between n = ${size(bend.low)} and ${size(bend.high)}`
      : `no single bend explains what lies between n = ${size(bend.low)} and ${size(bend.high)}`,
  ];
  const smooth = isSmooth ? ' A smooth curve without a bend, the free law, is not rejected either.' : '';
  return `${parts.join('; ')}.${smooth}`;
}

const NAMES: Readonly<Record<RegimeLaw, string>> = {
  constant: 'a constant',
  logarithmic: 'a logarithm',
  power: 'a power',
};

const UNITS: Readonly<Record<RegimeLaw, readonly [before: string, after: string]>> = {
  constant: ['', ' iterations'],
  logarithmic: ['', ' iterations per unit of ln n'],
  power: ['exponent ', ''],
};

function inWords({ law, parameter }: Regime, lambda: Estimate | null = null): string {
  const [before, after] = UNITS[law];
  const about = [
    `${before}${round(parameter.value)}${after}${intervalOf(parameter)}`,
    ...(lambda?.interval95 ? [`lambda = ${round(lambda.value)}${intervalOf(lambda)}`] : []),
  ];
  return `${NAMES[law]} (${about.join('; ')})`;
}

const intervalOf = ({ interval95 }: Estimate): string =>
  interval95 ? `, 95% interval ${range(interval95)}` : '';

/** The other laws that hold on the same range. */
function asWell(ranges: readonly Regime[], { law, side, sizes }: Regime): string {
  const others = ranges.filter(one => one.side === side && one.sizes === sizes && one.law !== law);
  return others.length === 0
    ? ''
    : `, and as well with ${lawsInWords(
        others.map(one => one.law),
        'or',
      )}`;
}

/** Compares the mean local exponent below a regime with the regime's own at its smallest size. */
function below(exponents: Regimes['exponents'], upper: Regime): string {
  const own = exponents.filter(({ to, value }) => to <= upper.from && value !== null);
  if (own.length === 0) return 'below, unknown';
  const reach = own.map(({ from, to }) => Math.log(to / from));
  const rise = own.reduce((sum, { value }, i) => sum + value! * reach[i]!, 0);
  const mean = rise / reach.reduce((a, b) => a + b, 0);
  const there = exponentAt(upper.fitted, upper.from);
  return `below, ${mean > there ? 'faster' : 'slower'} (mean local exponent ${round(mean)}, against ${round(there)})`;
}

/** d ln mu / d ln n of a constant, a logarithm or a power. */
function exponentAt(law: Law, n: number): number {
  return law.form === 'power' ? law.c : slopeOf(law) / muAt(law, n);
}

function listed(parts: readonly string[], last: 'and' | 'or'): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} ${last} ${parts.at(-1)}`;
}

export const lawsInWords = (laws: readonly RegimeLaw[], last: 'and' | 'or'): string =>
  listed(
    laws.map(law => NAMES[law]),
    last,
  );

export const size = (n: number): string => n.toLocaleString('en-US');
