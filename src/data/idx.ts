/**
 * Reads IDX, the file format of MNIST and similar data sets, plain or gzip. Integers are big-endian.
 *
 *   bytes 0 - 3   magic number: 0x00000803 for images (three dimensions of unsigned bytes), 0x00000801 for labels
 *   then          the dimensions, four bytes each: count, and for images rows and columns
 *   then          count x rows x columns bytes for images, count bytes for labels, and nothing after them
 */
import { readFileSync } from 'node:fs';
import { DataError } from '../base/errors.js';
import { fileKind, isWebPage } from '../base/file-kind.js';
import { systemReason } from '../base/system-error.js';
import { counted } from '../base/units.js';
import { GzipError, gunzip, isGzip } from './gzip.js';

export type IdxKind = 'images' | 'labels';

export interface IdxArray {
  /** [count, rows, columns] for images, [count] for labels; each at least 1. */
  readonly dimensions: readonly number[];
  /** A view of the file's content, not a copy. */
  readonly data: Uint8Array;
}

const MAGIC: Record<IdxKind, number> = { images: 0x803, labels: 0x801 };
const DIMENSIONS: Record<IdxKind, readonly string[]> = {
  images: ['count', 'rows', 'columns'],
  labels: ['count'],
};

/** The bytes of a file. @throws DataError (DATA_MISSING) if it cannot be read. */
export function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const message = `${file}: cannot be read (${systemReason(error)}), expected an IDX file`;
    throw new DataError('DATA_MISSING', message, file, { cause: error });
  }
}

/**
 * The content of a file: decompressed if the bytes are gzip, else the bytes themselves.
 *
 * @param file names the file in errors.
 * @throws DataError (DATA_CORRUPT) if the gzip stream is broken, truncated, or followed by other bytes.
 */
export function idxContent(bytes: Uint8Array, file: string): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    return gunzip(bytes);
  } catch (error) {
    throw error instanceof GzipError ? corrupt(file, error.message, error) : error;
  }
}

/**
 * Parses the decompressed content of an IDX file. Pure.
 *
 * @param file names the file in errors.
 * @throws DataError (DATA_CORRUPT) with the position of the problem in bytes of the decompressed content.
 */
export function parseIdx(content: Uint8Array, kind: IdxKind, file: string): IdxArray {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const names = DIMENSIONS[kind];
  const headerBytes = 4 + 4 * names.length;
  if (content.length >= 4 && view.getUint32(0) !== MAGIC[kind]) {
    const found = `0x${view.getUint32(0).toString(16).padStart(8, '0')}`;
    const expected = `0x${MAGIC[kind].toString(16).padStart(8, '0')}`;
    const other = isWebPage(content) ? 'a web page' : fileKind(content);
    throw corrupt(
      file,
      `at byte 0: magic number ${found}, expected ${expected} (IDX ${kind} of unsigned bytes)` +
        (other === null || other === 'a binary file' ? '' : `; this is ${other}`),
    );
  }
  if (content.length < headerBytes) {
    throw corrupt(
      file,
      `truncated: ends at byte ${content.length}, within the header of ${headerBytes} bytes`,
    );
  }
  const dimensions = names.map((_, i) => view.getUint32(4 + 4 * i));
  const zero = dimensions.indexOf(0);
  if (zero >= 0) throw corrupt(file, `at byte ${4 + 4 * zero}: ${names[zero]} is 0, expected at least 1`);
  const expectedBytes = headerBytes + dimensions.reduce((product, size) => product * size, 1);
  if (content.length !== expectedBytes) {
    const extra = content.length - expectedBytes;
    const promised =
      kind === 'images'
        ? `${dimensions[0]} images of ${dimensions[1]} x ${dimensions[2]}`
        : `${dimensions[0]} labels`;
    const what =
      content.length < expectedBytes
        ? `truncated: ends at byte ${content.length}`
        : `${counted(extra, 'byte')} too many at byte ${expectedBytes}`;
    throw corrupt(file, `${what}, expected ${expectedBytes} bytes for ${promised}`);
  }
  return { dimensions, data: content.subarray(headerBytes) };
}

/** Reads an IDX file, plain or gzip. @throws DataError (DATA_MISSING, DATA_CORRUPT) */
export function readIdx(file: string, kind: IdxKind): IdxArray {
  return parseIdx(idxContent(readBytes(file), file), kind, file);
}

function corrupt(file: string, what: string, cause?: Error): DataError {
  return new DataError('DATA_CORRUPT', `${file}: ${what}`, file, cause ? { cause } : undefined);
}
