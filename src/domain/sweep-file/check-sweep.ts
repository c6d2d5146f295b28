/** Checks a sweep as a whole: combinations of settings that are valid one by one. */
import { InputError } from '../../base/errors.js';
import {
  type Axis,
  axisNumberAt,
  combinations,
  dimensionsOf,
  type Grid,
  type GridPoint,
  type SweepSpec,
  settingsAt,
} from '../sweep-spec.js';
import type { DatasetSettings } from '../types.js';
import { type Path, type Problem, showPath } from './yaml.js';

/** The limit of cells; a sweep with more is refused as a mistake. */
export const MAX_CELLS = 10_000_000;

/** The most cells that the grid may ask for, all fine checkpoints included, before duplicates are merged. */
export function gridSize(spec: Grid): number {
  return dimensionsOf(spec).reduce((cells, { axes, length }) => {
    const fine = axes[0]!.refined?.fine.length ?? length;
    return cells * fine;
  }, 1);
}

/** The checks that need no data files. */
export function checkSweep(spec: Grid): Problem[] {
  const cells = gridSize(spec);
  if (cells > MAX_CELLS) {
    const what = `asks for ${formatCount(cells)} cells`;
    return [{ path: ['axes'], value: cells, what, expected: `at most ${formatCount(MAX_CELLS)}` }];
  }
  return [
    ...checkDatasets(spec),
    ...firstOfEachPlace(checkSizes(spec)),
    ...firstOfEachPlace(checkSymmetry(spec)),
    ...firstOfEachPlace(checkSelection(spec)),
  ];
}

/** Combinations that differ elsewhere repeat a problem. */
function firstOfEachPlace(problems: Iterable<Problem>): Problem[] {
  const first = new Map<string, Problem>();
  for (const problem of problems) {
    const place = showPath(problem.path);
    if (!first.has(place)) first.set(place, problem);
  }
  return [...first.values()];
}

/** The facts about a data set that the checks need. */
export interface DataFacts {
  /** The number of samples in the training pool. */
  readonly pool: number;
  /** The labels that occur in the pool; absent: labels are not checked. */
  readonly labels?: Iterable<number>;
}

/**
 * Checks a sweep against its data sets, before anything runs.
 *
 * @param facts returns the facts of one data set; called for each data set and size of the sweep.
 * @throws InputError (BAD_INPUT) if a sub-data-set is larger than its pool, or if all samples have the same sign.
 */
export function checkAgainstData(spec: SweepSpec, facts: (dataset: DatasetSettings) => DataFacts): void {
  const datasetPaths = spec.axes.map(axis => axis.path).filter(path => path.startsWith('dataset.'));
  for (const point of combinations(spec, [...datasetPaths, 'datasetSize'])) {
    const { dataset } = settingsAt(spec, point);
    const { pool, labels } = facts(dataset);
    const problem =
      sizeAbovePool(point, pool) ?? (labels ? oneSignedLabels(point, dataset, new Set(labels)) : null);
    if (problem) throw new InputError({ ...problem, path: showPath(problem.path), source: spec.source });
  }
}

/** The path of one value of an axis in the file. */
function placeOf(axis: Axis, index: number): Path {
  const path: Path = axis.zip === null ? ['axes', axis.path] : ['axes', 'zip', axis.zip, axis.path];
  return axis.values.length > 1 ? [...path, index] : path;
}

function placeOn(point: GridPoint, path: string): Path {
  const found = point.get(path);
  return found ? placeOf(found.axis, found.index) : path.split('.');
}

function sizeAbovePool(point: GridPoint, pool: number): Problem | null {
  const n = axisNumberAt(point, 'datasetSize');
  if (n <= pool) return null;
  return {
    path: placeOn(point, 'datasetSize'),
    value: n,
    expected: `at most ${pool}, the size of the training pool`,
  };
}

function oneSignedLabels(
  point: GridPoint,
  { positive }: DatasetSettings,
  labels: ReadonlySet<number>,
): Problem | null {
  const hits = positive.filter(label => labels.has(label)).length;
  if (hits > 0 && hits < labels.size) return null;
  const available = [...labels].sort((a, b) => a - b).join(', ');
  const expected = `some but not all of the labels of the data set (${available})`;
  return { path: placeOn(point, 'dataset.positive'), value: positive, expected };
}

