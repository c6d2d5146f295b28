/** Hands trajectories out: their task, their ticket and their snapshot, then a job in the BullMQ queue of their lane. */
import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { TrajectoryTask } from '../../domain/messages.js';
import { pack } from './codec.js';
import { runPipeline } from './connection.js';
import { BULL_PREFIX, jobId, KEEP_S, laneOf, queueName, type RunKeys, WAKE_CHANNEL, wish } from './keys.js';
import type { PoisonLog } from './poison.js';
import { SnapshotTransfer } from './snapshots.js';
import { fromBytes, type TicketedTask, toMessage } from './task-message.js';

const BATCH = 200;
const WAKE_EVERY_MS = 5;

/** A trajectory to hand out, with the snapshot of its task that its worker may go on from. */
interface HandedOut extends TicketedTask {
  /** Asked right before it is handed out. */
  isWanted(): boolean;
  /** It is handed out with this ticket: its own, or that of an earlier coordinator whose job is still there. */
  onHandedOut(ticket: string): void;
}

/** Redis refuses, or the run ends. The reconciler looks for the jobs of what was handed out. */
const ignored = () => {};

export const newTicket = (): string => randomBytes(6).toString('hex');

export class HandOut {
  readonly snapshots: SnapshotTransfer;
  readonly #lanes = new Map<string, { readonly queue: Queue; bytes: number }>();
  #waiting: HandedOut[] = [];
  /** Trajectories whose tasks and tickets are to be deleted: together, since each command costs a system call. */
  #withdrawn: string[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #isScheduled = false;
  #waking: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** Trajectories that an earlier coordinator has handed out. */
  readonly #leftOver = new Set<string>();

  constructor(
    private readonly redis: Redis,
    private readonly run: string,
    private readonly keys: RunKeys,
    poison: PoisonLog,
  ) {
    this.snapshots = new SnapshotTransfer(redis, keys, reason => poison.add('a snapshot', run, reason));
  }

  /** Looks up what an earlier coordinator has handed out, and withdraws what nobody needs any more. */
  async start(isNeeded: (id: string) => boolean): Promise<void> {
    for (const lane of await this.redis.hkeys(this.keys.lanes)) this.#widen(lane, 0);
    for (const id of await this.redis.hkeys(this.keys.tasks)) {
      if (isNeeded(id)) this.#leftOver.add(id);
      else this.withdraw(id, null, false);
    }
  }

