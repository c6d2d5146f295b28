/** Compares what is handed out with what Redis holds, at intervals: a job that is nowhere is handed out again. */
import type { Redis } from 'ioredis';
import type { EventStream } from './event-stream.js';
import type { HandOut } from './hand-out.js';
import { laneOf, type RunKeys } from './keys.js';
import type { OpenTrajectory } from './open-trajectory.js';

/** In so many looks, while nothing is left to read, a job has to be nowhere. */
const MISSING_LOOKS = 3;
/** Jobs that are looked for in one look. */
const LOOKED_FOR = 500;

export interface ReconcilerContext {
  readonly lookMs: number;
  open(): Iterable<OpenTrajectory>;
  /** Hands it out again. */
  add(trajectory: OpenTrajectory): void;
  /** What else is looked at, before. */
  look(): Promise<void>;
}

export class Reconciler {
  counts = { waiting: 0, taken: 0, unstored: 0, oldestS: null as number | null };
  /** Open trajectories that fit no worker. */
  stuck = 0;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(
    private readonly redis: Redis,
    private readonly keys: RunKeys,
    private readonly handOut: HandOut,
    private readonly stream: EventStream,
    private readonly context: ReconcilerContext,
  ) {}

  start(): void {
    this.#timer = setTimeout(() => {
      void this.#look()
        // Redis is away: the next look may succeed.
        .catch(() => {})
        .then(() => this.#isStopped || this.start());
    }, this.context.lookMs);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  countStuck({ size, largestBytes }: { readonly size: number; readonly largestBytes: number }): void {
    this.stuck = 0;
    if (size === 0) return;
    for (const { isStarted, task } of this.context.open())
      if (!isStarted && task.memoryBytes > largestBytes) this.stuck++;
  }

  async #look(): Promise<void> {
    await this.context.look();
    if (this.stream.isAtEnd) await this.#addMissing();
    await this.#count();
  }

  async #addMissing(): Promise<void> {
    const before = performance.now() - this.context.lookMs;
    const looked = [...this.context.open()].filter(each => each.handedOutMs < before).slice(0, LOOKED_FOR);
    if (looked.length === 0) return;
    const found = await this.handOut.areThere(
      looked.map(({ task, ticket }) => ({
        lane: laneOf(task.memoryBytes, task.alone),
        id: task.id,
        ticket: ticket!,
      })),
    );
    for (const [i, each] of looked.entries()) {
      each.missing = found[i] ? 0 : each.missing + 1;
      if (each.missing >= MISSING_LOOKS && !each.isOver) this.context.add(each);
    }
  }

  async #count(): Promise<void> {
    const { waiting, leased } = await this.handOut.counts();
    const { events } = this.keys;
    const [unstored, [oldest], [now]] = await Promise.all([
      this.redis.xlen(events),
      this.redis.xrange(events, '-', '+', 'COUNT', 1),
      this.redis.time(),
    ]);
    // The id of an entry is the server's time in ms.
    const since = oldest && Number(oldest[0].split('-')[0]);
    const oldestS = since === undefined ? null : Math.max(0, Number(now) - since / 1000);
    this.counts = { waiting, taken: leased, unstored, oldestS };
  }
}
