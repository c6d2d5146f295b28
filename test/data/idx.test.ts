import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DataError } from '../../src/base/errors.js';
import { idxContent, parseIdx, readIdx } from '../../src/data/idx.js';
import { idx, idxImages, idxLabels, imageBytes, temporaryFolder } from './fixtures.js';

const NAME = 'some-idx3-ubyte';

function failure(act: () => unknown): DataError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return error as DataError;
  }
  throw new Error('nothing was thrown');
}

describe('IDX content', () => {
  test('images and labels are read with their dimensions', () => {
    const images = parseIdx(idxImages(3, 2, 5), 'images', NAME);
    expect(images.dimensions).toEqual([3, 2, 5]);
    expect([...images.data]).toEqual([...imageBytes(30)]);
    const labels = parseIdx(idxLabels([7, 0, 255]), 'labels', NAME);
    expect(labels.dimensions).toEqual([3]);
    expect([...labels.data]).toEqual([7, 0, 255]);
  });

  test.each<[string, Buffer, 'images' | 'labels', RegExp]>([
    ['empty', Buffer.alloc(0), 'images', /truncated: ends at byte 0, within the header of 16 bytes/],
    ['cut in the header', idxImages(3, 2, 5).subarray(0, 13), 'images', /ends at byte 13, within the header/],
    [
      'cut in the data',
      idxImages(3, 2, 5).subarray(0, 40),
      'images',
      /ends at byte 40, expected 46 bytes for 3 images of 2 x 5/,
    ],
    [
      'cut labels',
      idxLabels([1, 2, 3]).subarray(0, 10),
      'labels',
      /ends at byte 10, expected 11 bytes for 3 labels/,
    ],
    [
      'too long',
      Buffer.concat([idxLabels([1, 2]), Buffer.alloc(5)]),
      'labels',
      /5 bytes too many at byte 10/,
    ],
    [
      'labels for images',
      idxLabels([1, 2, 3]),
      'images',
      /at byte 0: magic number 0x00000801, expected 0x00000803 .*; this is an IDX file of labels$/,
    ],
    ['images for labels', idxImages(1, 2, 2), 'labels', /magic number 0x00000803, expected 0x00000801/],
    [
      'a gzip file within gzip',
      gzipSync(idxLabels([1])),
      'labels',
      /magic number 0x1f8b0800, expected 0x00000801 .*; this is a gzip file$/,
    ],
    ['a web page', Buffer.from('<!DOCTYPE html>\n<html>'), 'images', /; this is a web page$/],
    ['one byte too long', Buffer.concat([idxLabels([1]), Buffer.alloc(1)]), 'labels', /: 1 byte too many/],
    ['floats', idx(0xd03, [1, 1, 1], new Uint8Array(4)), 'images', /0x00000d03, expected 0x00000803/],
    ['no rows', idx(0x803, [5, 0, 3], new Uint8Array(0)), 'images', /at byte 8: rows is 0/],
    ['no labels', idxLabels([]), 'labels', /at byte 4: count is 0/],
    [
      'absurd dimensions',
      idx(0x803, [0xffffffff, 0xffffffff, 0xffffffff], new Uint8Array(9)),
      'images',
      /truncated/,
    ],
  ])('%s is refused with the byte of the error', (_, content, kind, message) => {
    const error = failure(() => parseIdx(content, kind, NAME));
    expect(error.code).toBe('DATA_CORRUPT');
    expect(error.file).toBe(NAME);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^some-idx3-ubyte: [^\n]*$/);
  });
});

