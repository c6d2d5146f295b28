/**
 * The tasks of one worker thread: the running one and the prefetched ones.
 *
 * If the thread dies or is killed, the running task still ends with exactly one final event, after all its earlier
 * events. Prefetched tasks that have not started return to the pool, and the next task gets a new thread.
 */
import type { ExecutorEvent, TrajectoryTask } from '../domain/messages.js';
import { type EventQueue, type FinalEvent, isFinal } from './event-queue.js';
import { SIGNAL, type WorkerData, type WorkerEvents } from './protocol.js';
import { WorkerThread } from './worker-thread.js';

/** A thread retains the memory of its largest trajectory. It may run one whose peak is lower by this at most. */
export const SPARE_BYTES = 64 * 2 ** 20;

/**
 * Prefetch up to 500 ms of work, at most 8 tasks: a prefetched task is bound to this slot, even if another is free
 * earlier. If the running task takes longer than that, the prefetched ones return to the pool.
 */
const PREFETCH_MS = 500;
const MAX_PREFETCHED = 8;

/** A trajectory that still runs this long after a stop is killed. It loses its work since the last snapshot. */
export const STOP_WITHIN_MS = 1_200;

/** A task on its way to a thread, and the queue that receives its events. */
export interface SubmittedTask {
  readonly task: TrajectoryTask;
  readonly events: EventQueue;
}

interface QueuedTask extends SubmittedTask {
  /** Value of the thread's `claimed` (protocol.ts) while it runs this task. */
  number: number;
  startedMs: number | null;
}

export class WorkerSlot {
  /** Number of trajectories that have ended. */
  finished = 0;
  readonly #queue: QueuedTask[] = [];
  #worker: WorkerThread | null = null;
  #closing = 0;
  #retiring: NodeJS.Timeout | null = null;
  #retainedBytes = 0;
  #activeMs = 0;
  /** Duration of the last task that was done, in ms. */
  #lastDurationMs = Number.POSITIVE_INFINITY;

  /** @param onFree is called when the slot has more room, with the tasks that return to the pool unstarted. */
  constructor(
    readonly number: number,
    private readonly workerData: WorkerData,
    private readonly onFree: (returned: readonly SubmittedTask[]) => void,
  ) {}

