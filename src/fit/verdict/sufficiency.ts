/** Minimum data for any verdict, and the remedies for what is missing. */
import { counted } from '../../base/units.js';
import type { SizeCounts } from '../estimate/counts.js';

export const MINIMUM = { seeds: 5, sizes: 5, range: 16, crossed: 0.5 } as const;
export const MAXIMUM_CENSORED = { left: 0.3, right: 0.4 } as const;

export type ShortfallCode = 'seeds' | 'sizes' | 'left-censored' | 'right-censored' | 'noise';

/** One unmet requirement. */
export interface Shortfall {
  readonly code: ShortfallCode;
  /** The data's value, and the required one. */
  readonly found: string;
  readonly needed: string;
  readonly remedy: string;
}

/** @param seeds number of seeds with at least one usable crossing. */
export function shortfalls(counts: readonly SizeCounts[], seeds: number): Shortfall[] {
  const sum = (of: (size: SizeCounts) => number): number =>
    counts.reduce((total, size) => total + of(size), 0);
  const usable = sum(size => size.curves - size.unreachable);
  const [left, right] = [sum(size => size.left), sum(size => size.right)];
  const out: Shortfall[] = [];
  const add = (code: ShortfallCode, found: string, needed: string, remedy: string) =>
    out.push({ code, found, needed, remedy });
  if (seeds < MINIMUM.seeds) {
    add(
      'seeds',
      counted(seeds, 'seed'),
      `at least ${MINIMUM.seeds}`,
      'more seeds (10, or 20 where sigma exceeds 0.15)',
    );
  }
  if (left > MAXIMUM_CENSORED.left * usable) {
    const needed = `at most ${percent(MAXIMUM_CENSORED.left)}`;
    const remedy = 'earlier and finer checkpoints, or a harder target';
    add('left-censored', `${percent(left / usable)} left-censored`, needed, remedy);
  }
  if (right > MAXIMUM_CENSORED.right * usable) {
    const needed = `at most ${percent(MAXIMUM_CENSORED.right)}`;
    add(
      'right-censored',
      `${percent(right / usable)} right-censored`,
      needed,
      'longer training, or an easier target',
    );
  }
  const crossed = counts.filter(size => size.crossed >= MINIMUM.crossed * size.curves && size.curves > 0);
  const range = crossed.length > 0 ? crossed.at(-1)!.n / crossed[0]!.n : 0;
  if (crossed.length < MINIMUM.sizes || range < MINIMUM.range) {
    const unreachable = counts.some(size => size.unreachable > size.curves / 2);
    const uncrossed = counts.length > crossed.length;
    const remedy = unreachable
      ? 'an easier target, or larger N or k: curves have flattened out above this one'
      : uncrossed
        ? 'longer training, so that more sizes cross, or more sizes'
        : 'more sizes over a wider range (8 over 128x)';
    const found = `${counted(crossed.length, 'size')} over ${factor(range)} at which at least half the seeds cross`;
    add('sizes', found, `at least ${MINIMUM.sizes} over ${MINIMUM.range}x`, remedy);
  }
  return out;
}

/** Reported if the law passes through every interval: they are too wide to show the noise. */
export const noiseNotIdentifiable: Shortfall = {
  code: 'noise',
  found: 'every interval holds what the law predicts, so that the noise cannot be estimated',
  needed: 'intervals narrower than the noise',
  remedy: 'finer checkpoints (ratio 1.1 to 1.15)',
};

const percent = (share: number): string => `${Math.round(100 * share)}%`;
export const factor = (range: number): string => `${Number(range.toPrecision(3))}x`;
