import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TooLargeError } from '../../src/base/errors.js';
import {
  allocateDigits,
  fillDigits,
  identifyDataset,
  labelSigns,
  loadDataset,
  subDataset,
} from '../../src/data/dataset.js';
import { describeDataset } from '../../src/data/describe.js';
import { drawDigit } from '../../src/data/digits.js';
import type { DatasetSettings } from '../../src/domain/types.js';
import { imageBytes, realMnist, temporaryFolder, writeSmallSet } from './fixtures.js';

const DIGITS: DatasetSettings = { name: 'digits', positive: [5, 6], seed: 4, pool: 300, test: 50 };

describe('digits', () => {
  test('are identified by version, seed and sizes, without being generated', () => {
    const { identity, ...facts } = identifyDataset({ ...DIGITS, pool: 50_000_000 });
    expect(identity).toEqual({ ...DIGITS, pool: 50_000_000, content: 'digits-v1' });
    expect(facts).toMatchObject({ pool: 50_000_000, test: 50, pixels: 784 });
    expect(facts.labels).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(facts.nonZeroShare).toBeGreaterThan(0.15);
    expect(facts.nonZeroShare).toBeLessThan(0.25);
  });

  test('ranges drawn in any order give the same set, in shared memory', () => {
    const whole = loadDataset(DIGITS);
    const pieces = allocateDigits(DIGITS);
    expect(pieces.pool.images.every(byte => byte === 0)).toBe(true);
    fillDigits(pieces, DIGITS, 'test', 0, 50);
    fillDigits(pieces, DIGITS, 'pool', 120, 300);
    fillDigits(structuredClone(pieces), DIGITS, 'pool', 0, 120);
    for (const set of ['pool', 'test'] as const) {
      expect(pieces[set].images.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(Buffer.compare(pieces[set].images, whole[set].images)).toBe(0);
      expect(Buffer.compare(pieces[set].labels, whole[set].labels)).toBe(0);
    }
    const alone = new Uint8Array(784);
    expect(drawDigit(4, 'test', 49, alone, 0)).toBe(whole.test.labels[49]);
    expect(Buffer.compare(whole.test.images.subarray(49 * 784), alone)).toBe(0);
  });

  test('more than an array can hold is refused', () => {
    expect(() => allocateDigits({ ...DIGITS, pool: 2 ** 40 })).toThrow(TooLargeError);
  });
});

describe('IDX files', () => {
  test('are loaded into shared memory, and identified as the data that are loaded', async () => {
    const dir = writeSmallSet(join(temporaryFolder(), 'small'));
    const settings: DatasetSettings = { name: 'idx', positive: [5], dir };
    const { name, content, pool, test: held } = loadDataset(settings);
    expect(pool).toMatchObject({ count: 6, pixels: 6 });
    expect(held).toMatchObject({ count: 4, pixels: 6 });
    expect([...pool.images]).toEqual([...imageBytes(36)]);
    expect([...held.images]).toEqual([...imageBytes(24, 1)]);
    expect([...held.labels]).toEqual([1, 5, 7, 0]);
    expect(pool.images.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(identifyDataset(settings)).toEqual({
      identity: { name, positive: [5], content },
      pool: 6,
      test: 4,
      pixels: 6,
      nonZeroShare: imageBytes(36).filter(byte => byte !== 0).length / 36,
      labels: [0, 4, 5, 9],
    });
    expect(await describeDataset(settings, {})).toMatchObject({
      rows: 2,
      columns: 3,
      content,
      folder: dir,
      pool: { count: 6, labels: { 0: 2, 4: 1, 5: 2, 9: 1 } },
      test: { count: 4, labels: { 0: 1, 1: 1, 5: 1, 7: 1 } },
    });
  });

  const mnist = realMnist();
  test.skipIf(mnist === null)('MNIST has the known content, counts and labels', async () => {
    const settings: DatasetSettings = { name: 'mnist', positive: [5, 6, 7, 8, 9] };
    const identified = identifyDataset(settings, { dataDir: mnist! });
    expect(identified).toMatchObject({ pool: 60_000, test: 10_000, pixels: 784 });
    expect(identified.nonZeroShare).toBeCloseTo(0.1912, 4);
    expect(identified.identity).toEqual({
      name: 'mnist',
      positive: [5, 6, 7, 8, 9],
      content: 'ac89dbc26b7b0b5f68ff586bc0579a0c16e78b3436b0c71ccdd0169cbebf9ff7',
    });
    const description = await describeDataset(settings, { dataDir: mnist! });
    expect(description.files.every(({ verified }) => verified)).toBe(true);
    expect(Object.values(description.pool.labels)).toEqual([
      5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]);
    expect(Object.values(description.test.labels)).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]);
    expect(loadDataset(settings, { dataDir: mnist! }).content).toBe(identified.identity.content);
  });
});

describe('sub-data-sets', () => {
  test('are nested, have no repeats, and differ by seed', () => {
    const whole = subDataset(1000, 1000, 7);
    expect([...whole].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    for (const n of [1, 10, 999]) expect(subDataset(1000, n, 7)).toEqual(whole.slice(0, n));
    expect(subDataset(1000, 10, 8)).not.toEqual(whole.slice(0, 10));
  });

  test('are pinned', () => {
    expect([...subDataset(60_000, 5, 0)]).toEqual([8696, 35629, 30090, 2525, 58565]);
  });

  test('every sample is equally likely among the first', () => {
    const hits = new Float64Array(20);
    for (let seed = 0; seed < 2000; seed++) for (const row of subDataset(20, 5, seed)) hits[row]!++;
    // 2000 draws of 5 in 20: mean 500, variance 2000 / 4 * 3 / 4; the bound is 5 standard deviations.
    for (const count of hits) expect(Math.abs(count - 500)).toBeLessThan(97);
  });

  test('labels become signs', () => {
    expect([...labelSigns(Uint8Array.of(0, 5, 4, 255, 5), [5, 255])]).toEqual([-1, 1, -1, 1, 1]);
  });
});
