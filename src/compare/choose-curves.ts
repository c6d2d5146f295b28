/** Which curves of a sweep are compared: at most one at each width, n and seed. */
import { UsageError } from '../base/errors.js';
import { groupBy } from '../base/group-by.js';
import { didYouMean } from '../base/nearest.js';
import type { MeasuredNetwork } from '../domain/metrics.js';
import { bySettingValue, settingValueText } from '../domain/setting-value.js';
import type { SweepCurveInfo } from '../store/read/sweep-curves.js';
import type { CellPlace } from './published-table.js';

/** What the user asks for; whatever is absent has to be the same for all curves. */
export interface CurveChoice {
  readonly method?: string | undefined;
  readonly subnetSize?: number | undefined;
  /** `path=value`: a setting of the selection, or another axis of the sweep. */
  readonly where?: readonly string[] | undefined;
}

/** A setting by which the curves of one width, n and seed may differ. */
interface Dimension {
  /** The path in a sweep file. */
  readonly path: string;
  /** How the user chooses it, e.g. `--subnet-size`; `--where <path>` if not given. */
  readonly own?: string;
  pick(curve: SweepCurveInfo): unknown;
}

const METHOD: Dimension = { path: 'prune.method', own: '--method', pick: ({ method }) => method };
const SUBNET_SIZE: Dimension = {
  path: 'subnetSize',
  own: '--subnet-size',
  pick: ({ subnetSize }) => subnetSize,
};
const where = (path: string, pick: Dimension['pick']): Dimension => ({ path, pick });
const optionOf = ({ own, path }: Dimension): string => own ?? `--where ${path}`;
const OBJECTIVE = where('prune.objective', ({ objective }) => objective);
const SAMPLE_SIZE = where('prune.sampleSize', ({ sampleSize }) => sampleSize);
const RETRAINING = where('retrain.iterations', ({ retrainIterations }) => retrainIterations);
const OF_CELLS = [METHOD, SUBNET_SIZE, OBJECTIVE, SAMPLE_SIZE, RETRAINING];

/** What a network's metrics depend on, of the settings of cells. */
const RELEVANT: Readonly<Record<MeasuredNetwork, readonly Dimension[]>> = {
  dense: [],
  subnet: [METHOD, SUBNET_SIZE, OBJECTIVE, SAMPLE_SIZE],
  retrained: OF_CELLS,
};

/**
 * The chosen curves, at most one for each trajectory.
 *
 * @param network whose metric is compared: curves that differ in what it does not depend on count as one.
 * @param table the cells that are compared; elsewhere curves may be ambiguous, and are then left out.
 * @throws UsageError, one line, where nothing fits, or where several curves do at a cell of the table.
 */
export function chooseCurves(
  curves: readonly SweepCurveInfo[],
  sweep: string,
  network: MeasuredNetwork,
  table: readonly CellPlace[],
  choice: CurveChoice,
): SweepCurveInfo[] {
  const places = new Set(table.map(({ width, n }) => `${width}/${n}`));
  const isInTable = ({ config }: SweepCurveInfo) => places.has(`${config.width}/${config.datasetSize}`);
  const further = furtherAxes(curves);
  const measured = network === 'retrained' ? curves.filter(curve => curve.retrainIterations > 0) : curves;
  if (!measured.some(isInTable))
    throw new UsageError(
      `sweep ${sweep}: has no finished ${network === 'retrained' ? 're-trained curve' : 'trajectory'} at a width and ` +
        `dataset_size of the table, expected at least one`,
    );

  let chosen = measured;
  for (const [dimension, text] of asked(choice, [...OF_CELLS, ...further])) {
    const fitting = chosen.filter(curve => isSame(dimension.pick(curve), text));
    if (!fitting.some(isInTable))
      throw new UsageError(
        `${optionOf(dimension)}: found ${text}, expected ${oneOf(dimension, chosen.filter(isInTable))}`,
      );
    chosen = fitting;
  }
  const relevant = [...RELEVANT[network], ...further];
  const open = relevant.filter(dimension => divides(chosen.filter(isInTable), dimension));
  if (open.length > 0) {
    const options = open.map(one => `${optionOf(one)} with ${oneOf(one, chosen.filter(isInTable))}`);
    throw new UsageError(
      `sweep ${sweep}: has several curves at one width, n and seed, expected ${options.join('; ')}`,
    );
  }
  return [...groupBy(chosen, placeOf).values()]
    .filter(group => !relevant.some(one => divides(group, one)))
    .map(([first]) => first!);
}

/** The values of settings that are the same for all the curves, by path: of their selection, and of further axes. */
export function commonSettings(
  curves: readonly SweepCurveInfo[],
  network: MeasuredNetwork,
): Record<string, unknown> {
  const same = [...RELEVANT[network], ...furtherAxes(curves)].filter(
    ({ pick }) => new Set(curves.map(curve => settingValueText(pick(curve)))).size === 1,
  );
  return Object.fromEntries(same.map(({ path, pick }) => [path, pick(curves[0]!)]));
}

/** The sweep's other axes: of trajectories. */
const furtherAxes = (curves: readonly SweepCurveInfo[]): Dimension[] =>
  [...new Set(curves.flatMap(({ axes }) => Object.keys(axes)))]
    .filter(path => !OF_CELLS.some(dimension => dimension.path === path))
    .map(path => where(path, ({ axes }) => axes[path]));

/** The settings that are asked for, with the value as typed. @throws UsageError */
function asked(
  { method, subnetSize, where: wheres = [] }: CurveChoice,
  known: readonly Dimension[],
): [Dimension, string][] {
  const out: [Dimension, string][] = [];
  if (method !== undefined) out.push([METHOD, method]);
  if (subnetSize !== undefined) out.push([SUBNET_SIZE, String(subnetSize)]);
  const choosable = known.filter(({ own }) => own === undefined);
  const paths = choosable.map(({ path }) => path);
  for (const text of wheres) {
    const [, path, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (path === undefined || value === undefined)
      throw new UsageError(`--where: found ${JSON.stringify(text)}, expected path=value`);
    const dimension = choosable.find(one => one.path === path);
    if (!dimension)
      throw new UsageError(
        `--where: found ${JSON.stringify(path)}${didYouMean(path, paths)}, expected one of ${paths.join(', ')}`,
      );
    if (out.some(([one]) => one === dimension))
      throw new UsageError(`--where ${path}: is given twice, expected one value`);
    out.push([dimension, value]);
  }
  return out;
}

/** Whether the text stands for the value: as JSON, or as the bare word. */
function isSame(value: unknown, text: string): boolean {
  if (value === text) return true;
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value ?? null);
  } catch {
    return false;
  }
}

function oneOf({ pick }: Dimension, curves: readonly SweepCurveInfo[]): string {
  const sorted = [...new Set(curves.map(curve => settingValueText(pick(curve))))].sort(bySettingValue);
  return sorted.length === 1 ? sorted[0]! : `one of ${sorted.join(', ')}`;
}

const placeOf = ({ config }: SweepCurveInfo): string =>
  `${config.width}/${config.datasetSize}/${config.seed}`;

/** Whether curves of one width, n and seed differ in the setting. */
function divides(curves: readonly SweepCurveInfo[], { pick }: Dimension): boolean {
  const seen = new Map<string, string>();
  for (const curve of curves) {
    const [place, value] = [placeOf(curve), settingValueText(pick(curve))];
    if ((seen.get(place) ?? value) !== value) return true;
    seen.set(place, value);
  }
  return false;
}
