/** Options whose values are numbers: every one is declared by `numberOption`, which shows a wrong one as it was typed. */
import { formatValue, InputError } from '../base/errors.js';

/** Which numbers an option takes. */
export interface NumberRule {
  /** Phrased to follow the word `expected`. */
  readonly expected: string;
  fits(value: number): boolean;
  /** A limit that `expected` does not name. It is said where a number goes beyond it. */
  readonly limit?: number;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Whole numbers from `min` to `max`; by default to the largest that a number holds exactly. */
export function wholeFrom(min: number, max = Number.MAX_SAFE_INTEGER): NumberRule {
  const isOpen = max === Number.MAX_SAFE_INTEGER;
  return {
    expected: isOpen ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`,
    fits: value => Number.isSafeInteger(value) && value >= min && value <= max,
    ...(isOpen ? { limit: max } : {}),
  };
}

export const WHOLE: NumberRule = {
  expected: 'a whole number',
  fits: Number.isSafeInteger,
  limit: Number.MAX_SAFE_INTEGER,
};

/** `what` is the kind of number, e.g. `a factor`. */
export const moreThanZero = (what: string): NumberRule => ({
  expected: `${what}, more than 0`,
  fits: value => value > 0,
});

export const zeroOrMore = (what: string): NumberRule => ({
  expected: `${what}, 0 or more`,
  fits: value => value >= 0,
});

/** Durations in seconds; the limit keeps them within what timers and clocks hold. */
export const SECONDS: NumberRule = {
  expected: 'a number of seconds above 0 and below 1e9',
  fits: value => value > 0 && value < 1e9,
};

/**
 * The number that a word stands for: decimal, with a fraction or an exponent if it has one. Not `0x10`, `1,000`, `1_000`
 * or `Infinity`. Space around it is ignored.
 *
 * @throws InputError with the word as it was typed.
 */
export function parseNumber(path: string, text: string, { expected, fits, limit }: NumberRule): number {
  const isNumber = DECIMAL.test(text.trim());
  const value = Number(text);
  if (isNumber && Number.isFinite(value) && fits(value)) return value;
  const what = `found ${isNumber && text.length < 60 ? text.trim() : formatValue(text)}`;
  const isTooLarge = isNumber && limit !== undefined && Math.abs(value) > limit;
  const most = isTooLarge ? `${expected}, up to ${limit}` : expected;
  throw new InputError({ path, value: text, what, expected: most });
}

/**
 * Declares an option with a number as its value. yargs would turn every word into a number, or into NaN, before anyone
 * sees it; without a type it leaves the word as it is.
 *
 * @param name without dashes.
 */
export function numberOption(name: string, rule: NumberRule) {
  return {
    nargs: 1,
    // A default is a number; an option that is given twice is a list, which the command line refuses as a whole.
    coerce: (value: unknown) => (typeof value === 'string' ? parseNumber(`--${name}`, value, rule) : value),
  };
}
