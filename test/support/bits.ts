import { createHash } from 'node:crypto';

/** Results with arrays replaced by hashes of their bits, so that a failure shows the differing array. */
export function bitsOf(results: unknown): unknown {
  if (ArrayBuffer.isView(results)) {
    const { buffer, byteOffset, byteLength } = results;
    return createHash('sha256')
      .update(Buffer.from(buffer, byteOffset, byteLength))
      .digest('hex');
  }
  if (Array.isArray(results)) return results.map(bitsOf);
  if (typeof results !== 'object' || results === null) return results;
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, bitsOf(value)]));
}
