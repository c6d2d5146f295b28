import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NpyWriter, npyHeader, writeNpy } from '../../src/trajectory/npy.js';
import { readNpy } from '../support/npy-reader.js';

let folder: string;
const file = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-npy-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the header', () => {
  test('has the bytes that NumPy writes', () => {
    const lines = { float32: '<f4', float64: '<f8', int32: '<i4' } as const;
    for (const [type, code] of Object.entries(lines)) {
      const header = npyHeader(type as keyof typeof lines, [2, 3]);
      const dict = `{'descr': '${code}', 'fortran_order': False, 'shape': (2, 3), }`;
      expect(header.toString('latin1')).toBe(`\x93NUMPY\x01\x00\x76\x00${dict.padEnd(117)}\n`);
    }
    expect(npyHeader('int32', [5]).toString('latin1')).toContain("'shape': (5,), }");
  });

  test('is a multiple of 64 bytes for any shape', () => {
    for (let digits = 0; digits <= 15; digits++) {
      for (const shape of [[10 ** digits], [10 ** digits, 10 ** digits]] as const) {
        const header = npyHeader('float32', shape as [number]);
        expect(header.length % 64).toBe(0);
        expect(header.readUInt16LE(8)).toBe(header.length - 10);
      }
    }
  });

  test('refuses a size that is not a count', () => {
    for (const size of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => npyHeader('float32', [size])).toThrow(RangeError);
    }
  });

  // `numpy.save` (2.4.6) of numpy.array([[1.5, -2.0, 0.1], [3e38, 1e-45, -0.0]], dtype='<f4').
  test('with the values, gives the file that numpy.save gives', () => {
    writeNpy(file('golden.npy'), Float32Array.of(1.5, -2, 0.1, 3e38, 1e-45, -0), [2, 3]);
    const hash = createHash('sha256')
      .update(readFileSync(file('golden.npy')))
      .digest('hex');
    expect(hash).toBe('b65232791cce2e9a968626622d622eb20e2c8970b1b019e636dfad04d40de635');
  });
});

describe('values read back are equal', () => {
  test('for every type and both shapes, special values included', () => {
    const single = Float32Array.of(0, -0, 1 / 3, Number.NaN, Number.POSITIVE_INFINITY, 1e-45);
    const double = Float64Array.of(Math.PI, -1e-308, 5e-324, Number.MAX_VALUE, 0, 1);
    const whole = Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, -1, 5, 6);
    for (const values of [single, double, whole]) {
      writeNpy(file('flat.npy'), values);
      expect(readNpy(file('flat.npy'))).toMatchObject({ shape: [6], data: values });
      writeNpy(file('rows.npy'), values, [3, 2]);
      expect(readNpy(file('rows.npy'))).toMatchObject({ shape: [3, 2], data: values });
    }
  });

  test('for a view, without the buffer around it', () => {
    const buffer = Float32Array.from({ length: 10 }, (_, i) => i);
    writeNpy(file('view.npy'), buffer.subarray(3, 7), [2, 2]);
    expect([...readNpy(file('view.npy')).data]).toEqual([3, 4, 5, 6]);
  });

  test('for no values', () => {
    writeNpy(file('empty.npy'), new Int32Array(0), [0, 128]);
    expect(readNpy(file('empty.npy'))).toMatchObject({ shape: [0, 128], descr: '<i4' });
  });

  test('for values written in pieces over a longer file', () => {
    writeNpy(file('pieces.npy'), new Float64Array(500));
    const writer = new NpyWriter(file('pieces.npy'), 'float32', [3, 2]);
    writer.append(Float32Array.of(1, 2, 3));
    writer.append(new Float32Array(0));
    writer.append(Float32Array.of(4, 5, 6));
    writer.close();
    expect([...readNpy(file('pieces.npy')).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('for more than one write can take', () => {
    const values = new Float64Array(2 ** 23 + 2 ** 20);
    values[2 ** 23] = 7;
    values[values.length - 1] = 8;
    writeNpy(file('large.npy'), values);
    expect(statSync(file('large.npy')).size).toBe(128 + values.byteLength);
    const tail = readFileSync(file('large.npy')).subarray(128);
    expect(tail.readDoubleLE(2 ** 26)).toBe(7);
    expect(tail.readDoubleLE(values.byteLength - 8)).toBe(8);
    rmSync(file('large.npy'));
  });
});

describe('writing throws', () => {
  test('for too many or too few values, or another type', () => {
    expect(() => writeNpy(file('wrong.npy'), new Int32Array(5), [2, 3])).toThrow('5 values for a shape of 6');
    const writer = new NpyWriter(file('wrong.npy'), 'float32', [2]);
    expect(() => writer.append(new Int32Array(2))).toThrow('float32 values expected');
    expect(() => writer.append(new Float32Array(3))).toThrow('3 values where 2 are missing');
    writer.append(new Float32Array(1));
    expect(() => writer.close()).toThrow('1 values are missing');
  });

  test('for a folder that does not exist', () => {
    expect(() => writeNpy(file('no/such/file.npy'), new Int32Array(1))).toThrow('ENOENT');
  });
});
