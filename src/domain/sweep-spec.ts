/** A sweep as a value: base settings, and the axes that are laid over them. */
import type {
  DatasetSettings,
  InputSettings,
  NetworkSettings,
  PruneMethod,
  PruneObjective,
  SetName,
  ThresholdSpec,
  TrainSettings,
} from './types.js';

/** The groups of a sweep file whose settings may be axes. */
export interface SweepSettings {
  /** In a spec: all that any of its data sets needs. At one point of the grid: only what that data set has. */
  readonly dataset: DatasetSettings;
  readonly network: NetworkSettings;
  readonly inputs: InputSettings;
  readonly train: TrainSettings;
  readonly prune: { readonly method: PruneMethod; readonly objective: PruneObjective };
  readonly retrain: { readonly iterations: number };
}

export interface Axis {
  /** `datasetSize`, `width`, `seed`, `pretrainIterations`, `subnetSize`, or a setting such as `train.learningRate`. */
  readonly path: string;
  /** Without repeats, unless the axis is zipped. In the order of the file; checkpoints ascending, with 0. */
  readonly values: readonly unknown[];
  /** Position in `axes.zip` of the group that it moves with; null for an axis of its own. */
  readonly zip: number | null;
}

/** Frozen, all defaults filled in. */
export interface SweepSpec {
  readonly kind: 'sweep';
  readonly name: string;
  /** What errors call the text it was read from. */
  readonly source: string | null;
  /** What is not an axis. A setting that is one has the axis's first value here. */
  readonly settings: SweepSettings;
  /** In canonical order, whatever the order of the file's keys. */
  readonly axes: readonly Axis[];
  readonly evaluate: { readonly dense: readonly SetName[]; readonly subnet: readonly SetName[] };
  /** One of them is primary, unless there are none. */
  readonly thresholds: readonly ThresholdSpec[];
  /** The sweep file with everything resolved, as plain JSON: parsed again, it gives this spec. */
  readonly definition: Readonly<Record<string, unknown>>;
}

const CELL_PATHS = [
  'pretrainIterations',
  'prune.method',
  'prune.objective',
  'subnetSize',
  'retrain.iterations',
] as const;

/** Whether an axis varies cells within a trajectory, and not trajectories. */
export const isCellPath = (path: string): boolean => (CELL_PATHS as readonly string[]).includes(path);

/** Canonical order: trajectories before cells, the named axes first; settings in the order of their definition. */
export function canonicalOrder(paths: Iterable<string>): string[] {
  const first = ['datasetSize', 'width', 'seed'];
  const given = [...paths];
  const settings = given.filter(path => !first.includes(path) && !isCellPath(path));
  return [...first, ...settings, ...CELL_PATHS].filter(path => given.includes(path));
}

/** Axes that move together; an axis of its own is a dimension of one. */
export interface Dimension {
  readonly axes: readonly Axis[];
  readonly length: number;
}

/** What the points of a grid are made of. */
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

/** One point of (some dimensions of) the grid: for each path, the position on its axis and the value there. */
export type Point = ReadonlyMap<
  string,
  { readonly axis: Axis; readonly index: number; readonly value: unknown }
>;

/** Every combination of some dimensions, the last one fastest. */
export function* product(dimensions: readonly Dimension[]): Generator<Point> {
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

/** Every combination that occurs of the axes among `paths`; other dimensions are left out. */
export function combinations(grid: Grid, paths: readonly string[]): Generator<Point> {
  return product(dimensionsOf(grid).filter(({ axes }) => axes.some(axis => paths.includes(axis.path))));
}

/** The settings at a point of the grid. The data set has only what belongs to its name. */
export function settingsAt({ settings }: Grid, point: Point): SweepSettings {
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

/** The value at a point of one of the axes that every sweep has. */
export function numberAt(point: Point, path: string): number {
  return point.get(path)!.value as number;
}
