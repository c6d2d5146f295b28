/** What is wrong with a sweep as a whole, though each of its settings is right. */
import { InputError } from '../../base/errors.js';
import {
  type Axis,
  combinations,
  dimensionsOf,
  type Grid,
  numberAt,
  type Point,
  type SweepSpec,
  settingsAt,
} from '../sweep-spec.js';
import type { DatasetSettings } from '../types.js';
import { type Path, type Problem, showPath } from './yaml.js';

/** More cells than this is taken for a mistake. */
export const MAX_CELLS = 10_000_000;

/** Cells of the grid before duplicates are merged. */
export function gridSize(spec: Grid): number {
  return dimensionsOf(spec).reduce((cells, { length }) => cells * length, 1);
}

/** What needs no look at the data. */
export function checkSweep(spec: Grid): Problem[] {
  const cells = gridSize(spec);
  if (cells > MAX_CELLS) {
    const what = `asks for ${grouped(cells)} cells`;
    return [{ path: ['axes'], value: cells, what, expected: `at most ${grouped(MAX_CELLS)}` }];
  }
  return [...checkDatasets(spec), ...checkSizes(spec), ...checkSymmetry(spec)];
}

/** What is known of a data set once it is found. */
export interface DataFacts {
  /** Samples of the training pool. */
  readonly pool: number;
  /** The labels that occur in it. */
  readonly labels?: Iterable<number>;
}

/**
 * Checks a sweep against its data sets, before anything is run.
 *
 * @param facts of one data set; asked for each data set of the sweep.
 * @throws InputError where a sub-data-set would be larger than its pool, or all samples would have the same label.
 */
export function checkAgainstData(spec: SweepSpec, facts: (dataset: DatasetSettings) => DataFacts): void {
  const datasetPaths = spec.axes.map(axis => axis.path).filter(path => path.startsWith('dataset.'));
  for (const point of combinations(spec, [...datasetPaths, 'datasetSize'])) {
    const { dataset } = settingsAt(spec, point);
    const { pool, labels } = facts(dataset);
    const problem = sizeAbovePool(point, pool) ?? (labels ? oneSided(point, dataset, new Set(labels)) : null);
    if (problem) throw new InputError({ ...problem, path: showPath(problem.path), source: spec.source });
  }
}

/** Where one value of an axis stands in the file. */
function placeOf(axis: Axis, index: number): Path {
  const path: Path = axis.zip === null ? ['axes', axis.path] : ['axes', 'zip', axis.zip, axis.path];
  return axis.values.length > 1 ? [...path, index] : path;
}

function placeOn(point: Point, path: string): Path {
  const found = point.get(path);
  return found ? placeOf(found.axis, found.index) : path.split('.');
}

function sizeAbovePool(point: Point, pool: number): Problem | null {
  const n = numberAt(point, 'datasetSize');
  if (n <= pool) return null;
  return {
    path: placeOn(point, 'datasetSize'),
    value: n,
    expected: `at most ${pool}, the size of the training pool`,
  };
}

function oneSided(point: Point, { positive }: DatasetSettings, labels: ReadonlySet<number>): Problem | null {
  const hits = positive.filter(label => labels.has(label)).length;
  if (hits > 0 && hits < labels.size) return null;
  const known = [...labels].sort((a, b) => a - b).join(', ');
  const expected = `some but not all of the labels of the data set (${known})`;
  return { path: placeOn(point, 'dataset.positive'), value: positive, expected };
}

/** `dir` goes with idx, `seed`, `pool` and `test` go with digits. */
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

/** k <= N, n <= pool, wherever they meet. One problem for each value that is too large. */
function checkSizes(spec: Grid): Problem[] {
  const problems = new Map<string, Problem>();
  const add = (problem: Problem | null) => {
    const key = problem && showPath(problem.path);
    if (key && !problems.has(key)) problems.set(key, problem);
  };
  for (const point of combinations(spec, ['width', 'subnetSize'])) {
    const width = numberAt(point, 'width');
    const value = numberAt(point, 'subnetSize');
    const expected = `at most the width, which is ${width} there`;
    if (value > width) add({ path: placeOn(point, 'subnetSize'), value, expected });
  }
  for (const point of combinations(spec, ['datasetSize', 'dataset.name', 'dataset.pool'])) {
    const { pool } = settingsAt(spec, point).dataset;
    if (pool !== undefined) add(sizeAbovePool(point, pool));
  }
  return [...problems.values()];
}

function checkSymmetry(spec: Grid): Problem[] {
  const problems = new Map<string, Problem>();
  for (const point of combinations(spec, ['width', 'network.symmetricInit'])) {
    const width = numberAt(point, 'width');
    if (!settingsAt(spec, point).network.symmetricInit || width % 2 === 0) continue;
    const path = placeOn(point, 'width');
    problems.set(showPath(path), {
      path,
      value: width,
      expected: 'an even number, for network.symmetricInit',
    });
  }
  return [...problems.values()];
}

/** Combinations that are allowed, and that the user should think about. One line each. */
export function adviceOn(spec: SweepSpec): string[] {
  for (const point of combinations(spec, ['width', 'subnetSize', 'network.scaling'])) {
    const [width, k] = [numberAt(point, 'width'), numberAt(point, 'subnetSize')];
    if (settingsAt(spec, point).network.scaling !== 'ntk' || 4 * k >= width) continue;
    return [
      `network.scaling ntk with subnetSize ${k} at width ${width}: the loss that pruning adds grows like ` +
        'width / subnetSize; a good subnetwork needs subnetSize to grow with the width',
    ];
  }
  return [];
}

const grouped = (count: number): string => count.toLocaleString('en-US');
