/** One worker thread: a piscina of one, with one task that lasts as long as the thread. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { workerFile } from '../base/paths.js';
import type { TrajectoryTask } from '../domain/messages.js';
import type { FinalEvent } from './event-queue.js';
import type { NumberedTask, WorkerCall, WorkerData, WorkerEvents } from './protocol.js';

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
const TERMINATE_WITHIN_MS = 5_000;

export interface WorkerThreadListener {
  onEvents(said: WorkerEvents): void;
  /** Once, where nobody ended it, after all that it said; as the end of what it was at. */
  onDeath(as: FinalEvent): void;
}

export class WorkerThread {
  readonly #piscina: Piscina<WorkerCall, never>;
  readonly #port: MessagePort;
  readonly #claimed = new Int32Array(new SharedArrayBuffer(4));
  /** Resolves when the thread has loaded its modules: Node 20 does not survive that it is ended before. */
  readonly #loaded: Promise<void>;
  readonly #listener: WorkerThreadListener;
  #posted = 0;
  #isOver = false;

  constructor(workerData: WorkerData, slot: number, listener: WorkerThreadListener) {
    this.#listener = listener;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1.on('message', (said: WorkerEvents) => {
      if (!this.#isOver) listener.onEvents(said);
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
    // A thread that ends before it takes its task: the task would wait for ever.
    this.#piscina.on('error', error => this.#died(error));
    this.#piscina.once('workerDestroy', () => {
      if (!isLoaded) setImmediate(() => this.#died(new Error('it exited before it began')));
    });
    const call: WorkerCall = { port: port2, claimed: this.#claimed, slot };
    this.#piscina.run(call, { transferList: [port2 as never] }).catch((error: unknown) => this.#died(error));
  }

  /** Returns the trajectory's number. It begins when those before it have ended. */
  post(task: TrajectoryTask): number {
    const numbered: NumberedTask = { number: ++this.#posted, task };
    this.#port.postMessage(numbered);
    return this.#posted;
  }

  /** Has it begin none after `number`, which it must be at. Whether it was. */
  skipAfter(number: number): boolean {
    return Atomics.compareExchange(this.#claimed, 0, number, this.#posted) === number;
  }

  /** What it has said may still be on its way. */
  drain(): void {
    for (let said = receiveMessageOnPort(this.#port); said; said = receiveMessageOnPort(this.#port))
      this.#listener.onEvents(said.message);
  }

  /** In the middle of whatever it does. */
  async terminate(): Promise<void> {
    this.#isOver = true;
    this.#port.close();
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>(resolve => {
      timer = setTimeout(resolve, TERMINATE_WITHIN_MS);
    });
    await Promise.race([this.#loaded.then(() => this.#piscina.destroy()), enough]);
    clearTimeout(timer);
  }

  #died(error: unknown): void {
    if (this.#isOver) return;
    this.drain();
    this.#isOver = true;
    this.#listener.onDeath(threadEnded(error));
  }
}

/** What piscina says of a thread that is gone. Where `process.exit` was called, that is an error without a code. */
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
