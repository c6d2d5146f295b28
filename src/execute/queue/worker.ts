/**
 * A worker process: takes trajectories of any run on a server, as many as it has threads and memory for.
 *
 * Its main thread computes nothing, because leases are renewed there. It never sees a database, and it takes no code from
 * Redis: a task is numbers.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { processName } from '../../base/process-name.js';
import { provenance } from '../../base/provenance.js';
import type { EngineName } from '../../domain/types.js';
import type { QueueAddress } from './address.js';
import { connect, disconnect, runPipeline, withinMs } from './connection.js';
import { Execution } from './execution.js';
import { ALONE, jobId, parseJobId, RUN_NAME, RUNS_KEY, WAKE_CHANNEL } from './keys.js';
import type { Lease } from './lanes.js';
import { QUEUE_TIMES, type QueueTimes } from './options.js';
import { PoisonLog } from './poison.js';
import { Pools } from './pools.js';
import { fromBytes, type TicketedTask } from './task-message.js';
import { bytesOfImages, type WorkerData, type WorkerIdentity, WorkerRun } from './worker-run.js';

export interface QueueWorkerOptions {
  readonly address: QueueAddress;
  readonly threads: number;
  /** Bytes that it may take, images included. */
  readonly memoryBytes: number;
  readonly data: WorkerData;
  /** Takes runs of this engine only. */
  readonly engine?: EngineName | null;
  /** Takes this run only. */
  readonly run?: string;
  /** Ends after so long without a trajectory. */
  readonly untilIdleMs?: number | undefined;
  /** An abort makes it hand back what it computes, with snapshots, and leave. */
  readonly signal?: AbortSignal;
  readonly times?: Partial<QueueTimes>;
  /** What happens, one line each. */
  report(line: string): void;
  /** It is connected, and looks for runs. */
  onReady?(): void;
}

