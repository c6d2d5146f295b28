/** Selects the curves that the figures show: one value of every setting that differs at a single data set size. */

import { dependenceOnSize } from '../domain/dependence-on-size.js';
import { findMetric } from '../domain/metrics.js';
import { bySettingValue, settingValueText } from '../domain/setting-value.js';
import { isCellPath } from '../domain/sweep-spec.js';
import type { SetName } from '../domain/types.js';
import type { LiveCurve, LiveSweep } from '../store/read/live-rows.js';
import { targetLabel } from '../threshold/targets.js';

/** The page's parameters, by name of choice. Values that do not exist are ignored. */
export type SelectionParams = Readonly<Record<string, string>>;

/** One choice, with its options. */
export interface Choice {
  /** `sweep`, `metric` (of thresholds), `set`, `width`, `subnet_size`, or the path of a further axis. */
  readonly name: string;
  readonly options: readonly string[];
  readonly chosen: string;
}

export interface Selection {
  readonly sweep: LiveSweep;
  /** The samples on which losses and accuracies are measured. */
  readonly set: SetName;
  /** The target whose thresholds are drawn; null if the sweep has none. */
  readonly target: { readonly metric: string; readonly target: string } | null;
  /** Chosen values of the further axes that divide the sweep, by path. */
  readonly axes: Readonly<Record<string, unknown>>;
  readonly choices: readonly Choice[];
  readonly members: readonly LiveCurve[];
  /** Equal for selections with the same curves of the same sweep definition. Independent of the target. */
  readonly key: string;
}

/** A setting that may divide the curves. Null means that it does not apply; every choice includes such a curve. */
type Dimension = readonly [
  name: string,
  value: (member: LiveCurve) => string | null,
  /** The default: the largest value, or the first of the list that exists. */
  preferred: 'largest' | readonly string[],
];

export function select(
  sweeps: readonly LiveSweep[],
  sweep: LiveSweep,
  all: readonly LiveCurve[],
  params: SelectionParams,
): Selection {
  const choices: Choice[] = [];
  if (sweeps.length > 1)
    choices.push({ name: 'sweep', options: sweeps.map(({ name }) => name), chosen: sweep.name });
  const target = chooseTarget(sweep, params, choices);
  const set = chooseSet(sweep, params, choices);
  let members = all;
  for (const [name, value, preferred] of dimensionsOf(sweep, all)) {
    const options = divides(members, value) ? valuesOf(members, value) : [];
    if (options.length < 2) continue;
    const requested = params[name];
    const fallback =
      preferred === 'largest'
        ? options.at(-1)!
        : (preferred.find(one => options.includes(one)) ?? options[0]!);
    const chosen = requested !== undefined && options.includes(requested) ? requested : fallback;
    choices.push({ name, options, chosen });
    members = members.filter(member => [chosen, null].includes(value(member)));
  }
  const chosen = choices.filter(({ name }) => name !== 'metric').map(choice => [choice.name, choice.chosen]);
  const axes = axesOf(members, choices);
  return { sweep, set, target, axes, choices, members, key: JSON.stringify([sweep.stamp, chosen]) };
}

/** The chosen settings that belong to the trajectory (not to pruning), with the database's values. */
function axesOf([first]: readonly LiveCurve[], choices: readonly Choice[]): Selection['axes'] {
  const all = first ? (JSON.parse(first.axes) as Record<string, unknown>) : {};
  const isChosen = ([path]: [string, unknown]) =>
    !isCellPath(path) && choices.some(({ name }) => name === path);
  return Object.fromEntries(Object.entries(all).filter(isChosen));
}

/** The primary target if its metric is chosen, otherwise the chosen metric's first target. */
function chooseTarget(
  { thresholds }: LiveSweep,
  params: SelectionParams,
  choices: Choice[],
): Selection['target'] {
  const ordered = [...thresholds].sort((a, b) => Number(b.primary) - Number(a.primary));
  const options = [...new Set(ordered.map(({ metric }) => metric))];
  const chosen = ordered.find(({ metric }) => metric === params.metric) ?? ordered[0];
  if (!chosen) return null;
  const { metric } = chosen;
  if (options.length > 1) choices.push({ name: 'metric', options, chosen: metric });
  return { metric, target: targetLabel(chosen) };
}

function chooseSet({ sets, thresholds }: LiveSweep, params: SelectionParams, choices: Choice[]): SetName {
  const primary = thresholds.find(spec => spec.primary) ?? thresholds[0];
  const targetSet = primary && findMetric(primary.metric)?.set;
  const fallback = targetSet && sets.includes(targetSet) ? targetSet : (sets[0] ?? 'train');
  const chosen = sets.find(set => set === params.set) ?? fallback;
  if (sets.length > 1) choices.push({ name: 'set', options: sets, chosen });
  return chosen;
}

function dimensionsOf({ axes: axisValues }: LiveSweep, members: readonly LiveCurve[]): Dimension[] {
  const parsed = new Map<string, Record<string, unknown>>();
  const axes = ({ axes: text }: LiveCurve): Record<string, unknown> => {
    const values = parsed.get(text) ?? (JSON.parse(text) as Record<string, unknown>);
    parsed.set(text, values);
    return values;
  };
  const own: Dimension[] = [
    ['width', ({ width }) => String(width), 'largest'],
    ['subnet_size', ({ subnetSize }) => String(subnetSize), 'largest'],
    ['prune.objective', ({ objective }) => objective, []],
    ['prune.sampleSize', sampleSizeOf, ['all']],
  ];
  const paths = new Set(members.flatMap(member => Object.keys(axes(member))));
  const further = [...paths]
    .filter(path => !own.some(([name]) => name === path))
    .map(
      (path): Dimension => [path, member => settingValueText(axes(member)[path]), textsOf(axisValues[path])],
    );
  return [...own, ...further];
}

/** Null for a method without an objective. */
const sampleSizeOf = ({ objective, sampleSize }: LiveCurve): string | null =>
  objective === null ? null : String(sampleSize ?? 'all');

const textsOf = (values: unknown): string[] => (Array.isArray(values) ? values.map(settingValueText) : []);

/** Whether some data set size has several values. A value that moves with n does not divide. */
function divides(members: readonly LiveCurve[], value: Dimension[1]): boolean {
  return dependenceOnSize(members, member => member.datasetSize, value) === 'divides';
}

/** The values of a dimension, sorted. */
function valuesOf(members: readonly LiveCurve[], value: Dimension[1]): string[] {
  const values = new Set(members.map(value).filter(one => one !== null));
  return [...values].sort(bySettingValue);
}
