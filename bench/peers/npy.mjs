// Reads NumPy .npy files of the types that both sides write.
import { readFileSync } from 'node:fs';

const TYPES = { '<f4': Float32Array, '<i4': Int32Array };

/** All values, in C order. */
export function readNpy(file) {
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  const [, code] = /'descr': '([^']*)'/.exec(bytes.toString('latin1', 10, start));
  const Type = TYPES[code];
  if (!Type) throw new Error(`${file}: type ${code}, expected one of ${Object.keys(TYPES).join(', ')}`);
  return new Type(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
}
