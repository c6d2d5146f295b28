/** Noise, level and growth as a database shows them. */
import { analyseSweep } from '../analysis/analyse-sweep.js';
import { chooseSweep } from '../analysis/choose-sweep.js';
import { UsageError } from '../base/errors.js';
import { type FitGroup, type Law, muAt } from '../fit/index.js';
import { openReader } from '../store/read/reader.js';
import type { Assumptions } from './simulate.js';
import type { Template } from './template.js';

/** Laws that hardly grow cannot be told apart by any design. */
const LEAST_GROWTH = 1.5;

/** What was learnt, and from which curves. */
export interface Learnt extends Assumptions {
  readonly from: string;
}

/**
 * From the curves of a database that are most like the template's: the same metric and target, and, if there are, the
 * same width and k. The free law gives t* at the template's sizes; where it says nothing there, the power law does.
 *
 * @throws UsageError where no such curves have been fitted. StoreError where the file cannot be read.
 */
export function learnFrom(file: string, sweep: string | undefined, { group, sample }: Template): Learnt {
  const reader = openReader(file);
  try {
    const chosen = chooseSweep(reader, file, sweep);
    const { report } = analyseSweep(reader, chosen, { simulations: 1, bandDraws: 0 });
    const { key } = group;
    const alike = report.groups.filter(
      one => one.metric === key.metric && one.target === key.target && one.noise !== null,
    );
    const nearness = (one: FitGroup): number =>
      Number(one.width === key.width) +
      Number(one.method === key.method) +
      Number(one.subnetSize === key.subnetSize);
    const [best] = [...alike].sort((a, b) => nearness(b) - nearness(a));
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
    const growth = Math.max(ends[1] / ends[0], LEAST_GROWTH);
    return { noise: best.noise, start: ends[0], growth, from: best.name };
  } finally {
    reader.close();
  }
}
