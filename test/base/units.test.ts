import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { formatDuration, parseBytes, parseDuration } from '../../src/base/units.js';

const GiB = 1024 ** 3;
const SIZES: readonly (readonly [text: string, bytes: number])[] = [
  ['8GB', 8e9],
  ['8gb', 8e9],
  ['8 GB', 8e9],
  ['8g', 8e9],
  ['8G', 8e9],
  ['512mb', 512e6],
  ['512 MB', 512e6],
  ['100kB', 1e5],
  ['100K', 1e5],
  ['1.5T', 1.5e12],
  ['2pb', 2e15],
  ['8GiB', 8 * GiB],
  ['8gib', 8 * GiB],
  ['8Gi', 8 * GiB],
  ['0.5GiB', GiB / 2],
  ['.5GiB', GiB / 2],
  ['64 KiB', 65_536],
  ['3MiB', 3 * 1024 ** 2],
  ['1TiB', 1024 ** 4],
  ['1000000', 1e6],
  ['100 b', 100],
  [' 8GB ', 8e9],
];

const DURATIONS: readonly (readonly [text: string, seconds: number])[] = [
  ['8h', 28_800],
  ['8H', 28_800],
  ['8 hours', 28_800],
  ['90min', 5400],
  ['30m', 1800],
  ['30 M', 1800],
  ['45s', 45],
  ['0.5s', 0.5],
  ['1h30m', 5400],
  ['1h 30min', 5400],
  ['1 hour 30 minutes 5 sec', 5405],
  ['1.5h', 5400],
  ['.5h', 1800],
  ['2d', 172_800],
  ['1 day 12h', 129_600],
  [' 8h ', 28_800],
];

describe('a size', () => {
  it.each(SIZES)('%s', (text, bytes) => {
    expect(parseBytes('--memory', text)).toBe(bytes);
  });

  it.each([
    ...['', ' ', 'much', 'GB', '-8GB', '0', '0GB', '0.1', '8 G B', '8GBs', '8ZB', '8iB', '8bi', '1e9'],
    ...['1,5GB', 'Infinity', 'NaN', '0x10', '9999999TB', `${'9'.repeat(400)}GB`],
  ])('%j is refused', text => {
    const expected = `--memory: found ${JSON.stringify(text).length > 80 ? '"999' : JSON.stringify(text)}`;
    expect(() => parseBytes('--memory', text)).toThrow(InputError);
    expect(() => parseBytes('--memory', text)).toThrow(expected);
    expect(() => parseBytes('--memory', text)).toThrow(', expected a size such as 8GB, 512MB or 7.5GiB');
  });
});

describe('a duration', () => {
  it.each(DURATIONS)('%s', (text, seconds) => {
    expect(parseDuration('--for', text)).toBe(seconds);
  });

  it.each([
    ...['', ' ', '8', '1.5', 'h', 'soon', '-8h', '0', '0s', '0h0m', '30m1h', '1h1h', '1h30', '8x', '8hm'],
    ...['8msec', '1e3s', '1,5h', 'Infinity', 'Infinityh', '07:00', '1:30h', '999999d', '8h!'],
  ])('%j is refused', text => {
    const expected = `--for: found ${JSON.stringify(text)}, expected a duration such as 8h, 90min, 1h30m or 45s`;
    expect(() => parseDuration('--for', text)).toThrow(InputError);
    expect(() => parseDuration('--for', text)).toThrow(expected);
  });

  it('reads what espalier writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), seconds => {
        const shown = formatDuration(seconds);
        expect(formatDuration(parseDuration('--for', shown))).toBe(shown);
      }),
    );
  });
});
