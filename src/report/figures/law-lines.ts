/** Fitted laws as lines and bands. */
import { type FitGroup, type LawName, type LawReport, muAt } from '../../fit/index.js';
import { significant } from '../style/text.js';
import { SIZE_AXIS_MARGIN } from './axes.js';

/** Points of a line; more would not be visible. */
const POINTS = 40;

export const LAW_ORDER: readonly LawName[] = [
  'logarithmic',
  'power',
  'square root',
  'linear',
  'saturating',
  'constant',
  'free',
];
export const LAW_DASHES: readonly (readonly number[])[] = [
  [1, 0],
  [6, 3],
  [4, 2],
  [2, 2],
  [6, 2, 2, 2],
  [1, 3],
  [9, 2],
];

export interface LinePoint {
  readonly n: number;
  readonly mu: number;
}

/** The laws, without the reference `one mean per size`; by ascending AICc. */
export const lawsOf = ({ laws }: FitGroup): LawReport[] =>
  laws.filter(({ name }) => name !== 'one mean per size');

/** The law with the lowest AICc; null where none is fitted. */
export const preferredLaw = (group: FitGroup): LawReport | null => lawsOf(group)[0] ?? null;
export const logarithmicLaw = (group: FitGroup): LawReport | null =>
  lawsOf(group).find(({ name }) => name === 'logarithmic') ?? null;

/** Where a law of these sizes is drawn. */
const reachOf = (sizes: readonly number[]): readonly [number, number] => [
  sizes[0]! / SIZE_AXIS_MARGIN,
  sizes.at(-1)! * SIZE_AXIS_MARGIN,
];

/** @param sizes ascending, not empty; likewise of `bandOf` */
export function lineOf({ law }: LawReport, sizes: readonly number[]): LinePoint[] {
  const [low, high] = reachOf(sizes);
  return Array.from({ length: POINTS }, (_, i) => {
    const n = low * (high / low) ** (i / (POINTS - 1));
    return { n, mu: muAt(law, n) };
  }).filter(({ mu }) => Number.isFinite(mu) && mu > 0);
}

export interface BandPoint {
  readonly n: number;
  readonly low: number;
  readonly high: number;
}

export function bandOf(group: FitGroup, law: LawName, sizes: readonly number[]): BandPoint[] {
  const [from, to] = reachOf(sizes);
  const band = group.bands.find(one => one.law === law);
  if (!band) return [];
  return band.n
    .map((n, i) => ({ n, low: band.lower[i]!, high: band.upper[i]! }))
    .filter(({ n }) => n >= from && n <= to)
    .filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high) && low > 0);
}

/** `power (0.93)`: name and Akaike weight. */
export const lawLabel = ({ name, weight }: LawReport): string =>
  weight === null ? name : `${name} (${weight < 0.005 ? '< 0.01' : significant(weight, 2)})`;
