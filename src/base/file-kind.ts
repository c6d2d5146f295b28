/** Recognises what a file is by its first bytes, for messages about a file of the wrong kind. */

const ascii = (text: string): number[] => [...text].map(character => character.charCodeAt(0));

/** Longer signatures first: that of UTF-32 begins with that of UTF-16. */
const SIGNATURES: readonly (readonly [bytes: readonly number[], kind: string])[] = [
  [ascii('SQLite format 3\0'), 'an SQLite database'],
  [[0xff, 0xfe, 0, 0], 'text in UTF-32'],
  [[0, 0, 0xfe, 0xff], 'text in UTF-32'],
  [[0xff, 0xfe], 'text in UTF-16'],
  [[0xfe, 0xff], 'text in UTF-16'],
  [[0x1f, 0x8b], 'a gzip file'],
  [[0x93, ...ascii('NUMPY')], 'a NumPy array'],
  [ascii('PK\x03\x04'), 'a zip archive'],
  [[0x89, ...ascii('PNG')], 'a PNG image'],
  [[0x89, ...ascii('HDF')], 'an HDF5 file'],
  [ascii('PAR1'), 'a Parquet file'],
  [ascii('%PDF'), 'a PDF'],
  [ascii('BZh'), 'a bzip2 file'],
  [[0xfd, ...ascii('7zXZ')], 'an xz file'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'a zstd file'],
  [[0, 0, 0x08, 0x01], 'an IDX file of labels'],
  [[0, 0, 0x08, 0x03], 'an IDX file of images'],
  [ascii('\x7fELF'), 'a program'],
];

/** Bytes that are looked at for zeros. */
const HEAD = 1024;

/** E.g. `an SQLite database`, `text in UTF-16`, `a binary file`; null for what may be text in UTF-8. */
export function fileKind(bytes: Uint8Array): string | null {
  const known = SIGNATURES.find(([signature]) => signature.every((byte, i) => bytes[i] === byte));
  if (known) return known[1];
  const head = bytes.subarray(0, HEAD);
  // Without a byte order mark, every other byte of mostly ASCII text in UTF-16 is 0.
  const zeros = [0, 0];
  for (const [i, byte] of head.entries()) if (byte === 0) zeros[i % 2]!++;
  const [most, least] = [Math.max(...zeros), Math.min(...zeros)];
  if (head.length >= 4 && least === 0 && most > head.length / 4) return 'text in UTF-16';
  return bytes.includes(0) ? 'a binary file' : null;
}

/** Whether it begins as a web page does, e.g. one that a server sent in place of a file. */
export const isWebPage = (bytes: Uint8Array): boolean =>
  /^\s*<(?:!doctype html|html|\?xml)/i.test(Buffer.from(bytes.subarray(0, 100)).toString('latin1'));
