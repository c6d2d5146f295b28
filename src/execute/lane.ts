/**
 * One worker thread (a piscina of one) and the trajectory that it runs. Whatever becomes of the thread, the trajectory
 * ends with exactly one last event, after all that it said before; the next one gets a new thread where this is gone.
 */
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { TrajectoryEvent, TrajectoryTask } from '../domain/task.js';
import { workerFile } from '../paths.js';
import type { WorkerCall, WorkerData } from './pool.js';

/** A thread keeps the memory of the largest trajectory that it ran; for a smaller one it may keep this much more. */
export const SPARE_BYTES = 64 * 2 ** 20;
/**
 * What a thread may have on its heap, which holds no matrices: those are counted where trajectories are scheduled. One
 * that goes beyond is ended, rather than the process with all others.
 */
const HEAP_MB = 1024;
/**
 * Of short-lived objects. V8 would let it grow to 48, whose pages each thread then keeps; messages are few and small,
 * so that looking through it more often costs little.
 */
const YOUNG_MB = 6;
/** A thread that does not end within this, being inside the system, is left to itself. */
const FAREWELL_MS = 5_000;

export type LastEvent = Extract<TrajectoryEvent, { kind: 'done' | 'stopped' | 'failed' }>;

export const isLast = (event: TrajectoryEvent): event is LastEvent =>
  event.kind === 'done' || event.kind === 'stopped' || event.kind === 'failed';

export class Lane {
  readonly #workerData: WorkerData;
  #thread: Piscina<WorkerCall, void> | null = null;
  #heldBytes = 0;
  #kill: (as: LastEvent) => void = () => {};
  /** Resolves when the thread has loaded its modules: Node 20 does not survive that it is ended before. */
  #loaded = Promise.resolve();

  constructor(workerData: WorkerData) {
    this.#workerData = workerData;
  }

  /** One trajectory at a time. Resolves after its last event was told and, where it broke its thread, that is gone. */
  async run(task: TrajectoryTask, tell: (event: TrajectoryEvent) => void): Promise<void> {
    if (this.#heldBytes > task.memoryBytes + SPARE_BYTES) await this.close();
    this.#heldBytes = Math.max(this.#heldBytes, task.memoryBytes);
    this.#thread ??= this.#start();
    const { port1, port2 } = new MessageChannel();
    const killed = new AbortController();
    let ended = false;
    let whole = true;
    const hear = (event: TrajectoryEvent) => {
      if (ended) return;
      ended = isLast(event);
      tell(event);
    };
    /** What was said before may still be on its way. */
    const hearAll = () => {
      for (let said = receiveMessageOnPort(port1); said; said = receiveMessageOnPort(port1))
        hear(said.message);
    };
    this.#kill = as => {
      hearAll();
      whole = ended;
      hear(as);
      killed.abort();
    };
    port1.on('message', hear);
    try {
      await this.#thread.run(
        { task, port: port2 },
        { transferList: [port2 as never], signal: killed.signal as never },
      );
      hearAll();
      if (!ended) throw new Error('it returned without a last event');
    } catch (error) {
      this.#kill(threadEnded(error));
    } finally {
      this.#kill = () => {};
      port1.close();
    }
    if (!whole) await this.close();
  }

  /** What its thread holds, at most, beside SPARE_BYTES. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Ends the trajectory with this event, and its thread in the middle of whatever it does. */
  kill(as: LastEvent): void {
    this.#kill(as);
  }

  /** Ends the thread. Another is started when it is needed. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    this.#heldBytes = 0;
    if (!thread) return;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>(resolve => {
      timer = setTimeout(resolve, FAREWELL_MS);
    });
    await Promise.race([this.#loaded.then(() => thread.destroy()), enough]);
    clearTimeout(timer);
  }

  #start(): Piscina<WorkerCall, void> {
    const thread = new Piscina<WorkerCall, void>({
      filename: workerFile('trajectory'),
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // Worker threads with nothing to wait for in shared memory: events are too few for that to pay.
      atomics: 'disabled',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
      workerData: this.#workerData,
    });
    let isLoaded = false;
    this.#loaded = new Promise(resolve => {
      thread.once('workerCreate', () => {
        isLoaded = true;
        resolve();
      });
      thread.once('workerDestroy', () => resolve());
    });
    // A thread that ends before it takes its task: the task would wait for ever.
    thread.on('error', error => this.#kill(threadEnded(error)));
    thread.once('workerDestroy', () => {
      if (!isLoaded) setImmediate(this.#kill, threadEnded(new Error('it exited before it began')));
      if (this.#thread === thread) this.#thread = null;
    });
    return thread;
  }
}

/** What piscina says of a thread that is gone. Where `process.exit` was called, that is an error without a code. */
function threadEnded(error: unknown): LastEvent {
  const { message, stack, code }: NodeJS.ErrnoException =
    error instanceof Error ? error : new Error(String(error));
  return {
    kind: 'failed',
    code: code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'OUT_OF_MEMORY' : 'WORKER_DIED',
    message: `the worker thread ended: ${message}`,
    stack: stack ?? null,
  };
}
