/** Checks the shape of a sweep file against the rules of its settings, and reports problems with a path. */
import type { z } from 'zod';
import { didYouMean } from '../../base/nearest.js';
import { AXES, SWEEP, type SweepFile } from './schema.js';
import { GROUPS, SETTINGS } from './settings.js';
import { expectedOf } from './value-rules.js';
import { isMapping, type Path, type Problem, type SweepDocument } from './yaml.js';

type Issue = z.core.$ZodIssue;

/**
 * Validates a sweep file and fills in its defaults.
 *
 * @throws InputError (BAD_INPUT) for the first problem.
 */
export function validate(document: SweepDocument): SweepFile {
  const raw = withAxisOnlySettings(document.raw);
  const result = SWEEP.safeParse(raw);
  if (result.success) return result.data;
  document.throwFirstProblem(result.error.issues.flatMap(issue => problemsOf(issue, [], raw)));
  throw new Error('unreachable: a failed parse has issues');
}

/** Adds a placeholder `dataset.name` if it is an axis only: the rules require it and give it no default. */
function withAxisOnlySettings(raw: Record<string, unknown>): Record<string, unknown> {
  const { axes, dataset = {} } = raw;
  if (!isMapping(axes) || !isMapping(dataset) || dataset.name !== undefined) return raw;
  const zips = Array.isArray(axes.zip) ? axes.zip.filter(isMapping) : [];
  return [axes, ...zips].some(axis => Object.hasOwn(axis, 'dataset.name'))
    ? { ...raw, dataset: { ...dataset, name: 'digits' } }
    : raw;
}

function problemsOf(issue: Issue, above: Path, raw: unknown): Problem[] {
  const path = [...above, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') return issue.keys.map(key => unknownKey(path, key));
  const value = valueAt(raw, path);
  if (issue.code === 'invalid_union') {
    const mixed = exclusiveKeys(issue.errors);
    if (mixed.length > 1) {
      const expected = `only one of ${mixed.join(' and ')}`;
      return [{ path, value, what: `has ${mixed.join(' and ')}`, expected }];
    }
    const branch = closestBranch(issue.errors);
    if (branch) return branch.flatMap(inner => problemsOf(inner, path, raw));
  }
  return [{ path, value, expected: issue.message }];
}

/**
 * The issues of the union alternative that the value was probably meant for: the one with the fewest issues, all
 * inside the value, else one that refuses the value for more than its type. Null if the value has the type of no
 * alternative.
 */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const rank = (issues: readonly Issue[]) => {
    const atRoot = issues.filter(issue => issue.path.length === 0 && issue.code !== 'unrecognized_keys');
    if (atRoot.length === 0) return issues.length;
    return atRoot.some(({ code }) => code === 'invalid_type' || code === 'invalid_value') ? Infinity : 1e6;
  };
  const best = branches.toSorted((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0))[0];
  return best && rank(best) < Infinity ? best : null;
}

/** Of the alternatives that refuse the fewest keys of a mapping: the keys that some of them accept and others refuse. */
function exclusiveKeys(branches: readonly (readonly Issue[])[]): string[] {
  const isUnknown = ({ code }: Issue) => code === 'unrecognized_keys';
  const refused = branches.flatMap(issues => {
    const atRoot = issues.filter(({ path }) => path.length === 0);
    // Another type than a mapping.
    if (!atRoot.every(isUnknown)) return [];
    return [atRoot.flatMap(issue => (issue as z.core.$ZodIssueUnrecognizedKeys).keys)];
  });
  const fewest = Math.min(...refused.map(keys => keys.length));
  const closest = refused.filter(keys => keys.length === fewest);
  return [...new Set(closest.flat())].filter(key => closest.some(keys => !keys.includes(key))).sort();
}

function valueAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    raw,
  );
}

const GROUP_NAMES = new Set(Object.keys(GROUPS));

function unknownKey(path: Path, key: string): Problem {
  if (key === '<<') {
    const what = 'merge keys are of YAML 1.1, and a sweep file is YAML 1.2';
    return {
      path: [...path, key],
      value: key,
      what,
      expected: 'the keys themselves (or an alias for a whole value)',
    };
  }
  const [head] = path;
  const inAxes = head === 'axes' && (path.length === 1 || path[1] === 'zip');
  const allowed = inAxes ? Object.keys(AXES) : knownKeys(path);
  const axis = head === 'axes' ? AXES[String(path.at(-1))] : undefined;
  if (axis && allowed.includes(key)) {
    const what = 'does not go with the other keys';
    return { path: [...path, key], value: key, what, expected: expectedOf(axis) };
  }
  const elsewhere = [...SETTINGS.keys()].find(setting => setting.endsWith(`.${key}`));
  let hint = didYouMean(key, allowed);
  if (inAxes && GROUP_NAMES.has(key)) hint = ` (write ${key}.<setting>, with a dot)`;
  else if (inAxes && elsewhere) hint = ` (did you mean ${elsewhere}?)`;
  else if (hint === '' && Object.hasOwn(AXES, key)) hint = ` (did you mean axes.${key}?)`;
  else if (hint === '' && elsewhere) hint = ` (did you mean ${elsewhere}?)`;
  const named = allowed.filter(name => !name.includes('.'));
  if (path.length === 1) named.push('zip');
  const listed = inAxes ? `${named.join(', ')}, or the path of a setting` : allowed.join(', ');
  const what =
    inAxes && /^(evaluate|thresholds|name|description)\b/.test(key) ? 'cannot be an axis' : 'unknown key';
  return { path: [...path, key], value: key, what, expected: `one of ${listed}${hint}` };
}

/** The keys that the schema allows in a mapping at this path. */
function knownKeys(path: Path): string[] {
  const keys = new Set<string>();
  const visit = (schema: z.ZodType, at: number): void => {
    const def = schema.def as {
      type: string;
      innerType?: z.ZodType;
      options?: z.ZodType[];
      element?: z.ZodType;
    };
    if (def.innerType) visit(def.innerType, at);
    else if (def.options) for (const option of def.options) visit(option, at);
    else if (def.type === 'array' && typeof path[at] === 'number') visit(def.element!, at + 1);
    else if (def.type === 'object') {
      const { shape } = schema as z.ZodObject;
      if (at === path.length) for (const key of Object.keys(shape)) keys.add(key);
      else if (Object.hasOwn(shape, path[at]!)) visit(shape[path[at]!] as z.ZodType, at + 1);
    }
  };
  visit(SWEEP, 0);
  return [...keys];
}
