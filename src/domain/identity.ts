/** Identity is content: equal parameters have the same id, in every version, on every machine. */
import { createHash } from 'node:crypto';
import { LATER_SETTINGS, type LaterSettings } from './later-settings.js';
import type { TrajectoryConfig } from './types.js';

/**
 * JSON with sorted keys and without absent values, so that equal values have equal text.
 *
 * @throws TypeError for a value without JSON form (NaN, infinity, functions), which has no identity.
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

/** The first 64 bits of a SHA-256, as 16 hexadecimal digits. */
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/**
 * A trajectory's id: a hash of everything that changes its numbers, and of nothing else. A later setting counts only if it
 * differs from the default that it was added with. Frozen parts must be deeply frozen.
 */
export const trajectoryId = identityWith(LATER_SETTINGS);

/** `trajectoryId` for another table of later settings. */
export function identityWith(later: LaterSettings): (config: TrajectoryConfig) => string {
  /** By path and object. A million trajectories of a sweep share few frozen settings. */
  const texts = new Map<string, WeakMap<object, string | null>>();
  const textOf = (path: string, value: unknown): string | null => {
    if (typeof value !== 'object' || value === null)
      return isDefault(path, value, later) ? null : canonicalJson(value);
    const cached = texts.get(path) ?? new WeakMap<object, string | null>();
    texts.set(path, cached);
    let text = cached.get(value);
    if (text === undefined) {
      text = textWithoutDefaults(path, value, later);
      if (Object.isFrozen(value)) cached.set(value, text);
    }
    return text;
  };
  return config => {
    const entries = Object.entries(config)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, value]) => [path, textOf(path, value)] as const)
      .filter(([, text]) => text !== null)
      .map(([path, text]) => `"${path}":${text}`);
    return hashOf(`{${entries.join(',')}}`);
  };
}

/** Null if nothing remains: a later setting at its default, or a group of only such settings. */
function textWithoutDefaults(path: string, value: object, later: LaterSettings): string | null {
  if (isDefault(path, value, later)) return null;
  if (Array.isArray(value)) return canonicalJson(value);
  const settings = Object.entries(value);
  const kept = settings.filter(([key, setting]) => !isDefault(`${path}.${key}`, setting, later));
  return kept.length === 0 && settings.length > 0 ? null : canonicalJson(Object.fromEntries(kept));
}

function isDefault(path: string, value: unknown, later: LaterSettings): boolean {
  return later.has(path) && value !== undefined && canonicalJson(value) === canonicalJson(later.get(path));
}
