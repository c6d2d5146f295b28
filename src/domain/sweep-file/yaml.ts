/** The text of a sweep file, with the `--set` options laid over it, that knows where each of its values stands. */
import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { InputError } from '../../base/errors.js';
import { didYouMean } from '../../base/nearest.js';
import { AXES, SWEEP } from './schema.js';
import { GROUPS, SETTINGS } from './settings.js';

/** Keys and list positions from the root, e.g. `['axes', 'train.learningRate', 1]`. */
export type Path = readonly (string | number)[];

/** Something that is wrong with a sweep. */
export interface Problem {
  readonly path: Path;
  /** Undefined where it is missing. */
  readonly value: unknown;
  readonly expected: string;
  /** What was found, where that is not simply the value. */
  readonly what?: string;
}

/** `axes.train.learningRate[1]` */
export function showPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${part}` : part),
    '',
  );
}

/** What `--set` may name, by dotted path. */
const SETTABLE: ReadonlyMap<string, Path> = new Map<string, Path>([
  ...Object.keys(SWEEP.shape).map(key => [key, [key]] as const),
  ...[...SETTINGS.keys(), 'evaluate.dense', 'evaluate.subnet'].map(path => [path, path.split('.')] as const),
  ...[...Object.keys(AXES), 'zip'].map(path => [`axes.${path}`, ['axes', path]] as const),
  ['axes.seed.count', ['axes', 'seed', 'count']],
  ...['from', 'to', 'step', 'ratio'].map(
    key => [`axes.pretrainIterations.${key}`, ['axes', 'pretrainIterations', key]] as const,
  ),
]);

type Mapping = Record<string, unknown>;
export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class SweepDocument {
  /** The values as they stand in the file and the `--set` options; a group that is left empty is `{}`. */
  readonly raw: Mapping;
  readonly #yaml: Document;
  readonly #lines: LineCounter;
  readonly #source: string | null;
  readonly #setPaths: Path[] = [];

  /**
   * @param source what to call the text in errors, e.g. the file's name.
   * @param settings `path=value`, the value in YAML; later ones win.
   * @throws InputError where the text is not YAML or not a mapping, or an option names no setting.
   */
  constructor(text: string, source: string | null, settings: readonly string[]) {
    this.#source = source;
    this.#lines = new LineCounter();
    this.#yaml = parseYaml(text, source, this.#lines);
    this.raw = withoutEmptyGroups(toValue(this.#yaml, source), source);
    for (const setting of settings) this.#set(setting);
    this.#refuseHiddenSettings();
  }

  /** Throws one InputError for the first problem in the order of the text, if there is any. */
  refuse(problems: readonly Problem[]): void {
    if (problems.length === 0) return;
    const order = (problem: Problem) => (problem.value === undefined ? Infinity : this.#offset(problem.path));
    const [first, ...more] = problems.toSorted(
      (a, b) => Math.min(order(a), 1e300) - Math.min(order(b), 1e300),
    );
    throw this.#error(first!, more.length);
  }

  #error({ path, value, expected, what }: Problem, more: number): InputError {
    const others = more === 0 ? '' : ` (and ${more} more ${more === 1 ? 'problem' : 'problems'})`;
    const found = what ?? describeFound(value);
    return new InputError({
      path: showPath(path),
      value,
      expected: expected + others,
      source: this.#sourceOf(path),
      ...(found === null ? {} : { what: found }),
    });
  }

  /** `--set`, or the file with the line, where there is one. */
  #sourceOf(path: Path): string | null {
    if (this.#setPaths.some(set => set.every((part, i) => path[i] === part))) return '--set';
    const offset = this.#offset(path);
    if (offset < 0 || this.#source === null) return this.#source;
    return `${this.#source}:${this.#lines.linePos(offset).line}`;
  }

  /** Where the deepest part of the path that is in the file starts; -1 where there is none of it. */
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
    const value = toValue(parseYaml(setting.slice(cut + 1), `--set ${name}`), `--set ${name}`);
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
    this.#setPaths.push(path);
  }

  /** A `--set` on a path that is also an axis would have no effect. */
  #refuseHiddenSettings(): void {
    const { axes } = this.raw;
    if (!isMapping(axes)) return;
    const zips = Array.isArray(axes.zip) ? axes.zip.filter(isMapping) : [];
    const axisPaths = new Set([axes, ...zips].flatMap(Object.keys));
    for (const path of this.#setPaths) {
      const [head, ...rest] = path;
      if (head === 'axes') {
        const key = String(rest[0]);
        if (key === 'zip' || !zips.some(zip => key in zip)) continue;
        throw this.#setError(path, 'is zipped with other axes', '--set axes.zip=[...]');
      }
      const group = this.raw[String(head)];
      const keys = rest.length > 0 ? rest : isMapping(group) ? Object.keys(group) : [];
      const hidden = keys.map(key => `${head}.${key}`).find(name => axisPaths.has(name));
      if (hidden) {
        const axis = hidden in axes ? hidden : 'zip';
        throw this.#setError(hidden.split('.'), 'is also an axis', `--set axes.${axis}=[...]`);
      }
    }
  }

  #setError(path: Path, what: string, expected: string): InputError {
    const value = path.reduce<unknown>((at, part) => (isMapping(at) ? at[part] : undefined), this.raw);
    return new InputError({ path: showPath(path), source: '--set', value, what, expected });
  }
}

/** Null: the value itself says it, in JSON, which has no form for what is missing or not finite. */
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

function parseYaml(text: string, source: string | null, lineCounter = new LineCounter()): Document {
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (!error) return document;
  const { line, col } = lineCounter.linePos(error.pos[0]);
  const what = error.message.replace(/\s+/g, ' ').trim();
  const at = [source, line, col].filter(part => part !== null).join(':');
  throw new InputError({ path: '', source: at, value: text, what, expected: 'valid YAML' });
}

function toValue(document: Document, source: string | null): unknown {
  const refuse = (what: string) =>
    new InputError({ path: '', source, value: null, what, expected: 'valid YAML' });
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error));
  }
  if (isCircular(value, [])) throw refuse('an alias stands inside of what it stands for');
  return value;
}

function isCircular(value: unknown, above: readonly unknown[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return above.includes(value) || Object.values(value).some(child => isCircular(child, [...above, value]));
}

/** A key with nothing below it (all commented out, say) is read as null: the group is then all defaults. */
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
