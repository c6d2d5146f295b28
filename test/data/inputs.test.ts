import { describe, expect, test } from 'vitest';
import { DataError } from '../../src/base/errors.js';
import type { Dataset, ImageSet } from '../../src/data/dataset.js';
import { denseRange, unshifted } from '../../src/data/dense.js';
import { createInputSource, firstRows, type InputMatrix } from '../../src/data/inputs.js';
import type { InputScaling } from '../../src/domain/types.js';

/** Column 0 is 0 in the pool, column 1 is 200 in the pool, column 3 differs in only one image. */
const POOL = [
  [0, 200, 10, 7, 255],
  [0, 200, 0, 7, 3],
  [0, 200, 90, 7, 0],
  [0, 200, 33, 8, 128],
];
const TEST = [
  [0, 0, 0, 0, 0],
  [5, 201, 255, 7, 1],
];
const SCALINGS: readonly InputScaling[] = ['raw', 'unit', 'centred', 'standardised', 'normalised'];

const set = (rows: number[][]): ImageSet => ({
  count: rows.length,
  pixels: rows[0]!.length,
  images: Uint8Array.from(rows.flat()),
  labels: new Uint8Array(rows.length),
});
const DATASET: Dataset = { name: 'idx', content: 'x', pool: set(POOL), test: set(TEST) };

/** All d values of each row. Checks the invariants of a compressed matrix. */
function dense({ rows, columns, rowStart, column, value, shift }: InputMatrix): number[][] {
  expect(rowStart.length).toBe(rows + 1);
  expect(rowStart[0]).toBe(0);
  expect(rowStart[rows]).toBe(value.length);
  expect(column.length).toBe(value.length);
  return Array.from({ length: rows }, (_, r) => {
    const row = new Array<number>(columns).fill(0);
    if (shift) row.push(0);
    let last = -1;
    for (let e = rowStart[r]!; e < rowStart[r + 1]!; e++) {
      expect(column[e]).toBeGreaterThan(last);
      last = column[e]!;
      row[last] = value[e]!;
    }
    if (!shift) {
      expect(last).toBeLessThan(columns);
      return row;
    }
    expect(row.pop()).toBe(1);
    return row.map((stored, c) => (c < shift.pixels ? Math.fround(stored + shift.offset) : stored));
  });
}

/** The definition, one value at a time. */
function expected(row: number[], scaling: InputScaling): number[] {
  const length = Math.sqrt(row.reduce((sum, byte) => sum + byte * byte, 0));
  return row.map((byte, c) => {
    const pixel = POOL.map(image => image[c]!);
    const mean = pixel.reduce((a, b) => a + b) / POOL.length;
    const deviation = Math.sqrt(pixel.reduce((sum, b) => sum + (b - mean) ** 2, 0) / POOL.length);
    if (scaling === 'raw') return byte / 255;
    if (scaling === 'unit') return length === 0 ? 0 : byte / length;
    if (scaling === 'centred') return (byte - mean) / 255;
    if (scaling === 'normalised') {
      const all = POOL.flat();
      const mean = all.reduce((a, b) => a + b) / all.length;
      return (byte - mean) / Math.sqrt(all.reduce((sum, b) => sum + (b - mean) ** 2, 0) / all.length);
    }
    return deviation === 0 ? 0 : (byte - mean) / deviation;
  });
}

describe.each(SCALINGS)('%s inputs', scaling => {
  test.each([false, true])('follow the definition, bias %s', bias => {
    const source = createInputSource(DATASET, scaling, bias);
    expect(source.columns).toBe(bias ? 6 : 5);
    for (const [name, rows] of [
      ['pool', POOL],
      ['test', TEST],
    ] as const) {
      const found = dense(source.range(name, 0, rows.length));
      found.forEach((row, r) => {
        const wanted = expected(rows[r]!, scaling).map(Math.fround);
        if (bias) wanted.push(1);
        expect(row.length).toBe(wanted.length);
        // The deviation in the definition is rounded differently: one unit in the last place of float32.
        row.forEach((value, c) => {
          const size = scaling === 'normalised' ? 3 : Math.abs(wanted[c]!);
          expect(Math.abs(value - wanted[c]!)).toBeLessThanOrEqual(1.2e-7 * size);
        });
      });
    }
  });

  test('rows are gathered in the requested order, with repeats', () => {
    const source = createInputSource(DATASET, scaling, true);
    const all = dense(source.range('pool', 0, 4));
    expect(dense(source.gather('pool', Int32Array.of(2, 0, 2)))).toEqual([all[2], all[0], all[2]]);
    expect(dense(source.range('pool', 1, 3))).toEqual([all[1], all[2]]);
    expect(source.range('pool', 2, 2)).toMatchObject({ rows: 0, columns: 6 });
    expect(() => source.gather('pool', Int32Array.of(0, 4))).toThrow(/row 4 of a pool of 4 images/);
    expect(() => source.gather('test', Int32Array.of(-1))).toThrow(RangeError);
  });
});

