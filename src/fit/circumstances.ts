/** What is known about a group's curves beside their crossings, for the words of its verdict. */
import { findMetric } from '../domain/metrics.js';
import { stabilityLimit } from '../domain/stability.js';
import type { FitRow } from './groups.js';
import type { TrajectoryCounts } from './report.js';
import type { Circumstances, Instability } from './verdict/sufficiency.js';

/** @param progress of the sweep; null where it is unknown. */
export function circumstancesOf(rows: readonly FitRow[], progress: TrajectoryCounts | null): Circumstances {
  const [first] = rows;
  const left = rows.filter(row => row.censoring === 'left');
  return {
    seeds: new Set(rows.map(row => row.seed)).size,
    metAtStart: left.filter(({ upper, rawUpper }) => rawUpper === 0 || (upper ?? 0) <= 1).length,
    isTargetFree: first?.target !== 'published',
    isDense: first !== undefined && findMetric(first.metric)?.network === 'dense',
    instability: instabilityOf(rows),
    open: progress?.open ?? 0,
    failed: progress?.failed ?? 0,
  };
}

/** Null where no curve is known to be unstable. */
function instabilityOf(rows: readonly FitRow[]): Instability | null {
  const uncrossed = rows.filter(row => row.upper === null);
  const states = uncrossed.map(({ training, width }) => {
    const { deadNeurons = null, etaLambdaMax = null, loss = 'squared' } = training ?? {};
    const limit = stabilityLimit(loss);
    return {
      isDead: deadNeurons !== null && deadNeurons >= width,
      isTooFast: etaLambdaMax !== null && etaLambdaMax > limit,
      etaLambdaMax: etaLambdaMax ?? 0,
      limit,
    };
  });
  const dead = states.filter(({ isDead }) => isDead).length;
  const tooFast = states.filter(({ isTooFast }) => isTooFast).length;
  if (dead + tooFast === 0) return null;
  const worst = states.reduce((a, b) => (b.etaLambdaMax / b.limit > a.etaLambdaMax / a.limit ? b : a));
  const { etaLambdaMax, limit } = worst;
  return { uncrossed: uncrossed.length, dead, tooFast, etaLambdaMax, limit };
}
