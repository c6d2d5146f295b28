/** Resolves the entries of `thresholds:`, and checks that the sweep records the metrics that they need. */

import { dependenceOnSize } from '../dependence-on-size.js';
import { CERTIFIED_LOSS, findMetric, type MetricInfo } from '../metrics.js';
import type { Axis, SweepSpec } from '../sweep-spec.js';
import type { ThresholdSpec } from '../types.js';
import { TARGET_KINDS, THRESHOLD_DEFAULT, type ThresholdEntry } from './settings.js';
import type { Path, Problem } from './yaml.js';

type Measuring = Pick<SweepSpec, 'evaluate' | 'settings' | 'axes'>;

/** The thresholds of a sweep and their problems. Exactly one is primary, unless the list is empty. */
export function resolveThresholds(
  entries: readonly ThresholdEntry[] | undefined,
  sweep: Measuring,
): { thresholds: ThresholdSpec[]; problems: Problem[] } {
  const given = entries ?? (sweep.evaluate.subnet.includes('train') ? [THRESHOLD_DEFAULT] : []);
  const problems = given.flatMap((entry: ThresholdEntry, i) => problemsOf(entry, ['thresholds', i], sweep));
  const moving = movesWithSize(sweep.axes);
  const primary = given.findIndex((entry: ThresholdEntry) => entry.primary);
  const thresholds = given.map((entry: ThresholdEntry, i): ThresholdSpec => {
    const kind = TARGET_KINDS.find(name => entry[name] !== undefined) ?? 'published';
    const value = kind === 'published' ? null : entry[kind]!;
    const refine = entry.refine === false ? ({ refine: false } as const) : {};
    const spec = { metric: entry.metric, kind, value, primary: i === Math.max(primary, 0), ...refine };
    return kind === 'published' && moving.length > 0 ? { ...spec, movesWithSize: moving } : spec;
  });

  const seen = new Set<string>();
  for (const [i, { metric, kind, value }] of thresholds.entries()) {
    const path: Path = ['thresholds', i];
    const key = `${metric} ${kind} ${value}`;
    if (seen.has(key)) problems.push({ path, value: given[i], expected: 'each threshold only once' });
    seen.add(key);
    const entry: ThresholdEntry = given[i]!;
    if (entry.primary && i !== primary) {
      problems.push({ path: [...path, 'primary'], value: true, expected: 'one primary threshold only' });
    }
  }
  return { thresholds, problems };
}

/** For each axis path, the fields of a trajectory or a variant that change with it unless they are axes. */
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  'dataset.name': ['dataset.content', 'dataset.seed', 'dataset.pool', 'dataset.test'],
  'dataset.dir': ['dataset.content'],
  'train.loss': ['prune.objective'],
};

/** Paths of the settings that are zipped with the data set size and have one value at each size. */
function movesWithSize(axes: readonly Axis[]): string[] {
  const sizes = axes.find(axis => axis.path === 'datasetSize');
  if (!sizes || sizes.zip === null) return [];
  const paths = axes
    .filter(axis => axis.zip === sizes.zip && axis !== sizes && isFunctionOf(sizes, axis))
    .map(axis => axis.path);
  const following = paths.flatMap(path => FOLLOWERS[path] ?? []);
  return [...paths, ...following.filter(path => axes.every(axis => axis.path !== path))];
}

function isFunctionOf({ values: sizes }: Axis, { values }: Axis): boolean {
  const points = sizes.map((size, i) => ({ size: Number(size), value: JSON.stringify(values[i]) }));
  return (
    dependenceOnSize(
      points,
      ({ size }) => size,
      ({ value }) => value,
    ) !== 'divides'
  );
}

/** A threshold in the form of the sweep file. */
export function thresholdEntry({ metric, kind, value, primary, refine }: ThresholdSpec): ThresholdEntry {
  const target = { metric, [kind]: kind === 'published' ? true : value };
  return { ...target, ...(refine === false ? { refine } : {}), ...(primary ? { primary } : {}) };
}

function problemsOf(entry: ThresholdEntry, path: Path, sweep: Measuring): Problem[] {
  const kinds = TARGET_KINDS.filter(name => entry[name] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const what = kind === undefined ? 'has no target' : `has ${kinds.join(' and ')}`;
    return [{ path, value: entry, what, expected: `exactly one of ${TARGET_KINDS.join(', ')}` }];
  }
  const metric = findMetric(entry.metric)!;
  const wrongWay = metric.better === 'lower' ? 'atLeast' : 'atMost';
  if (kind === wrongWay) {
    const expected =
      metric.better === 'lower' ? 'atMost, since a loss falls' : 'atLeast, since an accuracy rises';
    return [{ path: [...path, kind], value: entry[kind], what: `found ${kind}`, expected }];
  }
  if (kind === 'published' && metric.summed) {
    const expected = `${metric.column}, since a sum at the largest n is no target for a smaller one`;
    return [{ path: [...path, 'metric'], value: entry.metric, expected }];
  }
  if (metric === CERTIFIED_LOSS) {
    const reason = whyUncertified(sweep);
    if (reason) return [{ path: [...path, 'metric'], value: entry.metric, ...reason }];
  }
  const needed = metric === CERTIFIED_LOSS ? [] : [metric];
  if (kind === 'withinDense') needed.push(findMetric(`dense_${metric.set}_${metric.quantity}`)!);
  const missing = needed.map(info => notRecorded(info, sweep)).find(reason => reason !== null);
  return missing ? [{ path: [...path, 'metric'], value: entry.metric, ...missing }] : [];
}

/** The certificate holds for greedy selection on all n samples, on the squared loss that the network is trained with. */
function whyUncertified({ axes, settings }: Measuring) {
  const valuesOf = (path: string, base: unknown) => axes.find(axis => axis.path === path)?.values ?? [base];
  const what = `${CERTIFIED_LOSS.name} is certified for greedy selection on the squared loss only`;
  if (!valuesOf('prune.method', settings.prune.method).includes('greedy'))
    return { what, expected: 'greedy in prune.method' };
  if (valuesOf('train.loss', settings.train.loss).some(loss => loss !== 'squared'))
    return { what, expected: 'train.loss squared' };
  const isOther = (objective: unknown) => objective !== 'squared' && objective !== 'training-loss';
  if (valuesOf('prune.objective', settings.prune.objective).some(isOther))
    return { what, expected: 'prune.objective squared' };
  if (valuesOf('prune.sampleSize', settings.prune.sampleSize).some(size => size !== null))
    return {
      what: `${CERTIFIED_LOSS.name} is certified for selection on all n samples only`,
      expected: 'prune.sampleSize null',
    };
  return null;
}

/** The reason why the sweep does not record this metric, and what to set; null if it does. */
function notRecorded({ network, set, name }: MetricInfo, sweep: Measuring) {
  const iterations = sweep.axes.find(axis => axis.path === 'retrain.iterations')?.values;
  if (network === 'retrained' && !(iterations ?? [sweep.settings.retrain.iterations]).some(r => r !== 0)) {
    return { what: `nothing is re-trained for ${name}`, expected: 'retrain.iterations above 0' };
  }
  const side = network === 'dense' ? 'dense' : 'subnet';
  if (sweep.evaluate[side].includes(set)) return null;
  return { what: `${name} is not recorded`, expected: `${set} in evaluate.${side}` };
}