/** Requires `dir` for idx; refuses `dir` without idx, and `seed`, `pool` and `test` without digits. */
function checkDatasets(spec: Grid): Problem[] {
  const { dataset } = spec.settings;
  const axis = (path: string) => spec.axes.find(other => other.path === path);
  const names = axis('dataset.name')?.values ?? [dataset.name];
  const problems: Problem[] = [];
  const refuse = (key: 'dir' | 'seed' | 'pool' | 'test', only: string) => {
    if (dataset[key] === undefined || names.includes(only)) return;
    const own = axis(`dataset.${key}`);
    const path = own ? placeOf(own, 0) : ['dataset', key];
    const expected = `no ${key} with dataset.name ${names.join(', ')}`;
    problems.push({ path, value: dataset[key], what: `is for ${only} only`, expected });
  };
  refuse('dir', 'idx');
  for (const key of ['seed', 'pool', 'test'] as const) refuse(key, 'digits');
  if (names.includes('idx') && dataset.dir === undefined) {
    problems.push({
      path: ['dataset', 'dir'],
      value: undefined,
      expected: 'the folder with the four IDX files',
    });
  }
  return problems;
}

/** Checks k <= N and n <= pool for each combination. */
function* checkSizes(spec: Grid): Generator<Problem> {
  for (const point of combinations(spec, ['width', 'subnetSize'])) {
    const width = axisNumberAt(point, 'width');
    const value = axisNumberAt(point, 'subnetSize');
    const expected = `at most the width, which is ${width} there`;
    if (value > width) yield { path: placeOn(point, 'subnetSize'), value, expected };
  }
  for (const point of combinations(spec, ['datasetSize', 'dataset.name', 'dataset.pool'])) {
    const { pool } = settingsAt(spec, point).dataset;
    const problem = pool === undefined ? null : sizeAbovePool(point, pool);
    if (problem) yield problem;
  }
}

function* checkSymmetry(spec: Grid): Generator<Problem> {
  for (const point of combinations(spec, ['width', 'network.symmetricInit'])) {
    const width = axisNumberAt(point, 'width');
    if (!settingsAt(spec, point).network.symmetricInit || width % 2 === 0) continue;
    yield {
      path: placeOn(point, 'width'),
      value: width,
      expected: 'an even number, for network.symmetricInit',
    };
  }
}

/** Requires a sample size where greedy selection minimises the Brier score. */
function* checkSelection(spec: Grid): Generator<Problem> {
  for (const point of combinations(spec, ['prune.method', 'prune.objective', 'prune.sampleSize'])) {
    const { method, objective, sampleSize } = settingsAt(spec, point).prune;
    if (method !== 'greedy' || objective !== 'brier' || sampleSize !== null) continue;
    yield {
      path: placeOn(point, 'prune.objective'),
      value: objective,
      what: 'brier evaluates every candidate, and prune.sampleSize is null there',
      expected: 'a number in prune.sampleSize, such as 128, or another objective',
    };
  }
}

/** Advice on combinations that are valid but questionable, one line each. */
export function sweepAdvice(spec: SweepSpec): string[] {
  return [...scalingAdvice(spec), ...refinementAdvice(spec)];
}

function refinementAdvice({ axes, thresholds }: SweepSpec): string[] {
  if (!axes.some(({ refined }) => refined)) return [];
  const located = thresholds.filter(({ refine }) => refine !== false);
  if (located.length === 0) return ['axes.pretrainIterations.refine has no effect: no threshold is refined'];
  if (!located.some(({ kind }) => kind === 'published')) return [];
  return [
    'a `published` level is known when all curves are done: run the sweep once more, then checkpoints around its crossings are added',
  ];
}

function scalingAdvice(spec: SweepSpec): string[] {
  for (const point of combinations(spec, ['width', 'subnetSize', 'network.scaling'])) {
    const [width, k] = [axisNumberAt(point, 'width'), axisNumberAt(point, 'subnetSize')];
    if (settingsAt(spec, point).network.scaling !== 'ntk' || 4 * k >= width) continue;
    return [
      `network.scaling ntk with subnetSize ${k} at width ${width}: the loss that pruning adds grows like ` +
        'width / subnetSize; a good subnetwork needs subnetSize to grow with the width',
    ];
  }
  return [];
}

const formatCount = (count: number): string => count.toLocaleString('en-US');
