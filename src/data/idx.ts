/**
 * Reads IDX, the file format of MNIST and similar data sets, plain or gzip. Integers are big-endian.
 *
 *   bytes 0 - 3   magic number: 0x00000803 for images (three dimensions of unsigned bytes), 0x00000801 for labels
 *   then          the dimensions, four bytes each: count, and for images rows and columns
 *   then          count x rows x columns bytes for images, count bytes for labels, and nothing after them
 */
import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { DataError } from '../base/errors.js';

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
    const { code } = error as NodeJS.ErrnoException;
    throw new DataError('DATA_MISSING', `${file}: cannot be read (${code}), expected an IDX file`, file, {
      cause: error,
    });
  }
}

/**
 * The content of a file: decompressed if the bytes are gzip, else the bytes themselves.
 *
 * @param file names the file in errors.
 * @throws DataError (DATA_CORRUPT) if the gzip stream is broken, truncated, or followed by other bytes.
 */
export function idxContent(bytes: Uint8Array, file: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  let content: Uint8Array;
  let consumed: number;
  try {
    // With `info`, which the published types omit, zlib also returns the number of bytes it read.
    const result = gunzipSync(bytes, { info: true } as object) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    content = result.buffer;
    consumed = result.engine.bytesWritten;
  } catch (error) {
    throw brokenGzip(bytes, file, error as NodeJS.ErrnoException);
  }
  if (consumed < bytes.length) {
    const extra = bytes.length - consumed;
    throw corrupt(file, `${extra} bytes too many at byte ${consumed}, after the end of the gzip stream`);
  }
  return content;
}

function brokenGzip(bytes: Uint8Array, file: string, error: NodeJS.ErrnoException): DataError {
  if (error.code === 'Z_BUF_ERROR') {
    return corrupt(file, `truncated: ends at byte ${bytes.length}, within the gzip stream`, error);
  }
  return corrupt(file, `corrupt gzip stream at byte ${firstRefusedByte(bytes)}: ${error.message}`, error);
}

/** The first byte that makes zlib refuse the stream. A prefix that ends before it is incomplete, but valid. */
function firstRefusedByte(bytes: Uint8Array): number {
  let accepted = 0;
  let refused = bytes.length;
  while (refused - accepted > 1) {
    const middle = Math.floor((accepted + refused) / 2);
    try {
      gunzipSync(bytes.subarray(0, middle), { finishFlush: constants.Z_SYNC_FLUSH });
      accepted = middle;
    } catch {
      refused = middle;
    }
  }
  return refused - 1;
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
    throw corrupt(
      file,
      `at byte 0: magic number ${found}, expected ${expected} (IDX ${kind} of unsigned bytes)`,
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
    const promised =
      kind === 'images'
        ? `${dimensions[0]} images of ${dimensions[1]} x ${dimensions[2]}`
        : `${dimensions[0]} labels`;
    const what =
      content.length < expectedBytes
        ? `truncated: ends at byte ${content.length}`
        : `${content.length - expectedBytes} bytes too many at byte ${expectedBytes}`;
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
