/** Minimum data for any verdict, and the remedies for what is missing. */
import { counted } from '../../base/units.js';
import type { SizeCounts } from '../estimate/counts.js';

export const MINIMUM = { seeds: 5, sizes: 5, range: 16, crossed: 0.5 } as const;
export const MAXIMUM_CENSORED = { left: 0.3, right: 0.4 } as const;

/** Which requirement is not met. */
export type ShortfallCode = 'seeds' | 'sizes' | 'left-censored' | 'right-censored' | 'noise';

/** One unmet requirement. */
export interface Shortfall {
  readonly code: ShortfallCode;
  /** The data's value, and the required one. */
  readonly found: string;
  readonly needed: string;
  readonly remedy: string;
}

/** What is known about curves beside their crossings. It decides which remedies can help. */
export interface Circumstances {
  /** Seeds with a curve, unreachable or not. */
  readonly seeds: number;
  /** Left-censored curves that meet the target at the start, or by iteration 1: no checkpoint is earlier. */
  readonly metAtStart: number;
  /** Whether the target is a value that the sweep file can change. */
  readonly isTargetFree: boolean;
  /** Whether the curves are those of the dense network, without a k. */
  readonly isDense: boolean;
  readonly instability: Instability | null;
  /** Trajectories of the sweep that are not finished, and those that failed. */
  readonly open: number;
  readonly failed: number;
}

/** The dense networks of the curves that do not cross. */
export interface Instability {
  readonly uncrossed: number;
  /** Curves that end with all neurons dead. */
  readonly dead: number;
  /** Curves with eta * lambda_max above the limit of stable gradient descent. */
  readonly tooFast: number;
  /** The largest eta * lambda_max, and the limit there. */
  readonly etaLambdaMax: number;
  readonly limit: number;
}

/**
 * @param seeds number of seeds with at least one usable crossing.
 * @param known default: nothing but the counts.
 */
export function shortfalls(
  counts: readonly SizeCounts[],
  seeds: number,
  known: Circumstances = nothingElse(seeds),
): Shortfall[] {
  const sum = (of: (size: SizeCounts) => number): number =>
    counts.reduce((total, size) => total + of(size), 0);
  const usable = sum(size => size.curves - size.unreachable);
  const [left, right] = [sum(size => size.left), sum(size => size.right)];
  const out: Shortfall[] = [];
  const add = (code: ShortfallCode, found: string, needed: string, remedy: string) =>
    out.push({ code, found, needed, remedy });
  if (seeds < MINIMUM.seeds) {
    const isHiding = known.seeds > seeds;
    const found = isHiding
      ? `${seeds} of ${counted(known.seeds, 'seed')} with a curve that is not unreachable`
      : counted(seeds, 'seed');
    const remedies = [
      ...(isHiding ? [reachable(known)] : []),
      ...(known.seeds < MINIMUM.seeds
        ? [more('more seeds (10, or 20 where sigma exceeds 0.15)', known)]
        : []),
    ];
    add('seeds', found, `at least ${MINIMUM.seeds}`, remedies.join('; '));
  }
  if (left > MAXIMUM_CENSORED.left * usable) {
    const harder = known.isTargetFree ? 'a harder target' : 'another target';
    const remedy =
      known.metAtStart * 2 > left
        ? `${harder}: ${known.metAtStart} of ${counted(left, 'curve')} meet this one at the start`
        : `earlier and finer checkpoints, or ${harder}`;
    const needed = `at most ${percent(MAXIMUM_CENSORED.left)}`;
    add('left-censored', `${percent(left / usable)} left-censored`, needed, remedy);
  }
  if (right > MAXIMUM_CENSORED.right * usable) {
    const remedy = steadied(`longer training, or ${easier(known)}`, known);
    const needed = `at most ${percent(MAXIMUM_CENSORED.right)}`;
    add('right-censored', `${percent(right / usable)} right-censored`, needed, remedy);
  }
  const crossed = counts.filter(size => size.crossed >= MINIMUM.crossed * size.curves && size.curves > 0);
  if (crossed.length < MINIMUM.sizes || rangeOf(crossed) < MINIMUM.range) {
    const needed = `at least ${MINIMUM.sizes} over ${MINIMUM.range}x`;
    add('sizes', describeSizes(crossed), needed, sizesRemedy(counts, crossed, known));
  }
  return out;
}

