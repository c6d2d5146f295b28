/** Identity is content: equal parameters have the same id, in every version, on every machine. */
import { createHash } from 'node:crypto';
import type { TrajectoryConfig } from './types.js';

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
  return hashOf(canonicalJson(value));
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Trajectories of a sweep share their frozen settings, and a sweep may have a million: each is written out once. */
const texts = new WeakMap<object, string>();

function sharedText(value: unknown): string {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return canonicalJson(value);
  const text = texts.get(value) ?? canonicalJson(value);
  texts.set(value, text);
  return text;
}

/**
 * A trajectory's id: a hash of everything that changes its numbers, and of nothing else. Equal to `contentId`; frozen
 * parts must be frozen all the way down.
 */
export function trajectoryId(config: TrajectoryConfig): string {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined);
  const texts = entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `"${key}":${sharedText(value)}`);
  return hashOf(`{${texts.join(',')}}`);
}
