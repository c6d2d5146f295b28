/** Takes trajectories for a worker: from which run, how many its threads and memory hold, and starts them. */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { processName } from '../../base/process-name.js';
import { runPipeline } from './connection.js';
import { Execution } from './execution.js';
import { ALONE, jobId, parseJobId } from './keys.js';
import type { Lease } from './lanes.js';
import type { PoisonLog } from './poison.js';
import { Pools } from './pools.js';
import { fromBytes, type TicketedTask } from './task-message.js';
import { bytesOfImages, type WorkerIdentity, type WorkerRun } from './worker-run.js';

/** Leases that are asked for at once. */
const MAX_LEASES = 64;
/** So often a trajectory is left to another worker that is to compute it a second time. */
const MAX_AVOIDED = 5;

export class Taker {
  readonly #pools: Pools;
  readonly #avoided = new Map<string, number>();
  #turn = 0;
  #isTaking = false;
  #isAskedAgain = false;
  #isLeaving = false;

  /** @param runs those that the worker has found, whether they hand out to it or not. */
  constructor(
    private readonly redis: Redis,
    private readonly runs: ReadonlyMap<string, WorkerRun>,
    private readonly identity: WorkerIdentity,
    private readonly threads: number,
    private readonly poison: PoisonLog,
  ) {
    this.#pools = new Pools(threads);
  }

  running(): Execution[] {
    return [...this.runs.values()].flatMap(({ running }) => [...running]);
  }

  /** How many trajectories the worker takes at once, those ahead included. */
  get wanted(): number {
    return this.threads + this.#pools.prefetch();
  }

  /** Nothing is taken any more. */
  leave(): void {
    this.#isLeaving = true;
  }

  close(): Promise<void> {
    return this.#pools.close();
  }

  /** Takes trajectories while there is room, from one run after the other. */
  async take(): Promise<void> {
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
    const open = [...this.runs.values()].filter(({ isOpen }) => isOpen);
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
    const { threads } = this;
    const running = this.running();
    if (running.some(each => each.lane === ALONE)) return 0;
    if (lane === ALONE) return running.length === 0 && bytes <= this.#budget() ? 1 : 0;
    const room = this.wanted - running.length;
    const budget = this.#budget();
    const peaks = running.map(each => each.bytes);
    for (let count = 1; count <= room; count++) {
      peaks.push(bytes);
      const atOnce = peaks.toSorted((a, b) => b - a).slice(0, threads);
      if (atOnce.reduce((sum, peak) => sum + peak, 0) > budget) return count - 1;
    }
    return room;
  }

  /** Bytes for trajectories: all but the images. */
  #budget(): number {
    const datasets = new Map([...this.runs.values()].flatMap(run => [...run.datasets]));
    return this.identity.memoryBytes - bytesOfImages(datasets);
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
      this.poison.add('a job', run.name, error.message.slice(0, 200));
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
      this.poison.add('a task', run.name, (error as Error).message);
      return null;
    }
  }

  /** Whether another worker is to compute it. Where none comes, this one does after a while. */
  #mustAvoid({ task, ticket }: TicketedTask): boolean {
    if (task.avoid !== processName(this.identity.by)) return false;
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
    const key = `${this.identity.id}-${randomBytes(4).toString('hex')}`;
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
      void this.take();
    });
    if (this.#isLeaving) execution.stop('leave');
  }
}
