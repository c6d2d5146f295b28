/** Which curves of a sweep the figures show: one value of everything that differs at a single data set size. */
import type { SetName } from '../domain/config.js';
import { metricNamed } from '../domain/metrics.js';
import type { LiveSweep, Member } from '../store/live.js';
import type { Choice } from './messages.js';

/** What a page asked for, by the names of choices; what does not exist is passed over. */
export type Wishes = Readonly<Record<string, string>>;

export interface Selection {
  readonly sweep: LiveSweep;
  /** What losses and accuracies are measured on. */
  readonly set: SetName;
  readonly choices: readonly Choice[];
  readonly members: readonly Member[];
  /** Equal for equal selections of the same definition of a sweep. */
  readonly key: string;
}

/** The value is null where it does not apply: such a member belongs to every choice. */
type Dimension = readonly [
  name: string,
  value: (member: Member) => string | null,
  preferred: 'largest' | 'smallest',
];

export function select(
  sweeps: readonly LiveSweep[],
  sweep: LiveSweep,
  all: readonly Member[],
  wishes: Wishes,
): Selection {
  const choices: Choice[] = [];
  if (sweeps.length > 1)
    choices.push({ name: 'sweep', options: sweeps.map(({ name }) => name), chosen: sweep.name });
  const set = chooseSet(sweep, wishes, choices);
  let members = all;
  for (const [name, value, preferred] of dimensionsOf(all)) {
    const options = divided(members, value) ? sorted(members, value) : [];
    if (options.length < 2) continue;
    const wish = wishes[name];
    const usual = options.at(preferred === 'largest' ? -1 : 0)!;
    const chosen = wish !== undefined && options.includes(wish) ? wish : usual;
    choices.push({ name, options, chosen });
    members = members.filter(member => [chosen, null].includes(value(member)));
  }
  const chosen = choices.map(choice => [choice.name, choice.chosen]);
  return { sweep, set, choices, members, key: JSON.stringify([sweep.stamp, set, chosen]) };
}

function chooseSet({ sets, thresholds }: LiveSweep, wishes: Wishes, choices: Choice[]): SetName {
  const primary = thresholds.find(spec => spec.primary) ?? thresholds[0];
  const aimed = primary && metricNamed(primary.metric)?.set;
  const usual = aimed && sets.includes(aimed) ? aimed : (sets[0] ?? 'train');
  const chosen = sets.find(set => set === wishes.set) ?? usual;
  if (sets.length > 1) choices.push({ name: 'set', options: sets, chosen });
  return chosen;
}

function dimensionsOf(members: readonly Member[]): Dimension[] {
  const parsed = new Map<string, Record<string, unknown>>();
  const axes = ({ axes: text }: Member): Record<string, unknown> => {
    const known = parsed.get(text) ?? (JSON.parse(text) as Record<string, unknown>);
    parsed.set(text, known);
    return known;
  };
  const paths = new Set(members.flatMap(member => Object.keys(axes(member))));
  const further = [...paths]
    .filter(path => path !== 'prune.objective')
    .map((path): Dimension => [path, member => textOf(axes(member)[path]), 'smallest']);
  return [
    ['width', ({ width }) => String(width), 'largest'],
    ['subnet_size', ({ subnetSize }) => String(subnetSize), 'largest'],
    ['prune.objective', ({ objective }) => objective, 'smallest'],
    ...further,
  ];
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);

/** Whether there are several values at some data set size: one that moves with n divides nothing. */
function divided(members: readonly Member[], value: Dimension[1]): boolean {
  const seen = new Map<number, string>();
  for (const member of members) {
    const own = value(member);
    if (own === null) continue;
    const known = seen.get(member.datasetSize);
    if (known === undefined) seen.set(member.datasetSize, own);
    else if (known !== own) return true;
  }
  return false;
}

/** The values of a dimension: numbers by size, then words. */
function sorted(members: readonly Member[], value: Dimension[1]): string[] {
  const values = new Set(members.map(value).filter(one => one !== null));
  return [...values].sort((a, b) => {
    const difference = Number(a) - Number(b);
    return Number.isNaN(difference) ? (a < b ? -1 : 1) : difference;
  });
}
