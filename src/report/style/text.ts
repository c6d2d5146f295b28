/** Symbols, names and numbers as figures show them. */

import { findMetric } from '../../domain/metrics.js';
import type { PruneMethod } from '../../domain/types.js';

/** Mathematical italics as Unicode characters: text in a figure has only one font style. */
export const SYMBOL = {
  n: '𝑛',
  N: '𝑁',
  t: '𝑡',
  tStar: '𝑡*',
  k: '𝑘',
  lambda: '𝜆',
  sigma: '𝜎',
} as const;

export const AXIS = {
  n: `data set size ${SYMBOL.n} (samples)`,
  t: `pre-training ${SYMBOL.t} (iterations)`,
  tStar: `threshold ${SYMBOL.tStar} (iterations)`,
  k: `subnetwork size ${SYMBOL.k} (neurons)`,
  localExponent: `d ln ${SYMBOL.tStar} / d ln ${SYMBOL.n}`,
} as const;

const SETS = { train: 'training', pool: 'pool', test: 'test' } as const;

/** `training loss`, `test accuracy`. */
export const quantityName = (set: keyof typeof SETS, quantity: 'loss' | 'accuracy'): string =>
  `${SETS[set]} ${quantity}`;

/** `subnetwork training loss`, `summed dense training loss`; the name itself for an unknown metric. */
export function metricLabel(name: string): string {
  const info = findMetric(name);
  if (!info) return name;
  const network = { dense: 'dense', subnet: 'subnetwork', retrained: 're-trained' }[info.network];
  return `${info.summed ? 'summed ' : ''}${network} ${quantityName(info.set, info.quantity)}`;
}

/** `≤ 0.15` for `<= 0.15`. */
export const targetSign = (target: string): string => target.replace('<=', '≤').replace('>=', '≥');

/** `subnetwork training loss ≤ 0.15`. */
export const criterion = (metric: string, target: string): string =>
  `${metricLabel(metric)} ${target === 'published' ? 'as the best on all data' : targetSign(target)}`;

export const NETWORK_LABEL: Readonly<Record<'dense' | PruneMethod, string>> = {
  dense: 'dense',
  greedy: 'greedy',
  random: 'random',
  magnitude: 'magnitude',
};

const superscript = (exponent: number): string =>
  [...String(exponent)].map(one => (one === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(one)])).join('');

/** `1,000`, `0.05`; a power of ten below 1e-4 and from 1e6 on. */
export function count(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size < 1e6 && size >= 1e-4))
    return value.toLocaleString('en-US', { maximumSignificantDigits: 7 });
  return powerOfTen(value);
}

/** `10⁻⁵`, `5 × 10⁻⁵`. */
export function powerOfTen(value: number): string {
  const exponent = Math.floor(Math.log10(Math.abs(value)) + 1e-12);
  const factor = Number((value / 10 ** exponent).toPrecision(3));
  return `${factor === 1 ? '' : `${factor} × `}10${superscript(exponent)}`;
}

/** Three significant digits by default, with a true minus sign; `–` where not finite. */
export const significant = (value: number, digits = 3): string =>
  (Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : '–').replace('-', '−');

/** `[0.41, 0.78]`. */
export const intervalText = (interval: { low: number; high: number } | null): string =>
  interval ? `[${significant(interval.low)}, ${significant(interval.high)}]` : 'unidentified';