  /** Handed out in the order of the calls, but for those with a snapshot, whose transfer delays no other. */
  add(task: HandedOut): void {
    this.#waiting.push(task);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flushing = this.#flushing.then(() => this.#flush());
    });
  }

  /** Replaces a task that is handed out, so that whoever executes it next knows what was heard since. */
  update(task: TicketedTask): void {
    void this.redis.hset(this.keys.tasks, task.task.id, pack(toMessage(task))).catch(ignored);
  }

  /** Whether the jobs of these tickets exist, waiting or leased. */
  async areThere(tasks: readonly { readonly lane: string; readonly id: string; readonly ticket: string }[]) {
    const pipeline = this.redis.pipeline();
    for (const { lane, id, ticket } of tasks) pipeline.exists(this.#jobKey(lane, id, ticket));
    return (await runPipeline(pipeline)).map(found => found === 1);
  }

  /** Makes the ticket of a trajectory invalid. @param withSnapshot its worker is to hand in a snapshot first. */
  withdraw(id: string, ticket: string | null, withSnapshot: boolean): void {
    if (withSnapshot && ticket !== null) {
      void this.redis.hset(this.keys.tickets, id, `${ticket}!`).catch(ignored);
      void this.redis.publish(WAKE_CHANNEL, wish(this.run)).catch(ignored);
      void this.redis.hdel(this.keys.tasks, id).catch(ignored);
      return;
    }
    if (this.#withdrawn.length === 0) setImmediate(() => this.#deleteWithdrawn());
    this.#withdrawn.push(id);
  }

  #deleteWithdrawn(): void {
    const ids = this.#withdrawn;
    this.#withdrawn = [];
    if (ids.length === 0 || this.#isClosed) return;
    void this.redis
      .pipeline()
      .hdel(this.keys.tickets, ...ids)
      .hdel(this.keys.tasks, ...ids)
      .exec()
      .catch(ignored);
  }

  /** Tells waiting workers that there is something to take. */
  #wake(): void {
    this.#waking ??= setTimeout(() => {
      this.#waking = null;
      void this.redis.publish(WAKE_CHANNEL, this.run).catch(ignored);
    }, WAKE_EVERY_MS);
  }

  /** Numbers of jobs in all lanes. */
  async counts(): Promise<{ readonly waiting: number; readonly leased: number }> {
    const pipeline = this.redis.pipeline();
    for (const lane of this.#lanes.keys())
      pipeline.llen(this.#bullKey(lane, 'wait')).llen(this.#bullKey(lane, 'active'));
    const lengths = (await runPipeline(pipeline)) as number[];
    return {
      waiting: lengths.reduce((sum, length, i) => (i % 2 === 0 ? sum + length : sum), 0),
      leased: lengths.reduce((sum, length, i) => (i % 2 === 1 ? sum + length : sum), 0),
    };
  }

  /** Tells workers of all lanes again, after Redis lost its memory. */
  async renewLanes(): Promise<void> {
    for (const [lane, { bytes }] of this.#lanes) await this.redis.hset(this.keys.lanes, lane, bytes);
  }

  /** Deletes every job of the run. */
  async obliterate(): Promise<void> {
    for (const { queue } of this.#lanes.values()) await queue.obliterate({ force: true });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#waking) clearTimeout(this.#waking);
    for (const { queue } of this.#lanes.values()) await queue.close().catch(ignored);
  }

  async #flush(): Promise<void> {
    // Before they are handed out again.
    this.#deleteWithdrawn();
    const tasks = this.#waiting;
    this.#waiting = [];
    const heavy = tasks.filter(({ task }) => task.snapshot);
    const light = tasks.filter(({ task }) => !task.snapshot);
    try {
      for (let from = 0; from < light.length; from += BATCH)
        await this.#handOut(light.slice(from, from + BATCH));
    } catch {
      // As `ignored`.
    }
    for (const task of heavy) void this.#handOutWithSnapshot(task).catch(ignored);
  }

  async #handOutWithSnapshot(task: HandedOut): Promise<void> {
    const isWanted = () => task.isWanted() && !this.#isClosed;
    if (this.#leftOver.has(task.task.id)) return this.#handOut([task]);
    if (await this.snapshots.write(task.ticket, task.task.snapshot!, isWanted)) await this.#handOut([task]);
  }

  async #handOut(tasks: readonly HandedOut[]): Promise<void> {
    if (this.#isClosed) return;
    const fresh: HandedOut[] = [];
    for (const task of tasks) {
      if (!task.isWanted()) continue;
      const adopted = this.#leftOver.delete(task.task.id) ? await this.#ticketOf(task) : null;
      if (adopted !== null) task.onHandedOut(adopted);
      else if (task.task.snapshot && !(await this.snapshots.newest(task.ticket)))
        await this.#handOutWithSnapshot(task);
      else fresh.push(task);
    }
    const wanted = fresh.filter(task => task.isWanted());
    if (wanted.length === 0) return;
    const pipeline = this.redis.pipeline();
    const jobs = new Map<string, Parameters<Queue['addBulk']>[0]>();
    for (const task of wanted) {
      const { id, memoryBytes, alone, config } = task.task;
      pipeline.hset(this.keys.tasks, id, pack(toMessage(task)));
      pipeline.hset(this.keys.tickets, id, task.ticket);
      const lane = laneOf(memoryBytes, alone);
      if (this.#widen(lane, memoryBytes)) pipeline.hset(this.keys.lanes, lane, memoryBytes);
      const ofLane = jobs.get(lane) ?? [];
      jobs.set(lane, ofLane);
      const { datasetSize, width, seed } = config;
      ofLane.push({ name: id, data: { datasetSize, width, seed }, opts: { jobId: jobId(id, task.ticket) } });
      task.onHandedOut(task.ticket);
    }
    for (const key of [this.keys.tasks, this.keys.tickets, this.keys.lanes]) pipeline.expire(key, KEEP_S);
    await runPipeline(pipeline);
    for (const [lane, ofLane] of jobs) await this.#lanes.get(lane)!.queue.addBulk(ofLane);
    this.#wake();
  }

  /** The ticket under which an earlier coordinator has handed out the same work, if its job is still there. */
  async #ticketOf({ task }: HandedOut): Promise<string | null> {
    const [packed, valid] = await Promise.all([
      this.redis.hgetBuffer(this.keys.tasks, task.id),
      this.redis.hget(this.keys.tickets, task.id),
    ]);
    if (!packed) return null;
    try {
      const earlier = fromBytes(packed);
      if (earlier.ticket !== valid || !isSameWork(earlier.task, task)) return null;
      const lane = laneOf(earlier.task.memoryBytes, task.alone);
      this.#widen(lane, earlier.task.memoryBytes);
      const [isThere] = await this.areThere([{ lane, id: task.id, ticket: earlier.ticket }]);
      return isThere ? earlier.ticket : null;
    } catch {
      // Written by someone else: replaced.
      return null;
    }
  }

  /** Opens a lane. Returns whether its largest trajectory has grown. */
  #widen(lane: string, bytes: number): boolean {
    const known = this.#lanes.get(lane);
    if (known) {
      const isLarger = bytes > known.bytes;
      known.bytes = Math.max(bytes, known.bytes);
      return isLarger;
    }
    const queue = new Queue(queueName(this.run, lane), {
      connection: this.redis as never,
      prefix: BULL_PREFIX,
      skipVersionCheck: true,
      streams: { events: { maxLen: 10 } },
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    });
    queue.on('error', ignored);
    this.#lanes.set(lane, { queue, bytes });
    return true;
  }

  #bullKey(lane: string, part: string): string {
    return `${BULL_PREFIX}:${queueName(this.run, lane)}:${part}`;
  }

  #jobKey(lane: string, id: string, ticket: string): string {
    return this.#bullKey(lane, jobId(id, ticket));
  }
}

/** Whether the earlier task computes everything that the new one asks for. */
function isSameWork(earlier: TrajectoryTask, now: TrajectoryTask): boolean {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const before = new Map(earlier.checkpoints.map(({ t, variants }) => [t, variants]));
  const rulesOf = ({ refinement }: TrajectoryTask) => refinement && { ...refinement, stored: null };
  return (
    same(earlier.config, now.config) &&
    same(earlier.evaluate, now.evaluate) &&
    same(rulesOf(earlier), rulesOf(now)) &&
    // What is chosen by the same rules is the same.
    (now.refinement !== null || now.checkpoints.every(({ t, variants }) => same(before.get(t), variants)))
  );
}
