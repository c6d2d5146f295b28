/**
 * The trajectories of one worker thread: the one that it runs, and those that it was handed ahead. Whatever becomes of
 * the thread, the first of them ends with exactly one last event, after all that it said before; those behind it, which
 * it has not begun, go back. What comes next gets a new thread where this is gone.
 */
import type { ExecutorEvent, TrajectoryTask } from '../domain/messages.js';
import { type Events, isLast, type LastEvent } from './event-queue.js';
import { type Said, SIGNAL, type WorkerData } from './protocol.js';
import { Thread } from './worker-thread.js';

/** A thread keeps the memory of the largest trajectory that it ran; for a smaller one it may keep this much more. */
export const SPARE_BYTES = 64 * 2 ** 20;

/**
 * It is handed ahead what takes so long, and not more than so many: what is bound to one lane cannot begin on another
 * that is free before. Where one of them takes longer, those behind it go back.
 */
const AHEAD_MS = 500;
const MOST_AHEAD = 8;

/** A trajectory on its way to a thread, and what is said of it. */
export interface Submitted {
  readonly task: TrajectoryTask;
  readonly events: Events;
}

interface Handed extends Submitted {
  /** What the thread's `at` is while it runs this one. */
  number: number;
  beganMs: number | null;
}

export class Lane {
  /** Trajectories that have ended. */
  finished = 0;
  readonly #handed: Handed[] = [];
  #thread: Thread | null = null;
  #closing = 0;
  #heldBytes = 0;
  #awakeMs = 0;
  /** What the last one took that was done. */
  #lastMs = Number.POSITIVE_INFINITY;

  /** @param free hears whenever there is more room, and what comes back unbegun. */
  constructor(
    private readonly number: number,
    private readonly workerData: WorkerData,
    private readonly free: (back: readonly Submitted[]) => void,
  ) {}

  hand({ task, events }: Submitted): void {
    this.#thread ??= new Thread(this.workerData, this.number, {
      hear: said => this.#hear(said),
      died: as => this.#break(as),
    });
    this.#heldBytes = Math.max(this.#heldBytes, task.memoryBytes);
    if (this.#handed.length === 0) this.#awakeMs = 0;
    this.#handed.push({ task, events, number: this.#thread.hand(task), beganMs: null });
  }

  /** Of all that it has, the one that it runs included. */
  get handed(): number {
    return this.#handed.length;
  }

  get isIdle(): boolean {
    return this.#handed.length === 0 && this.#closing === 0;
  }

  /** How many are best handed ahead. */
  get ahead(): number {
    return Math.min(MOST_AHEAD, Math.floor(AHEAD_MS / this.#lastMs));
  }

  /** Whether this one can be handed ahead now. */
  hasRoomFor({ memoryBytes }: TrajectoryTask): boolean {
    const isAtWork = this.#thread !== null && this.#handed.length > 0 && this.#awakeMs < AHEAD_MS;
    return isAtWork && this.#handed.length <= this.ahead && !this.holdsTooMuchFor(memoryBytes);
  }

  /** Whether the thread must be closed before it runs what takes so much. */
  holdsTooMuchFor(bytes: number): boolean {
    return this.#heldBytes > bytes + SPARE_BYTES;
  }

  /** What its thread holds, at most, beside SPARE_BYTES. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** So much time has passed in which it could work. A trajectory that takes longer than `mostMs` is ended. */
  passed(ms: number, mostMs: number, timedOut: LastEvent): void {
    this.#awakeMs += ms;
    if (this.#awakeMs > mostMs) this.kill(timedOut);
    else if (this.#awakeMs > AHEAD_MS) this.#takeBack();
  }

  /** Ends the trajectory that it runs with this event, and its thread in the middle of whatever it does. */
  kill(as: LastEvent): void {
    const [first] = this.#handed;
    if (!first || !this.#thread) return;
    this.#thread.hearAll();
    if (this.#handed[0] !== first) return;
    // Else it has ended, which is about to be said, and the next one has begun.
    const isAtIt = this.#thread.skipAfter(first.number - 1) || this.#thread.skipAfter(first.number);
    if (isAtIt) this.#break(as);
  }

  /** Ends the thread. Another is started when it is needed. */
  async close(): Promise<void> {
    for (const { events } of this.#handed.splice(0)) events.push({ kind: 'stopped' });
    const thread = this.#thread;
    this.#thread = null;
    this.#heldBytes = 0;
    if (!thread) return;
    this.#closing++;
    await thread.end();
    this.#closing--;
    this.free([]);
  }

  #takeBack(): void {
    const [first, next] = this.#handed;
    if (!first || !next || !this.#thread?.skipAfter(first.number)) return;
    const back = this.#handed.splice(1);
    first.number = back.at(-1)!.number;
    this.free(back);
  }

  #hear(said: Said): void {
    for (const event of said) {
      const [first, next] = this.#handed;
      // It was killed.
      if (!first) return;
      if (event.kind === 'begun') {
        first.beganMs = performance.now();
        this.#awakeMs = 0;
      }
      if (event.kind === 'done') this.#lastMs = performance.now() - first.beganMs!;
      if (isLast(event)) {
        this.#handed.shift();
        next?.events.follow(first.events);
      }
      this.#tell(first, event);
      if (isLast(event)) this.free([]);
    }
  }

  #break(as: LastEvent): void {
    const [first, ...back] = this.#handed.splice(0);
    if (first) {
      // An attempt all the same: what breaks its thread before it begins might do so for ever.
      if (first.beganMs === null && as.kind === 'failed')
        this.#tell(first, { kind: 'begun', lane: this.number });
      this.#tell(first, as);
    }
    void this.close();
    this.free(back);
  }

  #tell({ events }: Submitted, event: ExecutorEvent): void {
    if (isLast(event)) this.finished++;
    // A thread that breaks because it is being stopped is no fault of its trajectory.
    const isStopping = Atomics.load(this.workerData.signal, 0) === SIGNAL.stop;
    events.push(event.kind === 'failed' && isStopping ? { kind: 'stopped' } : event);
  }
}