const nothingElse = (seeds: number): Circumstances => ({
  seeds,
  metAtStart: 0,
  isTargetFree: true,
  isDense: false,
  instability: null,
  open: 0,
  failed: 0,
});

const rangeOf = (sizes: readonly SizeCounts[]): number =>
  sizes.length > 0 ? sizes.at(-1)!.n / sizes[0]!.n : 0;

function describeSizes(crossed: readonly SizeCounts[]): string {
  const [first] = crossed;
  if (!first) return 'no size at which at least half the seeds cross';
  const sizes =
    crossed.length === 1
      ? `one size, ${first.n},`
      : `${crossed.length} sizes over ${factor(rangeOf(crossed))}`;
  return `${sizes} at which at least half the seeds cross`;
}

function sizesRemedy(
  counts: readonly SizeCounts[],
  crossed: readonly SizeCounts[],
  known: Circumstances,
): string {
  const uncrossed = counts.filter(size => !crossed.includes(size));
  const flat = uncrossed.filter(size => size.unreachable > size.curves / 2);
  const parts: string[] = [];
  if (flat.length > 0) parts.push(reachable(known));
  if (uncrossed.length > flat.length)
    parts.push(steadied('longer training, so that more sizes cross', known));
  // More sizes help only where those that there are would not be enough if all crossed.
  if (counts.length < MINIMUM.sizes || rangeOf(counts) < MINIMUM.range)
    parts.push(more('more sizes over a wider range (8 over 128x)', known));
  return [...new Set(parts)].join('; ');
}

/** The remedy for curves that have flattened out. */
function reachable(known: Circumstances): string {
  const larger = known.isDense ? 'larger N' : 'larger N or k';
  return steadied(`${easier(known)}, or ${larger}: curves have flattened out short of this one`, known);
}

const easier = ({ isTargetFree }: Circumstances): string =>
  isTargetFree ? 'an easier target' : 'another target';

/** More of a sweep, where part of it is still to come or has failed. */
function more(remedy: string, { open, failed }: Circumstances): string {
  const parts = [
    ...(open > 0 ? [`the ${counted(open, 'trajectory', 'trajectories')} not finished yet`] : []),
    ...(failed > 0 ? [`the ${counted(failed, 'trajectory', 'trajectories')} that failed`] : []),
    remedy,
  ];
  return parts.join(', or ');
}

/** The remedy, or a lower learning rate where most of the curves that do not cross show that theirs is too high. */
function steadied(remedy: string, { instability }: Circumstances): string {
  if (!instability) return remedy;
  const { uncrossed, dead, tooFast } = instability;
  if (dead * 2 > uncrossed)
    return `${tooFast > 0 ? 'a lower train.learningRate' : 'a lower train.learningRate or train.weightDecay'}: ${describeInstability(instability)}`;
  return tooFast * 2 > uncrossed
    ? `a lower train.learningRate (${describeInstability(instability)}), or else ${remedy}`
    : remedy;
}

/** E.g. `all neurons are dead in 8 of 9 curves that do not cross, eta * lambda_max is up to 3e+7, stable below 2`. */
export function describeInstability({ uncrossed, dead, tooFast, etaLambdaMax, limit }: Instability): string {
  const value = etaLambdaMax < 1000 ? etaLambdaMax.toFixed(2) : etaLambdaMax.toPrecision(2);
  return [
    ...(dead > 0
      ? [
          `all neurons are dead in ${dead} of ${counted(uncrossed, 'curve that does', 'curves that do')} not cross`,
        ]
      : []),
    ...(tooFast > 0 ? [`eta * lambda_max is up to ${value}, stable below ${limit}`] : []),
  ].join(', ');
}

/** Reported if the law passes through every interval: they are too wide to show the noise. */
export const noiseNotIdentifiable: Shortfall = {
  code: 'noise',
  found: 'every interval holds what the law predicts, so that the noise cannot be estimated',
  needed: 'intervals narrower than the noise',
  remedy: 'finer checkpoints (ratio 1.1 to 1.15, or a finer `refine`)',
};
const percent = (share: number): string => `${Math.round(100 * share)}%`;
export const factor = (range: number): string => `${Number(range.toPrecision(3))}x`;
