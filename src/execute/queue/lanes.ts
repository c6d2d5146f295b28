/** The BullMQ queues of a run, as a worker takes jobs from them by hand: BullMQ leases, the worker decides when. */
import { randomUUID } from 'node:crypto';
import { createRedisBackend, type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { ALONE, BULL_PREFIX, queueName } from './keys.js';
import type { QueueTimes } from './options.js';

export interface Lease {
  readonly lane: string;
  readonly job: Job;
  readonly token: string;
}

export class Lanes {
  readonly #lanes = new Map<string, { readonly worker: Worker; bytes: number }>();
  #isClosed = false;

  constructor(
    private readonly redis: Redis,
    private readonly run: string,
    private readonly times: QueueTimes,
  ) {}

  /** Takes over the lanes and their largest trajectories, as the run states them. */
  update(stated: Readonly<Record<string, string>>): void {
    if (this.#isClosed) return;
    for (const [lane, bytes] of Object.entries(stated)) {
      const isLane = lane === ALONE || /^\d{1,3}$/.test(lane);
      if (!isLane || !(Number(bytes) >= 0)) continue;
      const known = this.#lanes.get(lane);
      if (known) known.bytes = Number(bytes);
      else this.#lanes.set(lane, { worker: this.#open(lane), bytes: Number(bytes) });
    }
  }

  /** Lanes of the largest trajectories first. */
  names(): string[] {
    return [...this.#lanes].sort(([, a], [, b]) => b.bytes - a.bytes).map(([lane]) => lane);
  }

  bytesOf(lane: string): number {
    return this.#lanes.get(lane)!.bytes;
  }

  /** Leases the next trajectory of a lane; null if none waits. */
  async take(lane: string): Promise<Lease | null> {
    const token = randomUUID();
    const job = await this.#lanes.get(lane)!.worker.getNextJob(token, { block: false });
    return job ? { lane, job, token } : null;
  }

  /** Renews leases. Returns those that are lost. */
  async renew<L extends Lease>(leases: readonly L[]): Promise<L[]> {
    const lost: L[] = [];
    for (const [lane, { worker }] of this.#lanes) {
      const ofLane = leases.filter(lease => lease.lane === lane);
      if (ofLane.length === 0) continue;
      const ids = ofLane.map(({ job }) => job.id!);
      const tokens = ofLane.map(({ token }) => token);
      const failed = new Set(await worker.extendJobLocks(ids, tokens, this.times.leaseMs));
      lost.push(...ofLane.filter(({ job }) => failed.has(job.id!)));
    }
    return lost;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#lanes.values()].map(({ worker }) => worker.close(true).catch(() => {})));
    this.#lanes.clear();
  }

  #open(lane: string): Worker {
    // Without a blocking connection, of which every lane would have its own.
    const worker = new Worker(
      queueName(this.run, lane),
      null,
      {
        connection: this.redis as never,
        prefix: BULL_PREFIX,
        autorun: false,
        skipVersionCheck: true,
        lockDuration: this.times.leaseMs,
        stalledInterval: this.times.stallCheckMs,
        maxStalledCount: Number.MAX_SAFE_INTEGER,
      },
      (name, options) => createRedisBackend(name, options),
    );
    worker.on('error', () => {});
    void worker.startStalledCheckTimer();
    return worker;
  }
}