describe('gzip', () => {
  const content = Buffer.from(Uint8Array.from({ length: 50_000 }, (_, i) => (i * i * 31 + (i >> 3)) % 251));
  const compressed = gzipSync(content);

  test('decompresses one or several members, and returns plain bytes unchanged', () => {
    expect(Buffer.from(idxContent(compressed, NAME)).equals(content)).toBe(true);
    const members = Buffer.concat([gzipSync(content.subarray(0, 999)), gzipSync(content.subarray(999))]);
    expect(Buffer.from(idxContent(members, NAME)).equals(content)).toBe(true);
    expect(idxContent(content, NAME)).toBe(content);
  });

  test.each([2, 10, 100, compressed.length - 1])('truncation after %i bytes is refused', length => {
    const error = failure(() => idxContent(compressed.subarray(0, length), NAME));
    expect(error.message).toBe(`${NAME}: truncated: ends at byte ${length}, within the gzip stream`);
  });

  test('a flipped bit is reported at or after its byte', () => {
    for (const at of [2, 500, compressed.length - 8, compressed.length - 4]) {
      const broken = Buffer.from(compressed);
      broken[at]! ^= 0x08;
      const { message, code } = failure(() => idxContent(broken, NAME));
      expect(code).toBe('DATA_CORRUPT');
      const byte = Number(/at byte (\d+)/.exec(message)?.[1]);
      expect(byte).toBeGreaterThanOrEqual(at);
      expect(byte).toBeLessThan(compressed.length);
    }
  });

  test('an impossible block is reported at its byte', () => {
    // The first byte after the ten of the header opens the first deflate block; type 3 does not exist.
    const broken = Buffer.from(compressed);
    broken[10]! |= 0b110;
    expect(failure(() => idxContent(broken, NAME)).message).toMatch(/corrupt gzip stream at byte 10: /);
  });

  test.each([
    ['text', Buffer.from('and more'), '8 bytes too many'],
    ['one byte', Buffer.from('x'), '1 byte too many'],
    ['one byte as gzip begins', Buffer.from([0x1f]), '1 byte too many'],
    ['zeros', Buffer.alloc(7), '7 bytes too many'],
    ['many zeros', Buffer.alloc(512), '512 bytes too many'],
  ])('%s after the end is refused', (_, extra, many) => {
    const after = `at byte ${compressed.length}, after the end of the gzip stream`;
    const { message } = failure(() => idxContent(Buffer.concat([compressed, extra]), NAME));
    expect(message).toBe(`${NAME}: ${many} ${after}`);
  });

  test('a second member that is broken is reported at its place in the file', () => {
    const two = Buffer.concat([compressed, compressed]);
    for (const [length, at] of [
      [compressed.length + 5, compressed.length + 5],
      [two.length - 3, two.length - 3],
    ] as const) {
      const { message } = failure(() => idxContent(two.subarray(0, length), NAME));
      expect(message).toBe(`${NAME}: truncated: ends at byte ${at}, within the gzip stream`);
    }
    two[compressed.length + 10]! |= 0b110;
    expect(failure(() => idxContent(two, NAME)).message).toContain(
      `corrupt gzip stream at byte ${compressed.length + 10}: `,
    );
  });

  test.each([
    ['the method', 2, 'the compression is not the one of gzip'],
    ['the flags', 3, 'unknown flags'],
    ['the checksum', compressed.length - 6, 'the checksum is not that of the content'],
    ['the length', compressed.length - 1, 'the length is not that of the content'],
  ])('%s is checked', (_, at, why) => {
    const broken = Buffer.from(compressed);
    broken[at]! ^= 0xff;
    expect(failure(() => idxContent(broken, NAME)).message).toContain(`: ${why}`);
  });

  test('a header with all its fields is read, and refused where it is cut', () => {
    const fields = Buffer.from('\x02\x00ab' + 'name\0' + 'comment\0' + '\x01\x02', 'latin1');
    const header = Buffer.from(compressed.subarray(0, 10));
    header[3] = 4 | 8 | 16 | 2;
    const whole = Buffer.concat([header, fields, compressed.subarray(10)]);
    expect(Buffer.from(idxContent(whole, NAME)).equals(content)).toBe(true);
    for (let length = 2; length < 10 + fields.length; length++) {
      const { message } = failure(() => idxContent(whole.subarray(0, length), NAME));
      expect(message).toBe(`${NAME}: truncated: ends at byte ${length}, within the gzip stream`);
    }
  });

  test('an empty content and an empty member are read', () => {
    expect(idxContent(gzipSync(''), NAME)).toHaveLength(0);
    const members = Buffer.concat([gzipSync(''), compressed, gzipSync('')]);
    expect(Buffer.from(idxContent(members, NAME)).equals(content)).toBe(true);
  });
});

describe('files', () => {
  test('plain and compressed files have the same content', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'plain'), idxImages(4, 3, 3));
    writeFileSync(join(folder, 'packed.gz'), gzipSync(idxImages(4, 3, 3)));
    const plain = readIdx(join(folder, 'plain'), 'images');
    expect(plain.dimensions).toEqual([4, 3, 3]);
    expect(readIdx(join(folder, 'packed.gz'), 'images').data).toEqual(plain.data);
  });

  test('a file that cannot be read is named', () => {
    const folder = temporaryFolder();
    const error = failure(() => readIdx(join(folder, 'nothing'), 'images'));
    expect(error.code).toBe('DATA_MISSING');
    expect(error.message).toContain(`${join(folder, 'nothing')}: cannot be read (no such file or folder)`);
    expect(failure(() => readIdx(folder, 'images')).message).toContain('(this is a folder)');
  });
});
