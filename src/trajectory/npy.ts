/**
 * Writes NumPy's `.npy` format, version 1.0: little-endian, C order, one or two dimensions. Values are not copied,
 * and may be written in pieces if they do not fit in memory together.
 *
 *   \x93NUMPY 1 0 | header length (uint16) | header: a Python dict, padded with spaces, ending in \n | values
 *
 * The values start at a multiple of 64 bytes. Typed arrays are written in the byte order of the machine, which is
 * little-endian wherever the kernels run.
 */
import { closeSync, openSync, writeSync } from 'node:fs';

export type NpyValues = Float32Array | Float64Array | Int32Array;
export type NpyType = 'float32' | 'float64' | 'int32';
/** (n,) or (rows, columns). */
export type NpyShape = readonly [number] | readonly [number, number];

const TYPES = {
  float32: { code: '<f4', array: Float32Array },
  float64: { code: '<f8', array: Float64Array },
  int32: { code: '<i4', array: Int32Array },
} as const;
const ALIGNMENT = 64;
const PREFIX = 10;
/** Bytes per write: the system limits a single write to 2 GiB. */
const CHUNK = 2 ** 26;

/** The part of a file before its values. Throws a RangeError if the shape has anything but counts. */
export function npyHeader(type: NpyType, shape: NpyShape): Buffer {
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`a shape has counts, not ${size}`);
  }
  const dimensions = shape.length === 1 ? `(${shape[0]},)` : `(${shape[0]}, ${shape[1]})`;
  const dict = `{'descr': '${TYPES[type].code}', 'fortran_order': False, 'shape': ${dimensions}, }`;
  const length = Math.ceil((PREFIX + dict.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(length, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(length - PREFIX, 8);
  header.write(dict, PREFIX, 'latin1');
  header.write('\n', length - 1, 'latin1');
  return header;
}

/** Writes a `.npy` file piece by piece, values in C order. */
export class NpyWriter {
  private readonly descriptor: number;
  private missing: number;
  private failed = false;

  /** Creates the file, or replaces it. */
  constructor(
    private readonly file: string,
    private readonly type: NpyType,
    shape: NpyShape,
  ) {
    const header = npyHeader(type, shape);
    this.missing = shape.reduce((a, b) => a * b, 1);
    this.descriptor = openSync(file, 'w');
    this.write(header);
  }

  /** Throws a RangeError if the values are of another type, or more than the shape holds. */
  append(values: NpyValues): void {
    if (!(values instanceof TYPES[this.type].array))
      throw new RangeError(`${this.file}: ${this.type} values expected`);
    if (values.length > this.missing) {
      throw new RangeError(`${this.file}: ${values.length} values where ${this.missing} are missing`);
    }
    this.missing -= values.length;
    this.write(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  }

  /** Closes the file. Then throws a RangeError if values are missing, unless a write has failed before. */
  close(): void {
    closeSync(this.descriptor);
    if (this.missing > 0 && !this.failed)
      throw new RangeError(`${this.file}: ${this.missing} values are missing`);
  }

  private write(bytes: Buffer): void {
    this.failed = true;
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.descriptor, bytes, at, Math.min(CHUNK, bytes.length - at));
    }
    this.failed = false;
  }
}

/** Writes a whole array, by default as one dimension. Throws a RangeError if the shape holds another count. */
export function writeNpy(file: string, values: NpyValues, shape: NpyShape = [values.length]): void {
  const size = shape.reduce((a, b) => a * b, 1);
  if (size !== values.length) throw new RangeError(`${file}: ${values.length} values for a shape of ${size}`);
  const types = Object.keys(TYPES) as NpyType[];
  const writer = new NpyWriter(file, types.find(type => values instanceof TYPES[type].array)!, shape);
  try {
    writer.append(values);
  } finally {
    writer.close();
  }
}
