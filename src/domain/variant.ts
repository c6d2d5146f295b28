/** Variants and what they are selected by: parts, keys and words. */
import type { Objective, SelectionRule, Variant } from './types.js';

/** The variant of a row that has more fields. */
export const variantOf = ({
  method,
  objective,
  sampleSize,
  subnetSize,
  retrainIterations,
}: Variant): Variant => ({ method, objective, sampleSize, subnetSize, retrainIterations });

/** Names a variant: equal ones have equal text. */
export const variantKey = (variant: Variant): string =>
  `${pathKey(variant)}/${variant.subnetSize}/${variant.retrainIterations}`;

/** Names the order of selection that a variant is a prefix of: equal ones have equal text. */
export const pathKey = ({ method, objective, sampleSize }: SelectionRule): string =>
  `${method}/${objective}/${sampleSize}`;

/** Of the variants that are prefixes of one order of selection, the longest, for each order. */
export function longestPaths(variants: readonly Variant[]): Variant[] {
  const longest = new Map<string, Variant>();
  for (const variant of variants) {
    const held = longest.get(pathKey(variant));
    if (!held || held.subnetSize < variant.subnetSize) longest.set(pathKey(variant), variant);
  }
  return [...longest.values()];
}

/** The number of samples that each pick looks at, out of n; null for all of them. */
export const samplesPerPick = (sampleSize: number | null, n: number): number | null =>
  sampleSize === null || sampleSize >= n ? null : sampleSize;

const OBJECTIVE_TEXT: Readonly<Record<Objective, string>> = {
  squared: 'squared loss',
  logistic: 'logistic loss',
  brier: 'Brier score',
};

/** What greedy selection minimises, e.g. `squared loss` or `Brier score of 128 samples`. */
export const objectiveText = (objective: Objective, sampleSize: number | null): string =>
  sampleSize === null
    ? OBJECTIVE_TEXT[objective]
    : `${OBJECTIVE_TEXT[objective]} of ${sampleSize} ${sampleSize === 1 ? 'sample' : 'samples'}`;

/** E.g. `random`, `greedy on squared loss`, `greedy on Brier score of 128 samples`. */
export const selectionText = ({ method, objective, sampleSize }: SelectionRule): string =>
  objective === null ? method : `${method} on ${objectiveText(objective, sampleSize)}`;
