/**
 * Decompresses gzip (RFC 1952), member by member: zlib does not tell a truncated stream from one that other bytes follow.
 */
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { lastThatHolds } from '../base/bisect.js';
import { counted } from '../base/units.js';

/** A broken stream; the message is a predicate without the file's name. */
export class GzipError extends Error {}

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const DEFLATE = 8;
const FLAG = { headerChecksum: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

export const isGzip = (bytes: Uint8Array, at = 0): boolean => bytes[at] === 0x1f && bytes[at + 1] === 0x8b;

/**
 * The content of all members. Positions in errors count bytes of the compressed file from 0.
 * @throws GzipError if the stream is damaged, truncated, or followed by other bytes.
 */
export function gunzip(bytes: Uint8Array): Uint8Array {
  const contents: Uint8Array[] = [];
  let at = 0;
  do {
    const { content, end } = readMember(bytes, at);
    contents.push(content);
    at = end;
  } while (isGzip(bytes, at));
  const extra = bytes.length - at;
  if (extra > 0)
    throw new GzipError(`${counted(extra, 'byte')} too many at byte ${at}, after the end of the gzip stream`);
  return contents.length === 1 ? contents[0]! : Buffer.concat(contents);
}

function readMember(bytes: Uint8Array, at: number): { content: Uint8Array; end: number } {
  const start = dataStart(bytes, at);
  const { content, end } = inflate(bytes, start);
  if (end + TRAILER_BYTES > bytes.length) throw truncated(bytes);
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, TRAILER_BYTES);
  if (trailer.getUint32(0, true) !== crc32(content))
    throw corrupt(end, 'the checksum is not that of the content');
  if (trailer.getUint32(4, true) !== content.length % 2 ** 32)
    throw corrupt(end + 4, 'the length is not that of the content');
  return { content, end: end + TRAILER_BYTES };
}

/** The position after the header of the member at `at`. */
function dataStart(bytes: Uint8Array, at: number): number {
  if (at + HEADER_BYTES > bytes.length) throw truncated(bytes);
  if (bytes[at + 2] !== DEFLATE) throw corrupt(at + 2, 'the compression is not the one of gzip');
  const flags = bytes[at + 3]!;
  if (flags & FLAG.reserved) throw corrupt(at + 3, 'unknown flags');
  let start = at + HEADER_BYTES;
  const need = (end: number) => {
    if (end > bytes.length) throw truncated(bytes);
    return end;
  };
  if (flags & FLAG.extra) {
    const length = need(start + 2) - 2;
    start = need(start + 2 + bytes[length]! + 256 * bytes[length + 1]!);
  }
  for (const text of [FLAG.name, FLAG.comment]) {
    if (!(flags & text)) continue;
    const end = bytes.indexOf(0, start);
    if (end < 0) throw truncated(bytes);
    start = end + 1;
  }
  return need(flags & FLAG.headerChecksum ? start + 2 : start);
}

function inflate(bytes: Uint8Array, start: number): { content: Uint8Array; end: number } {
  try {
    // With `info`, which the published types omit, zlib also returns the number of bytes it read.
    const { buffer, engine } = inflateRawSync(bytes.subarray(start), {
      info: true,
    } as object) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return { content: buffer, end: start + engine.bytesWritten };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw truncated(bytes);
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new GzipError('decompresses to more than fits into memory');
    throw corrupt(firstRefusedByte(bytes, start), 'no compressed data can be like this');
  }
}

/** The first byte that makes zlib refuse the stream. A prefix that ends before it is incomplete, but valid. */
function firstRefusedByte(bytes: Uint8Array, start: number): number {
  return lastThatHolds(start, bytes.length, end => {
    try {
      inflateRawSync(bytes.subarray(start, end), { finishFlush: constants.Z_SYNC_FLUSH });
      return true;
    } catch {
      return false;
    }
  });
}

const truncated = (bytes: Uint8Array): GzipError =>
  new GzipError(`truncated: ends at byte ${bytes.length}, within the gzip stream`);
const corrupt = (at: number, why: string): GzipError =>
  new GzipError(`corrupt gzip stream at byte ${at}: ${why}`);
