/** Durations and sizes as people read and write them. */
import { InputError } from './errors.js';

/** A count and its noun, e.g. `1 thread`, `2 threads`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;

/** Formats a duration, e.g. `45 s`, `12 min`, `3 h 05 min`; `?` if it is not finite. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** E.g. `4.8 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A number without sign or exponent, e.g. `8`, `1.5` or `.5`. */
const PLAIN_NUMBER = '\\d+(?:\\.\\d*)?|\\.\\d+';

const SIZE = new RegExp(`^\\s*(${PLAIN_NUMBER})\\s*(?:([kmgtp])(i?)b?|b)?\\s*$`, 'i');

/**
 * Parses a size in bytes, in any case: kB, MB, GB, TB and PB are powers of 1000, KiB, MiB, GiB, TiB and PiB powers of
 * 1024; the B may be left out (`8G`, `8Gi`), a bare number is bytes.
 *
 * @returns a whole number of bytes, 1 or more.
 * @throws InputError (BAD_INPUT)
 */
export function parseBytes(path: string, text: string): number {
  const [, number, prefix = '', binary] = SIZE.exec(text) ?? [];
  const power = prefix === '' ? 0 : 'kmgtp'.indexOf(prefix.toLowerCase()) + 1;
  const bytes = Math.round(Number(number) * (binary ? 1024 : 1000) ** power);
  if (!(bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER)) {
    throw new InputError({ path, value: text, expected: 'a size such as 8GB, 512MB or 7.5GiB' });
  }
  return bytes;
}

/** Largest unit first. */
const DURATION_UNITS: readonly (readonly [names: string, seconds: number])[] = [
  ['d|days?', 86_400],
  ['h|hrs?|hours?', 3600],
  ['m|mins?|minutes?', 60],
  ['s|secs?|seconds?', 1],
];
const DURATION = new RegExp(
  `^${DURATION_UNITS.map(([names]) => `(?:\\s*(${PLAIN_NUMBER})\\s*(?:${names})(?![a-z]))?`).join('')}\\s*$`,
  'i',
);
/** About 31 years: further than any clock that is compared with it. */
const MAX_SECONDS = 1e9;

/**
 * Parses a duration, e.g. `8h`, `90min`, `30m` (minutes), `45s`, `1h30m`, `1.5 h` or `2d`: each unit at most once, the
 * largest first, in any case. A bare number is refused, since it does not say which unit.
 *
 * @returns seconds, above 0.
 * @throws InputError (BAD_INPUT)
 */
export function parseDuration(path: string, text: string): number {
  const numbers = DURATION.exec(text)?.slice(1) ?? [];
  const seconds = DURATION_UNITS.reduce((sum, [, unit], i) => sum + Number(numbers[i] ?? 0) * unit, 0);
  if (!(seconds > 0 && seconds < MAX_SECONDS)) {
    throw new InputError({ path, value: text, expected: 'a duration such as 8h, 90min, 1h30m or 45s' });
  }
  return seconds;
}