describe('stored entries', () => {
  test('sparse inputs store no zeros, dense ones every column', () => {
    const count = (scaling: InputScaling, bias: boolean, name: 'pool' | 'test') => [
      ...createInputSource(DATASET, scaling, bias).range(name, 0, 2).rowStart,
    ];
    expect(count('raw', false, 'pool')).toEqual([0, 4, 7]);
    expect(count('unit', true, 'pool')).toEqual([0, 5, 9]);
    expect(count('raw', true, 'test')).toEqual([0, 1, 7]);
    expect(count('centred', false, 'pool')).toEqual([0, 5, 10]);
    expect(count('standardised', true, 'test')).toEqual([0, 6, 12]);
  });

  test('entriesPerRow is the mean over the pool', () => {
    const nonZero = POOL.flat().filter(byte => byte > 0).length / POOL.length;
    expect(createInputSource(DATASET, 'raw', false).entriesPerRow).toBe(nonZero);
    expect(createInputSource(DATASET, 'unit', true).entriesPerRow).toBe(nonZero + 1);
    expect(createInputSource(DATASET, 'centred', true).entriesPerRow).toBe(6);
    expect(createInputSource(DATASET, 'normalised', true).entriesPerRow).toBe(nonZero + 2);
  });

  test('raw and unit values are exact', () => {
    const raw = createInputSource(DATASET, 'raw', false).range('pool', 0, 1);
    expect([...raw.column]).toEqual([1, 2, 3, 4]);
    expect(raw.value).toEqual(Float32Array.from([200 / 255, 10 / 255, 7 / 255, 1]));
    const unit = createInputSource(DATASET, 'unit', false).range('pool', 0, 4);
    for (const row of dense(unit)) expect(row.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 6);
  });

  test('a pixel that is constant over the pool is exactly 0 when standardised, in test images too', () => {
    const source = createInputSource(DATASET, 'standardised', false);
    for (const name of ['pool', 'test'] as const) {
      for (const row of dense(source.range(name, 0, 2))) {
        expect(row[0]).toBe(0);
        expect(row[1]).toBe(0);
      }
    }
  });

  test('images with more pixels than columns can be numbered are refused', () => {
    const large = (pixels: number): Dataset => {
      const one = { count: 1, pixels, images: new Uint8Array(pixels), labels: new Uint8Array(1) };
      return { name: 'idx', content: 'x', pool: one, test: one };
    };
    expect(createInputSource(large(65_535), 'raw', false).columns).toBe(65_535);
    expect(() => createInputSource(large(65_535), 'raw', true)).toThrow(DataError);
    expect(() => createInputSource(large(65_536), 'centred', false)).toThrow(/65536 inputs per image/);
  });
});

describe('normalised inputs', () => {
  test('of equal pixels are 0', () => {
    const grey = set([
      [7, 7],
      [7, 7],
    ]);
    const source = createInputSource({ ...DATASET, pool: grey, test: set([[0, 9]]) }, 'normalised', false);
    expect(dense(source.range('pool', 0, 2)).concat(dense(source.range('test', 0, 1)))).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  test.each([false, true])('without their shift have every column stored, bias %s', bias => {
    const source = createInputSource(DATASET, 'normalised', bias);
    const inputs = source.range('pool', 0, 4);
    const plain = unshifted(inputs);
    expect(plain.shift).toBeUndefined();
    expect(plain.rowStart[4]).toBe(4 * source.columns);
    expect(dense(plain)).toEqual(dense(inputs));
    expect(dense(unshifted(firstRows(inputs, 2)))).toEqual(dense(inputs).slice(0, 2));
    expect(denseRange(inputs, 1, 3)).toEqual(Float32Array.from(dense(inputs).slice(1, 3).flat()));
    const raw = createInputSource(DATASET, 'raw', bias).range('pool', 0, 4);
    expect(unshifted(raw)).toBe(raw);
  });
});
