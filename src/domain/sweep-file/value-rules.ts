/**
 * The kinds of value that settings accept. Each rule states in words what it expects; that text is the error message
 * and part of the documentation.
 */
import { z } from 'zod';

/** The limit of counts, sizes, seeds and iterations: some code stores them as signed 32-bit integers. */
export const MAX_WHOLE = 2_147_483_647;

declare module 'zod' {
  interface GlobalMeta {
    /** The form of a valid value, phrased to follow the word `expected`. */
    expected?: string;
    /** The unit of a number, if it has one. */
    unit?: string;
  }
}

export function whole(min: number, max = MAX_WHOLE, expected = wholeText(min, max)) {
  const error = () => expected;
  return z.int({ error }).min(min, { error }).max(max, { error }).meta({ expected });
}

export const wholeText = (min: number, max = MAX_WHOLE): string => `a whole number from ${min} to ${max}`;

export function above(bound: number) {
  const expected = `a number above ${bound}`;
  return z
    .number({ error: finite(expected) })
    .gt(bound, { error: expected })
    .meta({ expected });
}

export function atLeast(bound: number) {
  const expected = `a number, ${bound} or more`;
  return z
    .number({ error: finite(expected) })
    .gte(bound, { error: expected })
    .meta({ expected });
}

/** Zod refuses Infinity although it is above any bound, so its message asks for a finite number. */
const finite =
  (expected: string) =>
  ({ input }: { input?: unknown }) =>
    input === Infinity ? expected.replace('a number', 'a finite number') : expected;

/** A number in [0, 1). */
export function belowOne() {
  const error = 'a number from 0 to below 1';
  return z.number({ error }).gte(0, { error }).lt(1, { error }).meta({ expected: error });
}

/** A number in (0, 1]. */
export function fraction() {
  const error = 'a share above 0 and at most 1';
  return z.number({ error }).gt(0, { error }).lte(1, { error }).meta({ expected: error });
}

export function flag() {
  const expected = 'true or false';
  return z.boolean({ error: expected }).meta({ expected });
}

export function choice<const T extends readonly string[]>(values: T) {
  const expected = `one of ${values.join(', ')}`;
  return z.enum(values, { error: expected }).meta({ expected });
}

export function text(expected: string, pattern: RegExp) {
  return z.string({ error: expected }).regex(pattern, { error: expected }).meta({ expected });
}

/** A list without repeats, with at least `minLength` values. Values that are lists compare as sets. */
export function listOf<T extends z.ZodType>(rule: T, minLength: 0 | 1) {
  return anyListOf(rule, minLength).check(onlyOnce).meta({ uniqueItems: true });
}

/** A list that may repeat values, with at least `minLength` values. */
export function anyListOf<T extends z.ZodType>(rule: T, minLength: 0 | 1) {
  const expected = `a list${minLength ? ' with at least one value' : ''}, each ${expectedOf(rule)}`;
  return z.array(rule, { error: expected }).min(minLength, { error: expected }).meta({ expected });
}

function onlyOnce({ value, issues }: z.core.ParsePayload<unknown[]>): void {
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    const key = JSON.stringify(Array.isArray(item) ? [...item].sort() : item);
    if (seen.has(key))
      issues.push({ code: 'custom', path: [i], input: item, message: 'each value only once' });
    seen.add(key);
  }
}

export function wholeOrNull(min: number) {
  const expected = `${wholeText(min)}, or null`;
  return z.union([whole(min, MAX_WHOLE, expected), z.null()], { error: expected }).meta({ expected });
}

/** One value, or a list of them. */
export function oneOrMore<T extends z.ZodType>(rule: T, list: typeof listOf = listOf) {
  const expected = `${expectedOf(rule)}, or a list of such values`;
  return z.union([list(rule, 1), rule], { error: expected }).meta({ expected });
}

/** A mapping with fixed keys. The error for a value that is not a mapping lists the keys in `named`. */
export function group<T extends z.core.$ZodLooseShape>(
  description: string,
  shape: T,
  named = Object.keys(shape),
) {
  const expected = `a mapping with ${named.join(', ')}`;
  return z.strictObject(shape, { error: expected }).meta({ description, expected });
}

/** The schema inside `default`, `prefault` and `optional` wrappers. */
export function unwrapSchema(schema: z.ZodType): z.ZodType {
  const wraps =
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional;
  return wraps ? unwrapSchema(schema.unwrap() as z.ZodType) : schema;
}

/** The form of a valid value, in words. */
export function expectedOf(schema: z.ZodType): string {
  return schema.meta()?.expected ?? unwrapSchema(schema).meta()?.expected ?? 'a value';
}
