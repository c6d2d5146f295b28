/** Identity is content: equal parameters have the same id, in every version, on every machine. */
import { createHash } from 'node:crypto';
import type { TrajectoryConfig } from './config.js';

/**
 * JSON with the keys of every object sorted and absent values left out, so that equal values have equal text.
 * Throws a TypeError for what JSON has no form for (NaN, infinity, functions): such a value has no identity.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>;
    const keys = Object.keys(object).filter(key => object[key] !== undefined);
    return `{${keys
      .sort()
      .map(key => `${JSON.stringify(key)}:${canonicalJson(object[key])}`)
      .join(',')}}`;
  }
  const text = typeof value === 'number' && !Number.isFinite(value) ? undefined : JSON.stringify(value);
  if (text === undefined) throw new TypeError(`no canonical JSON for ${String(value)}`);
  return text;
}

/** The first 64 bits of a SHA-256 over the canonical JSON, as 16 hexadecimal digits. */
export function contentId(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);
}

/** A trajectory's id: a hash of everything that changes its numbers, and of nothing else. */
export const trajectoryId = (config: TrajectoryConfig): string => contentId(config);
