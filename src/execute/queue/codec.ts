/** Packs and unpacks messages. What does not fit its schema is poison: it is dropped, with one line that says why. */
import { Packr } from 'msgpackr';
import type { z } from 'zod';
import { processName } from '../../base/process-name.js';
import { oneLine } from './schemas.js';

const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

export class PoisonError extends Error {}

export const pack = (message: unknown): Buffer => packr.pack(message);

/** @throws PoisonError for what is larger than `maxBytes`, no msgpack, or not of the schema. */
export function unpack<T>(bytes: Uint8Array, schema: z.ZodType<T>, maxBytes: number): T {
  if (bytes.length > maxBytes) throw new PoisonError(`${bytes.length} bytes, expected at most ${maxBytes}`);
  let message: unknown;
  try {
    message = packr.unpack(bytes);
  } catch {
    throw new PoisonError('not a message of espalier');
  }
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue!.path.map(String).join('.').slice(0, 200);
  throw new PoisonError(`${where === '' ? 'the message' : where}: ${issue!.message.slice(0, 200)}`);
}

/** As `unpack`; null for poison, which `onPoison` gets to know. */
export function unpackOr<T>(
  bytes: Uint8Array,
  schema: z.ZodType<T>,
  maxBytes: number,
  onPoison: (reason: string) => void,
): T | null {
  try {
    return unpack(bytes, schema, maxBytes);
  } catch (error) {
    if (!(error instanceof PoisonError)) throw error;
    onPoison(error.message);
    return null;
  }
}

/** Who a message that is poison claims to be from. */
export function claimedOrigin(bytes: Uint8Array): string {
  try {
    const { by } = packr.unpack(bytes) as { by?: { host?: unknown; process?: unknown } };
    if (typeof by?.host === 'string' && typeof by.process === 'number')
      return processName({ host: oneLine(by.host.slice(0, 100)), process: by.process });
  } catch {
    // Not even msgpack.
  }
  return 'an unknown sender';
}
