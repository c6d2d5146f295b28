/** One worker thread: a piscina pool of one, running one piscina task that lasts as long as the thread. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { workerFile } from '../base/paths.js';
import type { TrajectoryTask } from '../domain/messages.js';
import type { FinalEvent } from './event-queue.js';
import type { NumberedTask, WorkerCall, WorkerData, WorkerEvents } from './protocol.js';

/**
 * V8 heap limit of a thread. The heap holds no matrices; the scheduler budgets those. A thread that exceeds the limit
 * ends alone, instead of the process with all threads.
 */
const HEAP_MB = 1024;
/**
 * Limit of the heap's young generation. V8's default is 48 MB, and every thread keeps the pages it grew to. Messages
 * are few and small, so the more frequent collections cost little.
 */
const YOUNG_MB = 6;
/** A thread that does not end within this time is inside a system call, and is abandoned. */
const TERMINATE_WITHIN_MS = 5_000;

export interface WorkerThreadListener {
  onEvents(events: WorkerEvents): void;
  /** Called once, after all events, if the thread ends without `terminate`. `outcome` ends its running task. */
  onDeath(outcome: FinalEvent): void;
}

export class WorkerThread {
  readonly #piscina: Piscina<WorkerCall, never>;
  readonly #port: MessagePort;
  readonly #claimed = new Int32Array(new SharedArrayBuffer(4));
  readonly #retired = new Int32Array(new SharedArrayBuffer(4));
  readonly #stopped = new Int32Array(new SharedArrayBuffer(4));
  /** Resolves when the thread has loaded its modules: Node 20 crashes if a thread is terminated earlier. */
  readonly #loaded: Promise<void>;
  readonly #listener: WorkerThreadListener;
  #posted = 0;
  #isOver = false;

  constructor(workerData: WorkerData, slot: number, listener: WorkerThreadListener) {
    this.#listener = listener;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1.on('message', (events: WorkerEvents) => {
      if (!this.#isOver) listener.onEvents(events);
    });
    this.#piscina = new Piscina<WorkerCall, never>({
      filename: workerFile('trajectory'),
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: 'disabled',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_MB },
      workerData,
    });
    let isLoaded = false;
    this.#loaded = new Promise(resolve => {
      this.#piscina.once('workerCreate', () => {
        isLoaded = true;
        resolve();
      });
      this.#piscina.once('workerDestroy', () => resolve());
    });
    // If the thread ends before it takes its piscina task, `run` never settles; these two events report it.
    this.#piscina.on('error', error => this.#died(error));
    this.#piscina.once('workerDestroy', () => {
      if (!isLoaded) setImmediate(() => this.#died(new Error('it exited before it began')));
    });
    const call: WorkerCall = {
      port: port2,
      claimed: this.#claimed,
      retired: this.#retired,
      stopped: this.#stopped,
      slot,
    };
    this.#piscina.run(call, { transferList: [port2 as never] }).catch((error: unknown) => this.#died(error));
  }

  /** Makes it stop its tasks at their next pulse, and every later one. */
  retire(): void {
    this.#retired[0] = 1;
  }

  /** Makes it stop the task of this number at its next pulse. */
  stopTask(number: number): void {
    this.#stopped[0] = number;
  }

  /** Returns the task's number. The thread starts it when all earlier ones have ended. */
  post(task: TrajectoryTask): number {
    const numbered: NumberedTask = { number: ++this.#posted, task };
    this.#port.postMessage(numbered);
    return this.#posted;
  }

  /** Cancels all tasks after `number` if that is the last one claimed. Returns whether it was. */
  skipAfter(number: number): boolean {
    return Atomics.compareExchange(this.#claimed, 0, number, this.#posted) === number;
  }

  /** Delivers the events that wait on the port, without a turn of the event loop. */
  drain(): void {
    for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port))
      this.#listener.onEvents(next.message);
  }

  /** Ends the thread in the middle of a computation. Resolves after TERMINATE_WITHIN_MS at the latest. */
  async terminate(): Promise<void> {
    this.#isOver = true;
    this.#port.close();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>(resolve => {
      timer = setTimeout(resolve, TERMINATE_WITHIN_MS);
    });
    await Promise.race([this.#loaded.then(() => this.#piscina.destroy()), timeout]);
    clearTimeout(timer);
  }

  #died(error: unknown): void {
    if (this.#isOver) return;
    this.drain();
    this.#isOver = true;
    this.#listener.onDeath(threadEnded(error));
  }
}

/** The final event for the error with which piscina reports a lost thread. After `process.exit` it has no code. */
function threadEnded(error: unknown): FinalEvent {
  const { message, stack, code }: NodeJS.ErrnoException =
    error instanceof Error ? error : new Error(String(error));
  return {
    kind: 'failed',
    code: code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'OUT_OF_MEMORY' : 'WORKER_DIED',
    message: `the worker thread ended: ${message}`,
    stack: stack ?? null,
  };
}
