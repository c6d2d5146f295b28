/** The text of a sweep file with the `--set` options applied. Errors point to the line or option of a value. */
import { type Document, isMap, isScalar, isSeq, LineCounter } from 'yaml';
import { InputError } from '../../base/errors.js';
import { didYouMean } from '../../base/nearest.js';
import { counted } from '../../base/units.js';
import { asWritten } from './as-written.js';
import { AXES, SWEEP } from './schema.js';
import { GROUPS, SETTINGS } from './settings.js';
import { parseYaml, toValue } from './yaml-text.js';

/** Keys and list positions from the root, e.g. `['axes', 'train.learningRate', 1]`. */
export type Path = readonly (string | number)[];

/** A problem of a sweep. */
export interface Problem {
  readonly path: Path;
  /** Undefined if the value is missing. */
  readonly value: unknown;
  readonly expected: string;
  /** A description of what was found, if the value alone does not show it. */
  readonly what?: string;
}

/** A path as text, e.g. `axes.train.learningRate[1]`. */
export function showPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${part}` : part),
    '',
  );
}

/** The paths that `--set` accepts, by dotted name. */
const SETTABLE: ReadonlyMap<string, Path> = new Map<string, Path>([
  ...Object.keys(SWEEP.shape).map(key => [key, [key]] as const),
  ...[...SETTINGS.keys(), 'evaluate.dense', 'evaluate.subnet'].map(path => [path, path.split('.')] as const),
  ...[...Object.keys(AXES), 'zip'].map(path => [`axes.${path}`, ['axes', path]] as const),
  ['axes.seed.count', ['axes', 'seed', 'count']],
  ...['from', 'to', 'step', 'ratio', 'at', 'refine'].map(
    key => [`axes.pretrainIterations.${key}`, ['axes', 'pretrainIterations', key]] as const,
  ),
]);

type Mapping = Record<string, unknown>;
export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class SweepDocument {
  /** The values of the file with the `--set` options applied. An empty group is `{}`. */
  readonly raw: Mapping;
  readonly #yaml: Document;
  readonly #lines: LineCounter;
  readonly #source: string | null;
  readonly #sets: { readonly path: Path; readonly document: Document }[] = [];

  /**
   * @param source the name of the text in errors, e.g. the file's name.
   * @param settings `path=value`, with the value in YAML; later options win.
   * @throws InputError (BAD_INPUT) if the text is not YAML or not a mapping, an option names no setting, or an axis
   * makes an option ineffective.
   */
  constructor(text: string, source: string | null, settings: readonly string[]) {
    this.#source = source;
    this.#lines = new LineCounter();
    this.#yaml = parseYaml(text, source, this.#lines);
    this.raw = withoutEmptyGroups(toValue(this.#yaml, source, this.#lines), source);
    for (const setting of settings) this.#set(setting);
    this.#refuseIneffectiveSettings();
  }

  /**
   * Throws an InputError (BAD_INPUT) for the first problem in text order, if any, and counts the others. Problems of
   * missing values come last.
   */
  throwFirstProblem(problems: readonly Problem[]): void {
    if (problems.length === 0) return;
    const order = (problem: Problem) => (problem.value === undefined ? Infinity : this.#offset(problem.path));
    const [first, ...more] = problems.toSorted(
      (a, b) => Math.min(order(a), 1e300) - Math.min(order(b), 1e300),
    );
    // One value may break several rules.
    const others = new Set(
      more.map(({ path }) => showPath(path)).filter(path => path !== showPath(first!.path)),
    );
    throw this.#error(first!, others.size);
  }

  #error({ path, value, expected, what }: Problem, more: number): InputError {
    const others = more === 0 ? '' : ` (and ${counted(more, 'more problem')})`;
    const written = this.#asWritten(path, value);
    const found = what ?? (written === null ? describeFound(value) : `found ${written}`);
    return new InputError({
      path: showPath(path),
      value,
      expected: expected + others,
      source: this.#sourceOf(path),
      ...(found === null ? {} : { what: found }),
    });
  }

  /** `--set` for a path that an option sets, else the source with the line if the path has one. */
  #sourceOf(path: Path): string | null {
    if (this.#setAt(path)) return '--set';
    const offset = this.#offset(path);
    if (offset < 0 || this.#source === null) return this.#source;
    return `${this.#source}:${this.#lines.linePos(offset).line}`;
  }

  /** The last option that sets the value at a path, or one that it is part of. */
  #setAt(path: Path) {
    return this.#sets.findLast(set => set.path.every((part, i) => path[i] === part));
  }

  #asWritten(path: Path, value: unknown): string | null {
    const set = this.#setAt(path);
    return set
      ? asWritten(set.document, path.slice(set.path.length), value)
      : asWritten(this.#yaml, path, value);
  }

  /** The offset at which the deepest part of the path that the file contains starts; -1 if it contains none. */
  #offset(path: Path): number {
    let node: unknown = this.#yaml.contents;
    let offset = -1;
    for (const part of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
        if (!pair) return offset;
        offset = rangeStart(pair.key) ?? offset;
        node = pair.value;
      } else if (isSeq(node) && typeof part === 'number') {
        node = node.items[part];
        offset = rangeStart(node) ?? offset;
      } else return offset;
    }
    return offset;
  }

  #set(setting: string): void {
    const cut = setting.indexOf('=');
    if (cut < 1) throw new InputError({ path: '', source: '--set', value: setting, expected: 'path=value' });
    const name = setting.slice(0, cut).trim();
    const path = settablePath(name);
    const document = parseYaml(setting.slice(cut + 1), `--set ${name}`);
    const value = toValue(document, `--set ${name}`);
    let target = this.raw;
    for (const key of path.slice(0, -1)) {
      const next = target[key] ?? {};
      target[key] = next;
      if (!isMapping(next)) {
        const expected = `a mapping such as { ${path.at(-1)}: ... }; set axes.${key} as a whole`;
        throw new InputError({ path: name, source: '--set', value: next, expected });
      }
      target = next;
    }
    target[path.at(-1) as string] = value;
    this.#sets.push({ path, document });
  }

  /** Refuses a `--set` on a path that is also an axis, since it would have no effect. */
  #refuseIneffectiveSettings(): void {
    const { axes } = this.raw;
    if (!isMapping(axes)) return;
    const zips = Array.isArray(axes.zip) ? axes.zip.filter(isMapping) : [];
    const axisPaths = new Set([axes, ...zips].flatMap(Object.keys));
    for (const { path } of this.#sets) {
      const [head, ...rest] = path;
      if (head === 'axes') {
        const key = String(rest[0]);
        if (key === 'zip' || !zips.some(zip => Object.hasOwn(zip, key))) continue;
        throw this.#setError(path, 'is zipped with other axes', '--set axes.zip=[...]');
      }
      const group = this.raw[String(head)];
      const keys = rest.length > 0 ? rest : isMapping(group) ? Object.keys(group) : [];
      const hidden = keys.map(key => `${head}.${key}`).find(name => axisPaths.has(name));
      if (hidden) {
        const axis = Object.hasOwn(axes, hidden) ? hidden : 'zip';
        throw this.#setError(hidden.split('.'), 'is also an axis', `--set axes.${axis}=[...]`);
      }
    }
  }

  #setError(path: Path, what: string, expected: string): InputError {
    const value = path.reduce<unknown>(
      (at, part) => (isMapping(at) && Object.hasOwn(at, part) ? at[part] : undefined),
      this.raw,
    );
    return new InputError({ path: showPath(path), source: '--set', value, what, expected });
  }
}