  enqueue({ task, events }: SubmittedTask): void {
    this.#worker ??= new WorkerThread(this.workerData, this.number, {
      onEvents: events => this.#handle(events),
      onDeath: outcome => this.#fail(outcome),
    });
    this.#retainedBytes = Math.max(this.#retainedBytes, task.memoryBytes);
    if (this.#queue.length === 0) this.#activeMs = 0;
    this.#queue.push({ task, events, number: this.#worker.post(task), startedMs: null });
  }

  /** Number of tasks, the running one included. */
  get queued(): number {
    return this.#queue.length;
  }

  get isIdle(): boolean {
    return this.#queue.length === 0 && this.#closing === 0 && !this.#retiring;
  }

  /** How many tasks to prefetch. */
  get prefetch(): number {
    return this.#retiring ? 0 : Math.min(MAX_PREFETCHED, Math.floor(PREFETCH_MS / this.#lastDurationMs));
  }

  /** Whether this task can be prefetched now. */
  canPrefetch({ memoryBytes }: TrajectoryTask): boolean {
    const isAtWork = this.#worker !== null && this.#queue.length > 0 && this.#activeMs < PREFETCH_MS;
    return (
      isAtWork &&
      !this.#retiring &&
      this.#queue.length <= this.prefetch &&
      !this.retainsTooMuchFor(memoryBytes)
    );
  }

  /** Whether the thread must be closed before it runs a task of so many peak bytes. */
  retainsTooMuchFor(bytes: number): boolean {
    return this.#retainedBytes > bytes + SPARE_BYTES;
  }

  /** Upper bound of the bytes that the thread retains: the peak of its largest task. */
  get retainedBytes(): number {
    return this.#retainedBytes;
  }

  /** Adds time in which the thread could work. Kills a trajectory that takes longer than `limitMs`. */
  addActiveTime(ms: number, limitMs: number, timedOut: FinalEvent): void {
    this.#activeMs += ms;
    if (this.#activeMs > limitMs) this.kill(timedOut);
    else if (this.#activeMs > PREFETCH_MS) this.#recall();
  }

  /** Ends the running trajectory with this event, and its thread in the middle of a computation. */
  kill(outcome: FinalEvent): void {
    const [first] = this.#queue;
    if (!first || !this.#worker) return;
    this.#worker.drain();
    if (this.#queue[0] !== first) return;
    // False: the thread has already claimed the next task, and the final event of this one is in transit.
    const isCurrent = this.#worker.skipAfter(first.number - 1) || this.#worker.skipAfter(first.number);
    if (isCurrent) this.#fail(outcome);
  }

  /**
   * Stops one trajectory at its next pulse, and returns true, if it runs here. Otherwise all that has not started returns
   * to the pool.
   */
  cancel(id: string): boolean {
    const queued = this.#queue.find(({ task }) => task.id === id);
    if (!queued || !this.#worker) return false;
    if (queued !== this.#queue[0] && this.#recall()) return false;
    this.#worker.stopTask(queued.number);
    setTimeout(() => {
      if (this.#queue[0] === queued) this.kill({ kind: 'stopped' });
    }, STOP_WITHIN_MS).unref();
    return true;
  }

  /** Stops the running trajectory at its next pulse, then ends the thread. Prefetched tasks return to the pool. */
  retire(): void {
    if (this.#queue.length === 0 || !this.#worker) {
      void this.close();
      return;
    }
    this.#recall();
    this.#worker.retire();
    // The thread may be paused.
    Atomics.notify(this.workerData.signal, 0);
    this.#retiring ??= setTimeout(() => {
      if (this.#queue.length > 0) this.kill({ kind: 'stopped' });
    }, STOP_WITHIN_MS);
  }

  /** Ends the thread and stops its tasks. The next `enqueue` starts another. */
  async close(): Promise<void> {
    if (this.#retiring) clearTimeout(this.#retiring);
    this.#retiring = null;
    for (const { events } of this.#queue.splice(0)) events.push({ kind: 'stopped' });
    const thread = this.#worker;
    this.#worker = null;
    this.#retainedBytes = 0;
    if (!thread) return;
    this.#closing++;
    await thread.terminate();
    this.#closing--;
    this.onFree([]);
  }

  /** Returns false if nothing waits behind the running task, or if the next one has started by now. */
  #recall(): boolean {
    const [first, next] = this.#queue;
    if (!first || !next || !this.#worker?.skipAfter(first.number)) return false;
    const returned = this.#queue.splice(1);
    first.number = returned.at(-1)!.number;
    this.onFree(returned);
    return true;
  }

  #handle(events: WorkerEvents): void {
    for (const event of events) {
      const [first, next] = this.#queue;
      // The task was killed.
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
      if (!isFinal(event)) continue;
      if (this.#retiring && this.#queue.length === 0) void this.close();
      else this.onFree([]);
    }
  }

  #fail(outcome: FinalEvent): void {
    const [first, ...returned] = this.#queue.splice(0);
    if (first) {
      // Counts as an attempt: a task that breaks its thread before it starts could otherwise be retried forever.
      if (first.startedMs === null && outcome.kind === 'failed')
        this.#report(first, { kind: 'started', slot: this.number });
      this.#report(first, outcome);
    }
    void this.close();
    this.onFree(returned);
  }

  #report({ events }: SubmittedTask, event: ExecutorEvent): void {
    if (isFinal(event)) this.finished++;
    // A thread may break because it is being stopped; that is not a fault of its trajectory.
    const isStopping = Atomics.load(this.workerData.signal, 0) === SIGNAL.stop;
    events.push(event.kind === 'failed' && isStopping ? { kind: 'stopped' } : event);
  }
}
