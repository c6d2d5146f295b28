/** A sweep as a value: base settings and the axes that vary them, with the points of the grid. */
import type {
  DatasetSettings,
  Evaluate,
  InputSettings,
  NetworkSettings,
  PruneMethod,
  PruneObjective,
  ThresholdSpec,
  TrainSettings,
} from './types.js';

/** The groups of a sweep file whose settings may be axes. */
export interface SweepSettings {
  /** In a spec: every setting that any of its data sets needs. At a grid point: only those of its data set. */
  readonly dataset: DatasetSettings;
  readonly network: NetworkSettings;
  readonly inputs: InputSettings;
  readonly train: TrainSettings;
  readonly prune: {
    readonly method: PruneMethod;
    readonly objective: PruneObjective;
    readonly sampleSize: number | null;
  };
  readonly retrain: { readonly iterations: number };
}

/** One axis of a sweep's grid. */
export interface Axis {
  /** `datasetSize`, `width`, `seed`, `pretrainIterations`, `subnetSize`, or a setting, e.g. `train.learningRate`. */
  readonly path: string;
  /** Unique, in the order of the file; checkpoints ascend from 0. A zipped list keeps repeats and order. */
  readonly values: readonly unknown[];
  /** Position in `axes.zip` of the axis's group; null if the axis is not zipped. */
  readonly zip: number | null;
  /** `pretrainIterations` with `refine` only: `values` are then the coarse checkpoints. */
  readonly refined?: RefinedAxis;
}

/** Checkpoints that are refined around crossings. */
export interface RefinedAxis {
  /** The fine sequence, ascending from 0. */
  readonly fine: readonly number[];
  /** As in the sweep file, e.g. `{ from: 5, to: 4000, ratio: 2, refine: 1.12 }`. */
  readonly form: Readonly<Record<string, unknown>>;
}

/** A sweep, frozen, with all defaults filled in. */
export interface SweepSpec {
  readonly kind: 'sweep';
  readonly name: string;
  /** Text about the sweep, null without any. Nothing depends on it. */
  readonly description: string | null;
  /** The name of the source text in errors. */
  readonly source: string | null;
  /** The base settings. A setting that is also an axis has the axis's first value here. */
  readonly settings: SweepSettings;
  /** In canonical order, independent of the order of the file's keys. */
  readonly axes: readonly Axis[];
  readonly evaluate: Evaluate;
  /** Exactly one is primary, unless the list is empty. */
  readonly thresholds: readonly ThresholdSpec[];
  /** The sweep file with everything resolved, as plain JSON. Parsing it gives this spec again, without its description. */
  readonly definition: Readonly<Record<string, unknown>>;
}

const CELL_PATHS = [
  'pretrainIterations',
  'prune.method',
  'prune.objective',
  'prune.sampleSize',
  'subnetSize',
  'retrain.iterations',
] as const;

/** Whether an axis varies the cells of a trajectory rather than the trajectory. */
export const isCellPath = (path: string): boolean => (CELL_PATHS as readonly string[]).includes(path);

/** Canonical order: datasetSize, width, seed; then settings in the given order; then the axes of cells. */
export function canonicalOrder(paths: Iterable<string>): string[] {
  const first = ['datasetSize', 'width', 'seed'];
  const given = [...paths];
  const settings = given.filter(path => !first.includes(path) && !isCellPath(path));
  return [...first, ...settings, ...CELL_PATHS].filter(path => given.includes(path));
}

/** Axes that vary together. An axis that is not zipped is a dimension by itself. */
export interface Dimension {
  readonly axes: readonly Axis[];
  readonly length: number;
}

/** The parts of a spec that determine the points of its grid. */
export type Grid = Pick<SweepSpec, 'settings' | 'axes'>;

/** The dimensions of the grid, ordered by their first axis. */
export function dimensionsOf({ axes }: Grid): Dimension[] {
  const groups = new Map<string | number, Axis[]>();
  for (const axis of axes) {
    const key = axis.zip ?? axis.path;
    groups.set(key, [...(groups.get(key) ?? []), axis]);
  }
  return [...groups.values()].map(group => ({ axes: group, length: group[0]!.values.length }));
}

/** One point of (some dimensions of) the grid: the axis, the position on it and the value there, by path. */
export type GridPoint = ReadonlyMap<
  string,
  { readonly axis: Axis; readonly index: number; readonly value: unknown }
>;

/** Every combination of the dimensions' values, the last dimension fastest. */
export function* cartesianProduct(dimensions: readonly Dimension[]): Generator<GridPoint> {
  const at = dimensions.map(() => 0);
  for (;;) {
    const point = new Map<string, { axis: Axis; index: number; value: unknown }>();
    for (const [d, { axes }] of dimensions.entries()) {
      const index = at[d]!;
      for (const axis of axes) point.set(axis.path, { axis, index, value: axis.values[index] });
    }
    yield point;
    let d = dimensions.length - 1;
    while (d >= 0 && ++at[d]! === dimensions[d]!.length) at[d--] = 0;
    if (d < 0) return;
  }
}

/** Every combination that occurs of the axes among `paths`. Omits dimensions without such an axis. */
export function combinations(grid: Grid, paths: readonly string[]): Generator<GridPoint> {
  return cartesianProduct(
    dimensionsOf(grid).filter(({ axes }) => axes.some(axis => paths.includes(axis.path))),
  );
}

/** The settings at a grid point. `dataset` has only the settings that belong to its name. */
export function settingsAt({ settings }: Grid, point: GridPoint): SweepSettings {
  const at: Record<string, Record<string, unknown>> = {};
  for (const [name, group] of Object.entries(settings)) at[name] = { ...group };
  for (const [path, { value }] of point) {
    const [group, key] = path.split('.');
    if (key !== undefined) at[group!]![key] = value;
  }
  const { name, positive, dir, seed, pool, test } = at.dataset as unknown as Required<DatasetSettings>;
  const own = name === 'digits' ? { seed, pool, test } : name === 'idx' ? { dir } : {};
  return { ...(at as unknown as SweepSettings), dataset: { name, positive, ...own } };
}

/** The value at a grid point of a numeric axis that every sweep has. */
export function axisNumberAt(point: GridPoint, path: string): number {
  return point.get(path)!.value as number;
}
