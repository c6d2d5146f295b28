/** Reads `.npy` files by NumPy's description of the format. It shares nothing with the writer. */
import { readFileSync } from 'node:fs';

export interface NpyArray {
  /** As the file states it, e.g. `<f4`. */
  readonly descr: string;
  readonly shape: readonly number[];
  /** In C order. */
  readonly data: Float32Array | Float64Array | Int32Array;
}

export function readNpy(file: string): NpyArray {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (what: string): never => {
    throw new Error(`${file}: ${what}`);
  };
  if (view.getUint8(0) !== 0x93 || bytes.toString('latin1', 1, 6) !== 'NUMPY') fail('not a .npy file');
  if (view.getUint8(6) !== 1 || view.getUint8(7) !== 0) fail('not version 1.0');
  const start = 10 + view.getUint16(8, true);
  const header = bytes.toString('latin1', 10, start);
  if (start % 64 !== 0 || !header.endsWith('\n'))
    fail('the header is not aligned, or does not end in a newline');
  const fields = /^\{'descr': '(<[fi]\d)', 'fortran_order': (True|False), 'shape': \(([^)]*)\), \} *\n$/.exec(
    header,
  );
  if (!fields) return fail(`cannot read the header ${header}`);
  const [, descr, fortran, dimensions] = fields as unknown as [string, string, string, string];
  if (fortran === 'True') fail('Fortran order');
  // A tuple: `5,` or `5, 3`; a lone `5` would be a number in parentheses.
  if (!/^\d+,( \d+)*$/.test(dimensions)) fail(`not a tuple of one or two sizes: (${dimensions})`);
  const shape = dimensions.split(',').filter(Boolean).map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  const itemSize = Number(descr[2]);
  if (bytes.length !== start + count * itemSize) fail(`${bytes.length - start} bytes for ${count} values`);
  const at = (i: number): number => start + i * itemSize;
  switch (descr) {
    case '<f4':
      return {
        descr,
        shape,
        data: Float32Array.from({ length: count }, (_, i) => view.getFloat32(at(i), true)),
      };
    case '<f8':
      return {
        descr,
        shape,
        data: Float64Array.from({ length: count }, (_, i) => view.getFloat64(at(i), true)),
      };
    case '<i4':
      return { descr, shape, data: Int32Array.from({ length: count }, (_, i) => view.getInt32(at(i), true)) };
    default:
      return fail(`unexpected type ${descr}`);
  }
}