/** A worker that leaves waits no longer than this for snapshots and for Redis. */
const LEAVE_WITHIN_MS = 20_000;
/** Runs beyond these are not looked at. */
const MAX_RUNS = 1_000;
/** Leases that are asked for at once. */
const MAX_LEASES = 64;
/** So often a trajectory is left to another worker that is to compute it a second time. */
const MAX_AVOIDED = 5;

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
  readonly #pools: Pools;
  readonly #poison: PoisonLog;
  readonly #leases: NodeJS.Timeout;
  readonly #avoided = new Map<string, number>();
  #turn = 0;
  #lastAtWorkMs = performance.now();
  #isTaking = false;
  #isAskedAgain = false;
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
    this.#pools = new Pools(threads);
    // Until the end: what is handed back is leased until then.
    this.#leases = setInterval(() => void this.#renewLeases(), options.times.leaseMs / 4);
    this.#poison = new PoisonLog(report);
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
      if (this.#running().length > 0) this.#lastAtWorkMs = performance.now();
      if (performance.now() - this.#lastAtWorkMs > untilIdleMs) this.#stop();
      void this.#lookAndTake();
    }, times.beatMs);
    void this.#lookAndTake();
    try {
      await stopped;
    } finally {
      this.#isLeaving = true;
      clearInterval(beats);
    }
  }

  /** A run has something new: tasks, or a wish. */
  wake(message: string): void {
    const run = this.#runs.get(message);
    if (run?.isOpen && run.lanes.names().length > 0) void this.#take();
    else void this.#lookAndTake();
  }

  /** Hands everything back. */
  async leave(): Promise<void> {
    const running = this.#running();
    for (const execution of running) execution.stop('leave');
    await Promise.all(running.map(({ ended }) => ended));
    await Promise.all([...this.#runs.values()].map(run => run.leave()));
  }

  async close(): Promise<void> {
    clearInterval(this.#leases);
    this.#poison.end();
    await this.#pools.close();
  }

  #running(): Execution[] {
    return [...this.#runs.values()].flatMap(({ running }) => [...running]);
  }

  async #renewLeases(): Promise<void> {
    // An error leaves it to the next time: a lease outlives several.
    for (const run of this.#runs.values()) await run.renewLeases().catch(() => {});
  }

  async #lookAndTake(): Promise<void> {
    await this.#look();
    await this.#take();
  }

  /** Looks for runs, and at what each of them wants. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#isLeaving) return;
    this.#isLooking = true;
    try {
      for (const name of (await this.redis.smembers(RUNS_KEY)).slice(0, MAX_RUNS)) this.#meet(name);
      const wanted = this.options.threads + this.#pools.prefetch();
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

  /** Takes trajectories while there is room, from one run after the other. */
  async #take(): Promise<void> {
    this.#isAskedAgain = true;
    if (this.#isTaking) return;
    this.#isTaking = true;
    try {
      while (this.#isAskedAgain && !this.#isLeaving) {
        this.#isAskedAgain = false;
        while (await this.#takeTurn());
      }
    } catch {
      // Redis is away, or refuses: the next heartbeat tries again.
    } finally {
      this.#isTaking = false;
    }
  }

  /** Takes what one run has, as far as there is room and it is its turn. Returns whether it took anything. */
  async #takeTurn(): Promise<boolean> {
    const open = [...this.#runs.values()].filter(({ isOpen }) => isOpen);
    for (let i = 0; i < open.length; i++) {
      const run = open[this.#turn++ % open.length]!;
      const most = open.length > 1 ? 1 : MAX_LEASES;
      for (const lane of run.lanes.names()) {
        const room = Math.min(most, this.#room(lane, run.lanes.bytesOf(lane)));
        if (room > 0 && !this.#isLeaving && (await this.#takeFrom(run, lane, room))) return true;
      }
    }
    return false;
  }

  /** How many trajectories of a lane may be taken now. Memory holds as many of the largest as there are threads. */
  #room(lane: string, bytes: number): number {
    const { threads } = this.options;
    const running = this.#running();
    if (running.some(each => each.lane === ALONE)) return 0;
    if (lane === ALONE) return running.length === 0 && bytes <= this.#budget() ? 1 : 0;
    const room = threads + this.#pools.prefetch() - running.length;
    const peaks = running.map(each => each.bytes);
    for (let count = 1; count <= room; count++) {
      peaks.push(bytes);
      const atOnce = peaks.toSorted((a, b) => b - a).slice(0, threads);
      if (atOnce.reduce((sum, peak) => sum + peak, 0) > this.#budget()) return count - 1;
    }
    return room;
  }

  /** Bytes for trajectories: all but the images. */
  #budget(): number {
    const datasets = new Map([...this.#runs.values()].flatMap(run => [...run.datasets]));
    return this.#identity.memoryBytes - bytesOfImages(datasets);
  }

  /** Leases one, then twice as many as long as there are more: a lease that finds nothing costs as much. */
  async #takeFrom(run: WorkerRun, lane: string, room: number): Promise<boolean> {
    let taken = 0;
    for (let ask = 1; taken < room; ask *= 2) {
      const count = Math.min(ask, room - taken);
      const results = await Promise.allSettled(Array.from({ length: count }, () => run.lanes.take(lane)));
      const leases: Lease[] = [];
      for (const result of results) {
        if (result.status === 'rejected') this.#onLeaseError(run, result.reason);
        else if (result.value) leases.push(result.value);
      }
      taken += leases.length;
      await this.#startAll(run, leases);
      if (leases.length < count) break;
    }
    return taken > 0;
  }

  /** What BullMQ cannot read was not written by it. An error of the connection is no reason to count. */
  #onLeaseError(run: WorkerRun, error: Error): void {
    if (error instanceof SyntaxError || error instanceof TypeError)
      this.#poison.add('a job', run.name, error.message.slice(0, 200));
  }

  async #startAll(run: WorkerRun, leases: readonly Lease[]): Promise<void> {
    const known = leases.flatMap(lease => {
      const job = parseJobId(lease.job.id ?? '');
      return job ? [{ lease, ...job }] : [];
    });
    if (known.length === 0) return;
    const pipeline = this.redis.pipeline();
    pipeline.hmgetBuffer(run.keys.tasks, ...known.map(({ id }) => id));
    pipeline.hmget(run.keys.snapshots, ...known.map(({ ticket }) => ticket));
    const [tasks, snapshots] = (await runPipeline(pipeline)) as [(Buffer | null)[], (string | null)[]];
    for (const [i, { lease }] of known.entries()) {
      const work = this.#workOf(run, lease, tasks[i] ?? null);
      if (!work) void lease.job.moveToCompleted(null, lease.token, false).catch(() => {});
      else if (this.#mustAvoid(work)) void lease.job.moveToWait(lease.token).catch(() => {});
      else this.#start(run, lease, work, snapshots[i] !== null);
    }
  }

  /** The work of a lease; null if it is void, or poison. */
  #workOf(run: WorkerRun, { job }: Lease, packed: Buffer | null): TicketedTask | null {
    if (!packed) return null;
    try {
      const work = fromBytes(packed);
      return jobId(work.task.id, work.ticket) === job.id ? work : null;
    } catch (error) {
      this.#poison.add('a task', run.name, (error as Error).message);
      return null;
    }
  }

  /** Whether another worker is to compute it. Where none comes, this one does after a while. */
  #mustAvoid({ task, ticket }: TicketedTask): boolean {
    if (task.avoid !== processName(this.#identity.by)) return false;
    const times = (this.#avoided.get(ticket) ?? 0) + 1;
    this.#avoided.set(ticket, times);
    return times <= MAX_AVOIDED;
  }

  #start(run: WorkerRun, lease: Lease, work: TicketedTask, hasSnapshot: boolean): void {
    const { engine } = work.task.config;
    const { pool, release } = this.#pools.acquire({
      engine,
      datasets: run.datasets,
      timeoutS: work.timeoutS,
    });
    const key = `${this.#identity.id}-${randomBytes(4).toString('hex')}`;
    const snapshot = hasSnapshot ? run.snapshots.read(work.ticket).catch(() => null) : null;
    const execution = new Execution(lease, key, work, snapshot, {
      pool,
      sender: run.sender,
      snapshots: run.snapshots,
      counts: run.counts,
    });
    run.running.add(execution);
    void execution.ended.finally(() => {
      run.running.delete(execution);
      release();
      void this.#take();
    });
    if (this.#isLeaving) execution.stop('leave');
  }
}
