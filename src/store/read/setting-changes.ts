/** Compares two definitions of a sweep, setting by setting. */
import type { TrajectoryConfig } from '../../domain/types.js';

/** A setting or axis whose values differ; a setting is an axis of one value. */
export interface SettingChange {
  /** As in the sweep file, without `axes.`; also `engine`, `numerics` and `dataset.content`. */
  readonly path: string;
  /** Values of the former definition that the new one lacks, and the other way round. */
  readonly removed: readonly unknown[];
  readonly added: readonly unknown[];
}

/** Groups whose settings change results. */
const GROUPS = ['dataset', 'network', 'inputs', 'train', 'prune', 'retrain', 'evaluate'];

type Definition = Readonly<Record<string, unknown>>;
type Axes = Readonly<Record<string, readonly unknown[]>> & { readonly zip?: readonly Axes[] };

/** Differences in order of the new definition. A setting that the former definition does not have is none. */
export function settingChanges(former: unknown, now: unknown): SettingChange[] {
  const [before, after] = [valuesByPath(former as Definition), valuesByPath(now as Definition)];
  const changes: SettingChange[] = [];
  for (const [path, values] of after) {
    const old = before.get(path);
    if (old) changes.push(difference(path, old, values));
  }
  return changes.filter(({ removed, added }) => removed.length + added.length > 0);
}

/** Differences that no sweep file shows: of the engine, its numerics, and what the data files contain. */
export function originChanges(former: TrajectoryConfig, now: TrajectoryConfig): SettingChange[] {
  const contents = (config: TrajectoryConfig) =>
    former.dataset.name === now.dataset.name ? [config.dataset.content] : [];
  return [
    difference('engine', [former.engine], [now.engine]),
    difference('numerics', [former.numerics], [now.numerics]),
    difference('dataset.content', contents(former), contents(now)),
  ].filter(({ removed }) => removed.length > 0);
}

function valuesByPath(definition: Definition): Map<string, readonly unknown[]> {
  const values = new Map<string, readonly unknown[]>();
  const { zip = [], ...own } = (definition.axes ?? {}) as Axes;
  for (const axes of [own, ...zip])
    for (const [path, list] of Object.entries(axes)) values.set(path, Array.isArray(list) ? list : [list]);
  for (const group of GROUPS) {
    for (const [key, value] of Object.entries((definition[group] ?? {}) as object)) {
      const path = `${group}.${key}`;
      if (!values.has(path)) values.set(path, group === 'evaluate' ? value : [value]);
    }
  }
  // A definition leaves it out where it is null.
  if (!values.has('prune.sampleSize')) values.set('prune.sampleSize', [null]);
  return values;
}

function difference(path: string, before: readonly unknown[], after: readonly unknown[]): SettingChange {
  const [old, now] = [textsOf(before), textsOf(after)];
  return {
    path,
    removed: [...old].filter(([text]) => !now.has(text)).map(([, value]) => value),
    added: [...now].filter(([text]) => !old.has(text)).map(([, value]) => value),
  };
}

const textsOf = (values: readonly unknown[]): Map<string, unknown> =>
  new Map(values.map(value => [JSON.stringify(value), value]));
