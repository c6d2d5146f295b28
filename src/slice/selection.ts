/** Which curves of a sweep the figures show: one value of everything that differs at a single data set size. */

import { dependenceOnSize } from '../domain/dependence-on-size.js';
import { metricNamed } from '../domain/metrics.js';
import type { SetName } from '../domain/types.js';
import type { LiveSweep, SweepCurve } from '../store/read/live-reader.js';
import { targetLabel } from '../threshold/targets.js';

/** What a page asked for, by the names of choices; what does not exist is passed over. */
export type SelectionParams = Readonly<Record<string, string>>;

/** What the figures show, of what could be shown. */
export interface Choice {
  /** `sweep`, `metric` (of thresholds), `set`, `width`, `subnet_size`, or the path of a further axis. */
  readonly name: string;
  readonly options: readonly string[];
  readonly chosen: string;
}

export interface Selection {
  readonly sweep: LiveSweep;
  /** What losses and accuracies are measured on. */
  readonly set: SetName;
  /** Thresholds of its metric are drawn; null where the sweep has none. */
  readonly target: { readonly metric: string; readonly target: string } | null;
  /** Values of further axes, of those that divide the sweep. */
  readonly axes: Readonly<Record<string, unknown>>;
  readonly choices: readonly Choice[];
  readonly members: readonly SweepCurve[];
  /** Equal for selections that show the same curves of the same definition of a sweep, whatever the target. */
  readonly key: string;
}

/** The value is null where it does not apply: such a member belongs to every choice. */
type Dimension = readonly [
  name: string,
  value: (member: SweepCurve) => string | null,
  /** What is shown unless something else is wished; of a list, the first that there is. */
  preferred: 'largest' | readonly string[],
];

export function select(
  sweeps: readonly LiveSweep[],
  sweep: LiveSweep,
  all: readonly SweepCurve[],
  wishes: SelectionParams,
): Selection {
  const choices: Choice[] = [];
  if (sweeps.length > 1)
    choices.push({ name: 'sweep', options: sweeps.map(({ name }) => name), chosen: sweep.name });
  const target = chooseTarget(sweep, wishes, choices);
  const set = chooseSet(sweep, wishes, choices);
  let members = all;
  for (const [name, value, preferred] of dimensionsOf(sweep, all)) {
    const options = divides(members, value) ? valuesOf(members, value) : [];
    if (options.length < 2) continue;
    const wish = wishes[name];
    const usual =
      preferred === 'largest'
        ? options.at(-1)!
        : (preferred.find(one => options.includes(one)) ?? options[0]!);
    const chosen = wish !== undefined && options.includes(wish) ? wish : usual;
    choices.push({ name, options, chosen });
    members = members.filter(member => [chosen, null].includes(value(member)));
  }
  const chosen = choices.filter(({ name }) => name !== 'metric').map(choice => [choice.name, choice.chosen]);
  const axes = axesOf(members, choices);
  return { sweep, set, target, axes, choices, members, key: JSON.stringify([sweep.stamp, chosen]) };
}

/** Of the settings that were chosen, those that belong to the trajectory, as the database has them. */
function axesOf([first]: readonly SweepCurve[], choices: readonly Choice[]): Selection['axes'] {
  const all = first ? (JSON.parse(first.axes) as Record<string, unknown>) : {};
  const isChosen = ([path]: [string, unknown]) =>
    !['prune.objective', 'retrain.iterations'].includes(path) && choices.some(({ name }) => name === path);
  return Object.fromEntries(Object.entries(all).filter(isChosen));
}

/** The primary target if its metric is chosen, else the first of the chosen metric. */
function chooseTarget(
  { thresholds }: LiveSweep,
  wishes: SelectionParams,
  choices: Choice[],
): Selection['target'] {
  const ordered = [...thresholds].sort((a, b) => Number(b.primary) - Number(a.primary));
  const options = [...new Set(ordered.map(({ metric }) => metric))];
  const chosen = ordered.find(({ metric }) => metric === wishes.metric) ?? ordered[0];
  if (!chosen) return null;
  const { metric } = chosen;
  if (options.length > 1) choices.push({ name: 'metric', options, chosen: metric });
  return { metric, target: targetLabel(chosen) };
}

function chooseSet({ sets, thresholds }: LiveSweep, wishes: SelectionParams, choices: Choice[]): SetName {
  const primary = thresholds.find(spec => spec.primary) ?? thresholds[0];
  const aimed = primary && metricNamed(primary.metric)?.set;
  const usual = aimed && sets.includes(aimed) ? aimed : (sets[0] ?? 'train');
  const chosen = sets.find(set => set === wishes.set) ?? usual;
  if (sets.length > 1) choices.push({ name: 'set', options: sets, chosen });
  return chosen;
}

function dimensionsOf({ axes: asked }: LiveSweep, members: readonly SweepCurve[]): Dimension[] {
  const parsed = new Map<string, Record<string, unknown>>();
  const axes = ({ axes: text }: SweepCurve): Record<string, unknown> => {
    const known = parsed.get(text) ?? (JSON.parse(text) as Record<string, unknown>);
    parsed.set(text, known);
    return known;
  };
  const paths = new Set(members.flatMap(member => Object.keys(axes(member))));
  const further = [...paths]
    .filter(path => path !== 'prune.objective')
    .map((path): Dimension => [path, member => textOf(axes(member)[path]), listed(asked[path])]);
  return [
    ['width', ({ width }) => String(width), 'largest'],
    ['subnet_size', ({ subnetSize }) => String(subnetSize), 'largest'],
    ['prune.objective', ({ objective }) => objective, []],
    ...further,
  ];
}

const listed = (values: unknown): string[] => (Array.isArray(values) ? values.map(textOf) : []);
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);

/** Whether there are several values at some data set size: one that moves with n divides nothing. */
function divides(members: readonly SweepCurve[], value: Dimension[1]): boolean {
  return dependenceOnSize(members, member => member.datasetSize, value) === 'divides';
}

/** The values of a dimension: numbers by size, then words. */
function valuesOf(members: readonly SweepCurve[], value: Dimension[1]): string[] {
  const values = new Set(members.map(value).filter(one => one !== null));
  return [...values].sort((a, b) => {
    const difference = Number(a) - Number(b);
    return Number.isNaN(difference) ? (a < b ? -1 : 1) : difference;
  });
}
