/**
 * Snapshots on their way between machines. One of 126 MB would hold up every other client of Redis while it is written,
 * so it goes in pieces, one at a time.
 */
import type { Redis } from 'ioredis';
import type { Snapshot } from '../../domain/messages.js';
import { pack, unpackOr } from './codec.js';
import { runPipeline } from './connection.js';
import { KEEP_S, type RunKeys } from './keys.js';
import { MAX_STATE_BYTES, PIECE_BYTES, type SnapshotMessage, snapshotSchema } from './schemas.js';

export class SnapshotTransfer {
  constructor(
    private readonly redis: Redis,
    private readonly keys: RunKeys,
    private readonly onPoison: (reason: string) => void,
  ) {}

  /**
   * Writes a snapshot, and drops the ticket's earlier one. `isWanted` is asked between pieces.
   * @returns false if it was given up.
   */
  async write(ticket: string, { t, bytes }: Snapshot, isWanted: () => boolean): Promise<boolean> {
    const key = this.keys.pieces(ticket, t);
    for (let from = 0, piece = 0; from < bytes.length || piece === 0; from += PIECE_BYTES, piece++) {
      if (!isWanted()) {
        await this.redis.unlink(key);
        return false;
      }
      const part = bytes.subarray(from, from + PIECE_BYTES);
      const writing = this.redis
        .pipeline()
        .hset(key, piece, Buffer.from(part.buffer, part.byteOffset, part.length));
      await runPipeline(writing.expire(key, KEEP_S));
    }
    const earlier = await this.newest(ticket);
    const message: SnapshotMessage = { t, bytes: bytes.length };
    const naming = this.redis.pipeline().hset(this.keys.snapshots, ticket, pack(message));
    naming.expire(this.keys.snapshots, KEEP_S);
    if (earlier && earlier.t !== t) naming.unlink(this.keys.pieces(ticket, earlier.t));
    await runPipeline(naming);
    return true;
  }

  /** The newest snapshot of a ticket; null if there is none, or if it is replaced while it is read. */
  async read(ticket: string): Promise<Snapshot | null> {
    const message = await this.newest(ticket);
    return message && this.pieces(ticket, message);
  }

  async newest(ticket: string): Promise<SnapshotMessage | null> {
    const packed = await this.redis.hgetBuffer(this.keys.snapshots, ticket);
    return packed && unpackOr(packed, snapshotSchema, MAX_STATE_BYTES, this.onPoison);
  }

  private async pieces(ticket: string, { t, bytes }: SnapshotMessage): Promise<Snapshot | null> {
    const key = this.keys.pieces(ticket, t);
    const parts: Buffer[] = [];
    for (let read = 0; read < bytes; ) {
      const part = await this.redis.hgetBuffer(key, String(parts.length));
      if (!part || part.length !== Math.min(PIECE_BYTES, bytes - read)) return null;
      parts.push(part);
      read += part.length;
    }
    return { t, bytes: new Uint8Array(Buffer.concat(parts)) };
  }

  async remove(ticket: string): Promise<void> {
    const message = await this.newest(ticket);
    if (!message) return;
    await runPipeline(
      this.redis.pipeline().hdel(this.keys.snapshots, ticket).unlink(this.keys.pieces(ticket, message.t)),
    );
  }
}
