/**
 * The stream of what workers report. An entry stays in Redis until everything in it is on the coordinator's disk, so a
 * restarted coordinator takes up what was sent while it was dead.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { claimedOrigin, unpackOr } from './codec.js';
import type { PoisonLog } from './poison.js';
import { MAX_EVENTS_BYTES, type Origin, type Report, reportsSchema } from './schemas.js';

const READ_COUNT = 500;
const BLOCK_MS = 1_000;
const RETRY_MS = 250;
const DELETE_EVERY_MS = 50;

/** A report and its sender. Whoever takes it calls `settle` once, when it is not needed again. */
export interface ReceivedReport extends Report {
  readonly by: Origin;
  readonly settle: () => void;
}

/** As XREAD returns it: streams, entries, fields and values. */
type ReadResult = [key: Buffer, entries: [id: Buffer, fields: Buffer[] | null][]][] | null;

export class EventStream {
  /** Whether the last read found the end of the stream. */
  isAtEnd = false;
  #last = '0';
  #isPaused = false;
  #isClosed = false;
  #settled: string[] = [];
  #deleting: NodeJS.Timeout | null = null;
  #reading: Promise<void> = Promise.resolve();

  /** @param reader a connection of its own, because reading blocks it. */
  constructor(
    private readonly redis: Redis,
    private readonly reader: Redis,
    private readonly key: string,
    private readonly poison: PoisonLog,
    private readonly handle: (report: ReceivedReport) => void,
  ) {}

  /** Handles everything that is there, then goes on as more comes. Resolves after the first part. */
  async start(): Promise<void> {
    while (!this.isAtEnd) await this.#readOnce(null);
    this.#reading = this.#readAll();
  }

  /** Reads from the beginning again: Redis has lost the stream, and may number the next one from an earlier time. */
  restart(): void {
    this.#last = '0';
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Deletes the settled entries, and stops reading. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#deleteSettled();
    this.disconnect();
    await this.#reading;
  }

  /** Ends its connection. */
  disconnect(): void {
    this.reader.disconnect(false);
  }

  async #readAll(): Promise<void> {
    while (!this.#isClosed) {
      if (this.#isPaused) await wait(RETRY_MS);
      else await this.#readOnce(BLOCK_MS).catch(error => this.#onReadError(error));
    }
  }

  async #onReadError(error: Error): Promise<void> {
    if (this.#isClosed) return;
    if (error.message.startsWith('WRONGTYPE')) {
      this.poison.add('the stream of reports', 'an unknown sender', 'another value was in its place');
      await this.redis.unlink(this.key).catch(() => {});
    }
    await wait(RETRY_MS);
  }

  async #readOnce(blockMs: number | null): Promise<void> {
    const block = blockMs === null ? [] : ['BLOCK', blockMs];
    const result = (await this.reader.callBuffer(
      'XREAD',
      'COUNT',
      READ_COUNT,
      ...block,
      'STREAMS',
      this.key,
      this.#last,
    )) as ReadResult;
    const entries = result?.[0]?.[1] ?? [];
    this.isAtEnd = entries.length < READ_COUNT;
    for (const [id, fields] of entries) {
      this.#last = id.toString();
      if (fields) this.#take(this.#last, fields);
    }
  }

  #take(entry: string, fields: readonly Buffer[]): void {
    const bytes = fields.length === 2 && fields[0]!.toString() === 'm' ? fields[1]! : Buffer.alloc(0);
    const message = unpackOr(bytes, reportsSchema, MAX_EVENTS_BYTES, reason =>
      this.poison.add('a report', claimedOrigin(bytes), reason),
    );
    const reports = message?.reports ?? [];
    if (!message || reports.length === 0) {
      this.#settle(entry);
      return;
    }
    const { by } = message;
    let left = reports.length;
    for (const report of reports) {
      let isSettled = false;
      const settle = () => {
        if (!isSettled) left -= 1;
        if (!isSettled && left === 0) this.#settle(entry);
        isSettled = true;
      };
      this.handle({ ...report, by, settle });
    }
  }

  #settle(entry: string): void {
    this.#settled.push(entry);
    this.#deleting ??= setTimeout(() => void this.#deleteSettled(), DELETE_EVERY_MS);
  }

  async #deleteSettled(): Promise<void> {
    if (this.#deleting) clearTimeout(this.#deleting);
    this.#deleting = null;
    const entries = this.#settled;
    this.#settled = [];
    if (entries.length > 0) await this.redis.xdel(this.key, ...entries).catch(() => 0);
  }
}
