/** The workers of a run, by their heartbeats. Freshness is measured here: clocks of two machines are never compared. */
import type { Redis } from 'ioredis';
import type { QueueWorkerState } from '../../domain/messages.js';
import { unpackOr } from './codec.js';
import type { RunKeys } from './keys.js';
import type { PoisonLog } from './poison.js';
import { type Beat, beatSchema, MAX_STATE_BYTES, refusalSchema } from './schemas.js';

/** Rates cover so many heartbeats. */
const RATE_BEATS = 60;
/** Entries beyond these are not looked at. */
const MAX_WORKERS = 10_000;

interface Member {
  beat: Beat;
  /** `performance.now()` and the clock's time of the last change. */
  seenMs: number;
  seenAt: string;
  readonly history: { readonly ms: number; readonly cells: number }[];
}

export class Fleet {
  readonly #members = new Map<string, Member>();
  readonly #refusals = new Map<string, string>();
  /** Threads of all workers. */
  threads = 0;
  /** Trajectories that they take at once, those handed ahead included. */
  wanted = 0;
  /** Bytes of the largest trajectory that fits a worker. */
  largestBytes = 0;
  dropped = 0;

  constructor(
    private readonly redis: Redis,
    private readonly keys: RunKeys,
    private readonly staleMs: number,
    private readonly poison: PoisonLog,
    private readonly warn: (message: string) => void,
  ) {}

  /** Reads all heartbeats. Returns whether what the workers can take has changed. */
  async look(): Promise<boolean> {
    const [beats, refusals] = await Promise.all([
      this.redis.hgetallBuffer(this.keys.workers),
      this.redis.hgetallBuffer(this.keys.refusals),
    ]);
    this.#reportRefusals(refusals);
    const now = performance.now();
    const fields = Object.entries(beats).slice(0, MAX_WORKERS);
    const gone = [...this.#members.keys()].filter(worker => !Object.hasOwn(beats, worker));
    for (const [worker, bytes] of fields) {
      const beat = unpackOr(bytes, beatSchema, MAX_STATE_BYTES, reason =>
        this.poison.add('a heartbeat', worker.slice(0, 100), reason),
      );
      if (!beat) gone.push(worker);
      else this.#hear(worker, beat, now);
    }
    for (const [worker, { seenMs }] of this.#members) if (now - seenMs > this.staleMs) gone.push(worker);
    for (const worker of gone) this.#members.delete(worker);
    if (gone.length > 0) void this.redis.hdel(this.keys.workers, ...gone).catch(() => 0);
    return this.#sum();
  }

  get size(): number {
    return this.#members.size;
  }

  states(): QueueWorkerState[] {
    return [...this.#members.values()].map(({ beat, seenAt, history }) => {
      const [first, last] = [history[0]!, history.at(-1)!];
      const { host, process, threads, kernels, toolVersion } = beat.by;
      const cellsPerSecond =
        last.ms > first.ms ? (1000 * (last.cells - first.cells)) / (last.ms - first.ms) : null;
      const { since, running, trajectories } = beat;
      return {
        host,
        process,
        threads,
        kernels,
        toolVersion,
        since,
        heartbeat: seenAt,
        running,
        trajectories,
        cells: beat.cells,
        cellsPerSecond,
      };
    });
  }

  #hear(worker: string, beat: Beat, now: number): void {
    const known = this.#members.get(worker);
    if (known?.beat.beat === beat.beat) return;
    const history = known?.history ?? [];
    history.push({ ms: now, cells: beat.cells });
    if (history.length > RATE_BEATS) history.shift();
    this.#members.set(worker, { beat, seenMs: now, seenAt: new Date().toISOString(), history });
  }

  #sum(): boolean {
    const before = `${this.threads} ${this.wanted} ${this.largestBytes}`;
    const beats = [...this.#members.values()].map(({ beat }) => beat);
    this.threads = beats.reduce((sum, { by }) => sum + by.threads, 0);
    this.wanted = beats.reduce((sum, { wanted }) => sum + wanted, 0);
    this.largestBytes = beats.reduce((most, { memoryBytes }) => Math.max(most, memoryBytes), 0);
    this.dropped = beats.reduce((sum, { dropped }) => sum + dropped, 0);
    return before !== `${this.threads} ${this.wanted} ${this.largestBytes}`;
  }

  #reportRefusals(refusals: Record<string, Buffer>): void {
    for (const [worker, bytes] of Object.entries(refusals).slice(0, MAX_WORKERS)) {
      const refusal = unpackOr(bytes, refusalSchema, MAX_STATE_BYTES, reason =>
        this.poison.add('a refusal', worker.slice(0, 100), reason),
      );
      if (!refusal || this.#refusals.get(worker) === refusal.reason) continue;
      this.#refusals.set(worker, refusal.reason);
      this.warn(`worker ${refusal.by} takes nothing of this run: ${refusal.reason}`);
    }
  }
}
