/**
 * The trajectories of one worker thread: the one that it runs, and those that it was handed ahead. Whatever becomes of
 * the thread, the first of them ends with exactly one last event, after all that it said before; those behind it, which
 * it has not begun, go back. What comes next gets a new thread where this is gone.
 */
import type { ExecutorEvent, TrajectoryTask } from '../domain/messages.js';
import { type EventQueue, type FinalEvent, isFinal } from './event-queue.js';
import { SIGNAL, type WorkerData, type WorkerEvents } from './protocol.js';
import { WorkerThread } from './worker-thread.js';

/** A thread keeps the memory of the largest trajectory that it ran; for a smaller one it may keep this much more. */
export const SPARE_BYTES = 64 * 2 ** 20;

/**
 * It is handed ahead what takes so long, and not more than so many: what is bound to one slot cannot begin on another
 * that is free before. Where one of them takes longer, those behind it go back.
 */
const PREFETCH_MS = 500;
const MAX_PREFETCHED = 8;

/** A trajectory on its way to a thread, and what is said of it. */
export interface SubmittedTask {
  readonly task: TrajectoryTask;
  readonly events: EventQueue;
}

interface QueuedTask extends SubmittedTask {
  /** What the thread's `at` is while it runs this one. */
  number: number;
  startedMs: number | null;
}

export class WorkerSlot {
  /** Trajectories that have ended. */
  finished = 0;
  readonly #queue: QueuedTask[] = [];
  #worker: WorkerThread | null = null;
  #closing = 0;
  #heldBytes = 0;
  #activeMs = 0;
  /** What the last one took that was done. */
  #lastDurationMs = Number.POSITIVE_INFINITY;

  /** @param free hears whenever there is more room, and what comes back unbegun. */
  constructor(
    private readonly number: number,
    private readonly workerData: WorkerData,
    private readonly free: (back: readonly SubmittedTask[]) => void,
  ) {}

  enqueue({ task, events }: SubmittedTask): void {
    this.#worker ??= new WorkerThread(this.workerData, this.number, {
      onEvents: said => this.#handle(said),
      onDeath: as => this.#fail(as),
    });
    this.#heldBytes = Math.max(this.#heldBytes, task.memoryBytes);
    if (this.#queue.length === 0) this.#activeMs = 0;
    this.#queue.push({ task, events, number: this.#worker.post(task), startedMs: null });
  }

  /** Of all that it has, the one that it runs included. */
  get queued(): number {
    return this.#queue.length;
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#closing === 0;
  }

  /** How many are best handed ahead. */
  get prefetch(): number {
    return Math.min(MAX_PREFETCHED, Math.floor(PREFETCH_MS / this.#lastDurationMs));
  }

  /** Whether this one can be handed ahead now. */
  canPrefetch({ memoryBytes }: TrajectoryTask): boolean {
    const isAtWork = this.#worker !== null && this.#queue.length > 0 && this.#activeMs < PREFETCH_MS;
    return isAtWork && this.#queue.length <= this.prefetch && !this.holdsTooMuchFor(memoryBytes);
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
  addActiveTime(ms: number, mostMs: number, timedOut: FinalEvent): void {
    this.#activeMs += ms;
    if (this.#activeMs > mostMs) this.kill(timedOut);
    else if (this.#activeMs > PREFETCH_MS) this.#recall();
  }

  /** Ends the trajectory that it runs with this event, and its thread in the middle of whatever it does. */
  kill(as: FinalEvent): void {
    const [first] = this.#queue;
    if (!first || !this.#worker) return;
    this.#worker.drain();
    if (this.#queue[0] !== first) return;
    // Else it has ended, which is about to be said, and the next one has begun.
    const isAtIt = this.#worker.skipAfter(first.number - 1) || this.#worker.skipAfter(first.number);
    if (isAtIt) this.#fail(as);
  }

  /** Ends the thread. Another is started when it is needed. */
  async close(): Promise<void> {
    for (const { events } of this.#queue.splice(0)) events.push({ kind: 'stopped' });
    const thread = this.#worker;
    this.#worker = null;
    this.#heldBytes = 0;
    if (!thread) return;
    this.#closing++;
    await thread.terminate();
    this.#closing--;
    this.free([]);
  }

  #recall(): void {
    const [first, next] = this.#queue;
    if (!first || !next || !this.#worker?.skipAfter(first.number)) return;
    const back = this.#queue.splice(1);
    first.number = back.at(-1)!.number;
    this.free(back);
  }

  #handle(said: WorkerEvents): void {
    for (const event of said) {
      const [first, next] = this.#queue;
      // It was killed.
      if (!first) return;
      if (event.kind === 'started') {
        first.startedMs = performance.now();
        this.#activeMs = 0;
      }
      if (event.kind === 'done') this.#lastDurationMs = performance.now() - first.startedMs!;
      if (isFinal(event)) {
        this.#queue.shift();
        next?.events.startAfter(first.events);
      }
      this.#report(first, event);
      if (isFinal(event)) this.free([]);
    }
  }

  #fail(as: FinalEvent): void {
    const [first, ...back] = this.#queue.splice(0);
    if (first) {
      // An attempt all the same: what breaks its thread before it begins might do so for ever.
      if (first.startedMs === null && as.kind === 'failed')
        this.#report(first, { kind: 'started', slot: this.number });
      this.#report(first, as);
    }
    void this.close();
    this.free(back);
  }

  #report({ events }: SubmittedTask, event: ExecutorEvent): void {
    if (isFinal(event)) this.finished++;
    // A thread that breaks because it is being stopped is no fault of its trajectory.
    const isStopping = Atomics.load(this.workerData.signal, 0) === SIGNAL.stop;
    events.push(event.kind === 'failed' && isStopping ? { kind: 'stopped' } : event);
  }
}
