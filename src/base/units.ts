/** Durations and sizes as people read and write them. */
import { InputError } from './errors.js';

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

/** Parses e.g. `8GB`, `512 MB` or `1000000` (units are powers of 1000). @throws InputError (BAD_INPUT) */
export function parseBytes(path: string, text: string): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([kMGT]?B?)\s*$/.exec(text) ?? [];
  const power = UNITS.indexOf(unit?.endsWith('B') ? unit : `${unit ?? ''}B`);
  const bytes = Number(number) * 1000 ** power;
  if (power < 0 || !(bytes > 0)) throw new InputError({ path, value: text, expected: 'a size such as 8GB' });
  return bytes;
}
