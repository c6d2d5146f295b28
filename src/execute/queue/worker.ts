/**
 * A worker process: takes trajectories of any run on a server, as many as it has threads and memory for.
 *
 * Its main thread computes nothing, because leases are renewed there. It never sees a database, and it takes no code from
 * Redis: a task is numbers.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { provenance } from '../../base/provenance.js';
import type { EngineName } from '../../domain/types.js';
import type { QueueAddress } from './address.js';
import { connect, disconnect, withinMs } from './connection.js';
import { RUN_NAME, RUNS_KEY, WAKE_CHANNEL } from './keys.js';
import { LEAVE_WITHIN_MS, QUEUE_TIMES, type QueueTimes } from './options.js';
import { PoisonLog } from './poison.js';
import { Taker } from './taker.js';
import { type WorkerData, type WorkerIdentity, WorkerRun } from './worker-run.js';

/** What `runQueueWorker` needs to know. */
export interface QueueWorkerOptions {
  readonly address: QueueAddress;
  /** Trajectories at once. */
  readonly threads: number;
  /** Bytes that it may take, images included. */
  readonly memoryBytes: number;
  /** `createWorkerData` makes it. */
  readonly data: WorkerData;
  /** Takes runs of this engine only. */
  readonly engine?: EngineName | null;
  /** Takes this run only. */
  readonly run?: string;
  /** Ends after so many milliseconds without a trajectory. */
  readonly untilIdleMs?: number | undefined;
  /** An abort makes it hand back what it computes, with snapshots, and leave. */
  readonly signal?: AbortSignal;
  /** @internal */
  readonly times?: Partial<QueueTimes>;
  /** What happens, one line each. */
  report(line: string): void;
  /** It is connected, and looks for runs. */
  onReady?(): void;
}

/** Runs beyond these are not looked at. */
const MAX_RUNS = 1_000;

/** Resolves when the worker has left. @throws QueueError if the server cannot be reached at the start. */
export async function runQueueWorker(options: QueueWorkerOptions): Promise<void> {
  const { address, report } = options;
  const times = { ...QUEUE_TIMES, ...options.times };
  let isLeaving = false;
  const redis = await connect(address, times, {
    onLost: reason => isLeaving || report(`${address.shown} cannot be reached (${reason}); trying again`),
    onBack: () => isLeaving || report(`${address.shown} can be reached again`),
  });
  const wakes = await connect(address, times);
  const worker = new QueueWorker({ ...options, times }, redis);
  await wakes.subscribe(WAKE_CHANNEL);
  wakes.on('message', (_, run) => worker.wake(run));
  options.onReady?.();
  try {
    await worker.work();
  } finally {
    isLeaving = true;
    disconnect(wakes);
    await withinMs(worker.leave(), LEAVE_WITHIN_MS);
    disconnect(redis);
    await worker.close();
  }
}

class QueueWorker {
  readonly #runs = new Map<string, WorkerRun>();
  readonly #identity: WorkerIdentity;
  readonly #poison: PoisonLog;
  readonly #taker: Taker;
  readonly #leases: NodeJS.Timeout;
  #lastAtWorkMs = performance.now();
  #isLooking = false;
  #isLeaving = false;
  #stop = () => {};

  constructor(
    private readonly options: QueueWorkerOptions & { readonly times: QueueTimes },
    private readonly redis: Redis,
  ) {
    const { threads, engine = null, memoryBytes, report } = options;
    this.#identity = {
      id: randomBytes(8).toString('hex'),
      by: provenance(threads),
      engine,
      memoryBytes,
      since: new Date().toISOString(),
    };
    // Until the end: what is handed back is leased until then.
    this.#leases = setInterval(() => void this.#renewLeases(), options.times.leaseMs / 4);
    this.#poison = new PoisonLog(report);
    this.#taker = new Taker(redis, this.#runs, this.#identity, threads, this.#poison);
  }

  /** Works until it is told to leave, or has been idle for long enough. */
  async work(): Promise<void> {
    const { times, signal, untilIdleMs = Number.POSITIVE_INFINITY } = this.options;
    const stopped = new Promise<void>(resolve => {
      this.#stop = resolve;
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
    const beats = setInterval(() => {
      if (this.#taker.running().length > 0) this.#lastAtWorkMs = performance.now();
      if (performance.now() - this.#lastAtWorkMs > untilIdleMs) this.#stop();
      void this.#lookAndTake();
    }, times.beatMs);
    void this.#lookAndTake();
    try {
      await stopped;
    } finally {
      this.#isLeaving = true;
      this.#taker.leave();
      clearInterval(beats);
    }
  }

  /** A run has something new: tasks, or a wish. */
  wake(message: string): void {
    const run = this.#runs.get(message);
    if (run?.isOpen && run.lanes.names().length > 0) void this.#taker.take();
    else void this.#lookAndTake();
  }

  /** Hands everything back. */
  async leave(): Promise<void> {
    const running = this.#taker.running();
    for (const execution of running) execution.stop('leave');
    await Promise.all(running.map(({ ended }) => ended));
    await Promise.all([...this.#runs.values()].map(run => run.leave()));
  }

  async close(): Promise<void> {
    clearInterval(this.#leases);
    this.#poison.end();
    await this.#taker.close();
  }

  async #renewLeases(): Promise<void> {
    // An error leaves it to the next time: a lease outlives several.
    for (const run of this.#runs.values()) await run.renewLeases().catch(() => {});
  }

  async #lookAndTake(): Promise<void> {
    await this.#look();
    await this.#taker.take();
  }

  /** Looks for runs, and at what each of them wants. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#isLeaving) return;
    this.#isLooking = true;
    try {
      for (const name of (await this.redis.smembers(RUNS_KEY)).slice(0, MAX_RUNS)) this.#meet(name);
      const { wanted } = this.#taker;
      await Promise.all(
        [...this.#runs].map(async ([name, run]) => {
          if ((await run.look(wanted, this.#poison.count)) || run.running.size > 0) return;
          this.#runs.delete(name);
          await run.leave();
        }),
      );
    } catch {
      // Redis is away, or refuses: the next look may succeed.
    } finally {
      this.#isLooking = false;
    }
  }

  #meet(name: string): void {
    const { run: only, data, times, report } = this.options;
    if (
      this.#isLeaving ||
      this.#runs.has(name) ||
      (only !== undefined && name !== only) ||
      !RUN_NAME.test(name)
    )
      return;
    const hooks = {
      report,
      poison: (what: string, reason: string) => this.#poison.add(what, name, reason),
    };
    this.#runs.set(name, new WorkerRun(name, this.redis, this.#identity, data, times, hooks));
  }
}
