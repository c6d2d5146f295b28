/**
 * Encodes a network's state as bytes. A trajectory that resumes from them reaches the same bits.
 *
 *   8 bytes   "ESPSNAP1"
 *   32 bytes  SHA-256 of everything that follows
 *   4 bytes   length of the header (little-endian)
 *   header    JSON: trajectory id, t, and type and length of each array; padded with spaces to a multiple of 8
 *   arrays    in the order of the header, each padded with zeros to a multiple of 8
 */
import { createHash } from 'node:crypto';
import type { FloatArray, NetworkState } from '../engine/engine.js';

const MAGIC = Buffer.from('ESPSNAP1');
const PREFIX = MAGIC.length + 32 + 4;
const FIELDS = ['weights', 'signs', 'weightVelocity', 'signVelocity'] as const;

interface Header {
  readonly id: string;
  readonly t: number;
  readonly arrays: readonly ({ readonly type: 'float32' | 'float64'; readonly length: number } | null)[];
}

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

export function encodeSnapshot(id: string, t: number, state: NetworkState): Uint8Array {
  const arrays = FIELDS.map(field => state[field]);
  const header: Header = {
    id,
    t,
    arrays: arrays.map(
      array => array && { type: array instanceof Float32Array ? 'float32' : 'float64', length: array.length },
    ),
  };
  const json = JSON.stringify(header);
  const text = Buffer.from(json + ' '.repeat(padded(PREFIX + json.length) - PREFIX - json.length));
  const size = arrays.reduce(
    (sum, array) => sum + (array ? padded(array.byteLength) : 0),
    PREFIX + text.length,
  );
  const bytes = Buffer.alloc(size);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(text.length, PREFIX - 4);
  text.copy(bytes, PREFIX);
  let offset = PREFIX + text.length;
  for (const array of arrays) {
    if (!array) continue;
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += padded(array.byteLength);
  }
  createHash('sha256')
    .update(bytes.subarray(PREFIX - 4))
    .digest()
    .copy(bytes, MAGIC.length);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Returns the state and its iteration, or null if the bytes are damaged or belong to another trajectory. */
export function decodeSnapshot(id: string, bytes: Uint8Array): { t: number; state: NetworkState } | null {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (all.length < PREFIX || !all.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const hash = createHash('sha256')
    .update(all.subarray(PREFIX - 4))
    .digest();
  if (!hash.equals(all.subarray(MAGIC.length, PREFIX - 4))) return null;
  const headerEnd = PREFIX + all.readUInt32LE(PREFIX - 4);
  const header = JSON.parse(all.subarray(PREFIX, headerEnd).toString()) as Header;
  if (header.id !== id) return null;
  let offset = headerEnd;
  const arrays = header.arrays.map(shape => {
    if (!shape) return null;
    const array: FloatArray =
      shape.type === 'float32' ? new Float32Array(shape.length) : new Float64Array(shape.length);
    new Uint8Array(array.buffer).set(all.subarray(offset, offset + array.byteLength));
    offset += padded(array.byteLength);
    return array;
  });
  const [weights, signs, weightVelocity, signVelocity] = arrays;
  return {
    t: header.t,
    state: { weights: weights!, signs: signs!, weightVelocity: weightVelocity!, signVelocity: signVelocity! },
  };
}
