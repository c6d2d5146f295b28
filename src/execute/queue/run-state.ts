/** What a run says about itself in Redis: its name, its manifest, its epoch, and whether it stops. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { QueueError } from '../../base/errors.js';
import { pack } from './codec.js';
import { runPipeline } from './connection.js';
import { KEEP_S, RUNS_KEY, type RunKeys, WAKE_CHANNEL, wish } from './keys.js';
import { type Manifest, oneLine } from './schemas.js';

export const CONTROL = { go: 'go', stop: 'stop' } as const;

/** How long a name stays taken after its run has died. A restarted run of the same database takes it over at once. */
const OWNED_MS = 60_000;

export class RunState {
  /** Changes whenever Redis has lost what the run had put there. */
  #epoch = newEpoch();

  /** @param database names the database, on any machine. */
  constructor(
    private readonly redis: Redis,
    private readonly keys: RunKeys,
    private readonly manifest: Manifest,
    private readonly database: string,
  ) {}

  /** Takes the name. @throws QueueError QUEUE_IN_USE if a run on another database has it. */
  async acquire(): Promise<void> {
    const mine = this.#owner();
    const isFree = await this.redis.set(this.keys.owner, mine, 'PX', OWNED_MS, 'NX');
    if (isFree) return;
    const [database = '', where = 'another run'] = (await this.redis.get(this.keys.owner))?.split('\n') ?? [];
    if (database !== this.database)
      throw new QueueError(
        'QUEUE_IN_USE',
        `--queue-name ${this.manifest.run}: in use by ${oneLine(where.slice(0, 200))}, expected another name`,
      );
    await this.redis.set(this.keys.owner, mine, 'PX', OWNED_MS);
  }

  /** Publishes the run in a new epoch: everything that workers of an earlier one do is void. */
  async publish(): Promise<void> {
    this.#epoch = newEpoch();
    const { state } = this.keys;
    const pipeline = this.redis.pipeline();
    pipeline.hset(state, 'manifest', pack(this.manifest));
    pipeline.hset(state, 'epoch', this.#epoch, 'control', CONTROL.go);
    pipeline.expire(state, KEEP_S);
    pipeline.sadd(RUNS_KEY, this.manifest.run);
    pipeline.publish(WAKE_CHANNEL, wish(this.manifest.run));
    await runPipeline(pipeline);
  }

  /** Keeps the name, and returns whether Redis still knows the run. */
  async renew(): Promise<boolean> {
    const pipeline = this.redis.pipeline();
    pipeline.set(this.keys.owner, this.#owner(), 'PX', OWNED_MS);
    pipeline.hget(this.keys.state, 'epoch');
    pipeline.expire(this.keys.state, KEEP_S);
    pipeline.sismember(RUNS_KEY, this.manifest.run);
    const [, epoch, , isListed] = await runPipeline(pipeline);
    return epoch === this.#epoch && isListed === 1;
  }

  /** Makes workers stop, hand in snapshots, and take nothing more of the run. */
  stop(): Promise<unknown> {
    const pipeline = this.redis.pipeline().hset(this.keys.state, 'control', CONTROL.stop);
    return runPipeline(pipeline.publish(WAKE_CHANNEL, wish(this.manifest.run)));
  }

  /** Takes the run off the list. What was sent to it stays, unless `isDone`. */
  async leave(isDone: boolean): Promise<void> {
    const { keys } = this;
    const pipeline = this.redis.pipeline().srem(RUNS_KEY, this.manifest.run);
    pipeline.unlink(keys.owner, keys.workers, keys.refusals, keys.state, keys.tickets, keys.lanes);
    if (isDone) pipeline.unlink(keys.tasks, keys.events, keys.snapshots);
    pipeline.publish(WAKE_CHANNEL, wish(this.manifest.run));
    await runPipeline(pipeline);
  }

  #owner(): string {
    return `${this.database}\n${this.manifest.sweep} (process ${process.pid} on ${hostname()})`;
  }
}

const newEpoch = (): string => randomBytes(8).toString('hex');