/** Describes a value that JSON cannot show (missing, null, not finite). Null: the error shows the value as JSON. */
function describeFound(value: unknown): string | null {
  if (value === undefined) return 'is missing';
  if (value === null) return 'has no value';
  return typeof value === 'number' && !Number.isFinite(value) ? `found ${value}` : null;
}

function settablePath(name: string): Path {
  const path = SETTABLE.get(name);
  if (path) return path;
  const at = { path: name, source: '--set', value: name };
  if (SETTABLE.has(`axes.${name}`)) {
    throw new InputError({ ...at, what: 'is an axis', expected: `--set axes.${name}=...` });
  }
  const same = [...SETTABLE.keys()].find(known => known.endsWith(`.${name}`));
  const hint = same ? ` (did you mean ${same}?)` : didYouMean(name, SETTABLE.keys());
  const expected = `the path of a setting${hint || ', such as train.learningRate'}`;
  throw new InputError({ ...at, what: 'no such setting', expected });
}

/** Replaces null by `{}` for each group: YAML reads a key with nothing below it (e.g. all commented out) as null. */
function withoutEmptyGroups(value: unknown, source: string | null): Mapping {
  if (!isMapping(value)) {
    const expected = 'a sweep file, a mapping with name, dataset and axes';
    throw new InputError({
      path: '',
      source,
      value,
      expected,
      ...(value === null ? { what: 'is empty' } : {}),
    });
  }
  const raw = { ...value };
  for (const key of [...Object.keys(GROUPS), 'axes', 'evaluate']) if (raw[key] === null) raw[key] = {};
  if (raw.thresholds === null) delete raw.thresholds;
  return raw;
}

function rangeStart(node: unknown): number | undefined {
  const range = (node as { range?: readonly number[] | null } | null)?.range;
  return range?.[0];
}
