/** Settings as rows of text, for the documentation and for the file that `espalier init` writes. */
import { z } from 'zod';
import { REQUIRED_AXES, SWEEP } from './schema.js';
import { expectedOf, unwrapSchema } from './value-rules.js';

export interface SettingText {
  /** The key within its group. */
  readonly key: string;
  readonly description: string;
  /** The form of a value, in words. */
  readonly expected: string;
  readonly unit: string | null;
  /** The default, or undefined without one; `required` states whether the setting may then be omitted. */
  readonly fallback: unknown;
  readonly required: boolean;
}

export interface GroupText {
  readonly key: string;
  readonly description: string;
  readonly settings: readonly SettingText[];
}

/** The mapping that a top-level key holds, or a list of; null for a single value. */
function mappingOf(schema: z.ZodType): z.ZodObject | null {
  const inner = unwrapSchema(schema);
  const entry = inner instanceof z.ZodArray ? inner.element : inner;
  return entry instanceof z.ZodObject ? entry : null;
}

/** Every group of a sweep file in the order of its definition; `thresholds` describes one entry. */
export function describeGroups(): GroupText[] {
  return Object.entries(SWEEP.shape).flatMap(([key, schema]) => {
    const entry = mappingOf(schema);
    if (!entry) return [];
    const settings = Object.entries(entry.shape).map(([name, setting]) =>
      describe(name, setting as z.ZodType),
    );
    return [{ key, description: entry.meta()?.description ?? '', settings }];
  });
}

/** The top-level settings outside any group: name and description. */
export function describeTop(): SettingText[] {
  return Object.entries(SWEEP.shape)
    .filter(([, schema]) => !mappingOf(schema))
    .map(([key, schema]) => describe(key, schema));
}

function describe(key: string, schema: z.ZodType): SettingText {
  const meta = { ...unwrapSchema(schema).meta(), ...schema.meta() };
  const defaultValue = schema instanceof z.ZodDefault ? schema.def.defaultValue : meta.default;
  return {
    key,
    description: meta.description ?? '',
    expected: expectedOf(schema),
    unit: meta.unit ?? null,
    fallback: defaultValue,
    required:
      (defaultValue === undefined && !(schema instanceof z.ZodOptional)) ||
      (REQUIRED_AXES as readonly string[]).includes(key),
  };
}
