/** Estimates noise, level and growth for a design from a database of earlier results. */
import { analyseSweep } from '../analysis/analyse-sweep.js';
import { chooseSweep } from '../analysis/choose-sweep.js';
import { UsageError } from '../base/errors.js';
import { type FitGroup, type Law, muAt } from '../fit/index.js';
import { openReader } from '../store/read/reader.js';
import type { Assumptions } from './simulate.js';
import type { Template } from './template.js';

/** No design can distinguish laws that grow less than this. */
const MIN_GROWTH = 1.5;

/** The assumptions, with the name of the group that they come from. */
export interface EstimatedAssumptions extends Assumptions {
  readonly from: string;
}

/**
 * Learns from the group of a database that is most like the template's: the same metric and target, and preferably
 * the same width, method and k. The free law gives t* at the smallest and largest size of the template; the power law
 * does where the free law is undefined.
 *
 * @throws UsageError if no such curves can be fitted.
 * @throws StoreError if the file cannot be read.
 */
export async function assumptionsFromDatabase(
  file: string,
  sweep: string | undefined,
  { group, sample }: Template,
): Promise<EstimatedAssumptions> {
  const reader = openReader(file);
  try {
    const chosen = chooseSweep(reader, file, sweep, '--from-sweep');
    const { report } = await analyseSweep(reader, chosen, { simulations: 1, bandDraws: 0, regimes: false });
    const { key } = group;
    const alike = report.groups.filter(
      one => one.metric === key.metric && one.target === key.target && one.noise !== null,
    );
    const similarity = (one: FitGroup): number =>
      Number(one.width === key.width) +
      Number(one.method === key.method) +
      Number(one.subnetSize === key.subnetSize);
    const [best] = [...alike].sort((a, b) => similarity(b) - similarity(a));
    if (!best?.noise) {
      throw new UsageError(
        `--from ${file}: ${chosen.name} has too few thresholds of ${key.metric} ${key.target} to learn from, ` +
          'expected crossings at three sizes or more',
      );
    }
    const law = (name: string): Law | undefined => best.laws.find(one => one.name === name)?.law;
    const ends = [sample.sizes[0]!, sample.sizes.at(-1)!].map(n => {
      const free = muAt(law('free')!, n);
      return Number.isFinite(free) ? free : muAt(law('power')!, n);
    }) as [number, number];
    const growth = Math.max(ends[1] / ends[0], MIN_GROWTH);
    return { noise: best.noise, start: ends[0], growth, from: best.name };
  } finally {
    reader.close();
  }
}
