/**
 * The coordinator's side of a queue: hands trajectories to workers on any machine, and takes what they report.
 *
 * Redis may lose everything, and any process may die: what is handed out is compared with what Redis holds, and handed out
 * again where that is gone.
 */
import type { Dataset } from '../../data/dataset.js';
import type { CellRow, CheckpointRow, QueueState, Snapshot, TrajectoryTask } from '../../domain/messages.js';
import type { DatasetIdentity, DatasetSettings, EngineName } from '../../domain/types.js';
import type { EventQueue, FinalEvent } from '../event-queue.js';
import type { Executor, ResultCheck } from '../executor.js';
import type { QueueAddress } from './address.js';
import { connect, disconnect, serverAdvice } from './connection.js';
import { EventStream, type ReceivedReport } from './event-stream.js';
import { Fleet } from './fleet.js';
import { HandOut, newTicket } from './hand-out.js';
import { keysOf, laneOf } from './keys.js';
import {
  BITS_DIFFER,
  differingBits,
  nameOf,
  OpenTrajectory,
  type TrajectoryHost,
} from './open-trajectory.js';
import { QUEUE_TIMES, type QueueTimes } from './options.js';
import { PoisonLog } from './poison.js';
import { RunState } from './run-state.js';
import { type Manifest, PROTOCOL } from './schemas.js';
import { runQueueWorker } from './worker.js';

export interface QueueExecutorOptions {
  readonly address: QueueAddress;
  /** The run's name on the server. */
  readonly name: string;
  /** Names the database, on any machine: only one database may use a name. */
  readonly database: string;
  readonly manifest: RunDescription;
  /** Threads of this process, as one more worker. */
  readonly own?: OwnThreads | null;
  /** Whether the engine gives the same bits on every machine. */
  readonly hasBits: boolean;
  readonly timeoutS?: number | undefined;
  readonly times?: Partial<QueueTimes>;
  readonly check?: ResultCheck | undefined;
  warn(message: string): void;
}

export interface RunDescription {
  readonly sweep: string;
  readonly toolVersion: string;
  readonly engine: EngineName;
  readonly numerics: number;
  readonly datasets: readonly { readonly settings: DatasetSettings; readonly identity: DatasetIdentity }[];
}

export interface OwnThreads {
  readonly threads: number;
  readonly memoryBytes: number;
  readonly datasets: ReadonlyMap<string, Dataset>;
}

/** After a stop, what workers still report is waited for so long: snapshots above all. */
const STOP_WITHIN_MS = 1_500;
/** Waits for Redis are bounded where a run ends. */
const CLOSE_WITHIN_MS = 2_000;
/** A job that is nowhere in so many looks, while nothing is left to read, is handed out again. */
const MISSING_LOOKS = 3;
/** Jobs that are looked for at once. */
const LOOKED_FOR = 500;
/** So much of the workers' pace is handed out beyond what they have taken. */
const AHEAD_S = 0.25;
const MAX_AHEAD = 2_000;

export async function createQueueExecutor(options: QueueExecutorOptions): Promise<Executor> {
  const { address, name, warn } = options;
  const times = { ...QUEUE_TIMES, ...options.times };
  let isClosing = false;
  const redis = await connect(address, times, {
    onLost: reason =>
      isClosing || warn(`${address.shown} cannot be reached (${reason}); the run goes on when it can`),
    onBack: () => isClosing || warn(`${address.shown} can be reached again`),
  });
  try {
    for (const advice of await serverAdvice(redis, address)) warn(advice);
    const keys = keysOf(name);
    const manifest = { ...options.manifest, protocol: PROTOCOL, run: name } as unknown as Manifest;
    const state = new RunState(redis, keys, manifest, options.database);
    await state.acquire();
    const reader = await connect(address, times, { onLost: () => {}, onBack: () => {} });
    const executor = new QueueExecutor({ ...options, times }, redis, reader, state, () => {
      isClosing = true;
    });
    await executor.start();
    if (options.own) executor.compute(options.own, options.manifest);
    return executor;
  } catch (error) {
    disconnect(redis);
    throw error;
  }
}

class QueueExecutor implements Executor, TrajectoryHost {
  readonly hasBits: boolean;
  readonly #open = new Map<string, OpenTrajectory>();
  /** Reports of trajectories that were not submitted yet, since the coordinator's start. */
  readonly #early = new Map<string, ReceivedReport[]>();
  readonly #poison: PoisonLog;
  readonly #fleet: Fleet;
  readonly #handOut: HandOut;
  readonly #stream: EventStream;
  readonly #ends: number[] = [];
  #limit = Number.POSITIVE_INFINITY;
  /** Submitted while nothing may run. */
  #held: OpenTrajectory[] = [];
  /** Open trajectories that fit no worker any more. */
  #stuck = 0;
  #finished = 0;
  #moved = 0;
  #isStopping = false;
  #isClosed = false;
  #looking: NodeJS.Timeout | null = null;
  #listener = () => {};
  readonly #leaving = new AbortController();
  #own: Promise<void> = Promise.resolve();
  #waitsForMemory = false;
  #stopTimer: NodeJS.Timeout | undefined;
  #counts = { waiting: 0, taken: 0, unstored: 0, oldestS: null as number | null };

  constructor(
    private readonly options: QueueExecutorOptions & { readonly times: QueueTimes },
    private readonly redis: Awaited<ReturnType<typeof connect>>,
    reader: Awaited<ReturnType<typeof connect>>,
    private readonly state: RunState,
    private readonly onClosing: () => void,
  ) {
    const { name, times, warn } = options;
    const keys = keysOf(name);
    this.hasBits = options.hasBits;
    this.#poison = new PoisonLog(warn);
    this.#fleet = new Fleet(redis, keys, times.staleMs, this.#poison, warn);
    this.#handOut = new HandOut(redis, name, keys, () => {});
    this.#stream = new EventStream(redis, reader, keys.events, this.#poison, report => this.#hear(report));
  }

  async start(): Promise<void> {
    await this.#handOut.start(id => {
      const status = this.options.check?.status(id);
      return status === 'pending' || status === 'running';
    });
    await this.#stream.start();
    await this.state.publish();
    await this.#fleet.look();
    this.#lookLater();
  }

  /** Computes with threads of this process, too. */
  compute({ threads, memoryBytes, datasets }: OwnThreads, { datasets: sets }: RunDescription): void {
    const { address, name, times, warn } = this.options;
    const identities = new Map(sets.map(({ settings, identity }) => [JSON.stringify(settings), identity]));
    this.#own = runQueueWorker({
      address,
      run: name,
      threads,
      memoryBytes,
      times,
      signal: this.#leaving.signal,
      data: {
        identify: settings => identities.get(JSON.stringify(settings))!,
        load: async () => datasets,
      },
      report: () => {},
    }).catch(error => warn(`no thread of this process computes: ${(error as Error).message}`));
  }

  get capacity(): number {
    return Math.min(this.#limit, this.#fleet.threads);
  }

  resize(capacity: number): void {
    this.#limit = capacity;
    const running = [...this.#open.values()].filter(({ isStarted }) => isStarted);
    const waiting = [...this.#open.values()].filter(({ isStarted }) => !isStarted);
    if (capacity > 0) for (const each of this.#held.splice(0)) this.#add(each, each.latestSnapshot);
    if (this.#open.size <= capacity) return;
    for (const each of waiting) this.#withdraw(each);
    for (const each of running.slice(Math.min(capacity, running.length))) this.#withdraw(each);
  }

  /** As many as the workers take ahead, and what they finish in a moment; without workers, a few for the first. */
  prefetch(): number {
    if (this.#limit < this.#fleet.threads) return 0;
    const now = performance.now();
    while (this.#ends.length > 0 && now - this.#ends[0]! > 1_000) this.#ends.shift();
    const { wanted, threads, size } = this.#fleet;
    const pace = Math.ceil(2 * AHEAD_S * this.#ends.length);
    return Math.min(MAX_AHEAD, this.#stuck + Math.max(2, wanted - threads + size + pace));
  }

  fits(bytes: number): boolean {
    const fits = this.#fleet.size === 0 || bytes <= this.#fleet.largestBytes;
    if (!fits && !this.#waitsForMemory) {
      this.#waitsForMemory = true;
      this.options.warn('some trajectories fit the memory of no worker: they wait for a larger one');
    }
    return fits;
  }

  watch(listener: () => void): void {
    this.#listener = listener;
  }

  submit(task: TrajectoryTask): EventQueue {
    const trajectory = new OpenTrajectory(task, task.alone ?? false, task.avoid ?? null, this);
    if (this.#isStopping) {
      this.#finished++;
      trajectory.events.push({ kind: 'stopped' });
      return trajectory.events;
    }
    this.#open.set(task.id, trajectory);
    const early = this.#early.get(task.id) ?? [];
    this.#early.delete(task.id);
    for (const report of early) trajectory.handle(report);
    if (trajectory.isOver) return trajectory.events;
    if (this.#limit === 0) this.#held.push(trajectory);
    else this.#add(trajectory, task.snapshot);
    return trajectory.events;
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    void this.state.stop().catch(() => {});
    for (const each of [...this.#open.values()]) if (!each.isStarted) each.end({ kind: 'stopped' });
    this.#stopTimer = setTimeout(() => {
      for (const each of [...this.#open.values()]) each.end({ kind: 'stopped' });
    }, STOP_WITHIN_MS);
  }

  /** Rows stay in Redis meanwhile. Workers take nothing new, because nothing is submitted. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  stats() {
    const running = [...this.#open.values()].filter(({ isStarted }) => isStarted).length;
    return { capacity: this.capacity, running, finished: this.#finished };
  }

  queueState(): QueueState {
    return {
      server: this.options.address.shown,
      name: this.options.name,
      workers: this.#fleet.states(),
      ...this.#counts,
      moved: this.#moved,
      dropped: this.#poison.count + this.#fleet.dropped,
    };
  }

  async close(): Promise<void> {
    const isDone = this.#open.size === 0 && !this.#isStopping;
    this.#isClosed = true;
    this.onClosing();
    clearTimeout(this.#stopTimer);
    if (this.#looking) clearTimeout(this.#looking);
    for (const each of [...this.#open.values()]) each.end({ kind: 'stopped' });
    this.#poison.end();
    this.#leaving.abort();
    const leave = async () => {
      await this.#own;
      await this.#stream.close();
      await this.state.leave(isDone);
      await this.#handOut.obliterate();
      await this.#handOut.close();
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, CLOSE_WITHIN_MS);
    });
    await Promise.race([leave().catch(() => {}), late]);
    clearTimeout(timer);
    disconnect(this.redis);
  }

  // How trajectories report (TrajectoryHost).

  onEnd(trajectory: OpenTrajectory, event: FinalEvent): void {
    const { id } = trajectory.task;
    this.#finished++;
    if (event.kind === 'done') this.#ends.push(performance.now());
    this.#open.delete(id);
    if (this.#isStopping) return;
    this.#handOut.withdraw(id, trajectory.ticket, event.kind === 'stopped');
    if (trajectory.hasSnapshot && trajectory.ticket !== null && event.kind !== 'stopped')
      void this.#handOut.snapshots.remove(trajectory.ticket).catch(() => {});
  }

  onGap(trajectory: OpenTrajectory): void {
    this.#add(trajectory, trajectory.latestSnapshot);
  }

  onMoved(): void {
    this.#moved++;
  }

  async fetchSnapshot(ticket: string, t: number): Promise<Snapshot | null> {
    const newest = await this.#handOut.snapshots.newest(ticket);
    const snapshot = newest?.t === t ? await this.#handOut.snapshots.read(ticket) : null;
    return snapshot?.t === t ? snapshot : null;
  }

  onOtherRows(report: ReceivedReport, checkpoint: CheckpointRow, cells: readonly CellRow[]): void {
    const { id, by, settle } = report;
    const { check } = this.options;
    const { t } = checkpoint;
    const comparison = this.hasBits && check ? check.compare(id, checkpoint, cells) : null;
    if (comparison?.kind === 'unknown')
      this.onPoison('rows', report, `trajectory ${id} at ${t}: nobody asked for them`);
    if (comparison?.kind === 'differs') {
      const message = differingBits(t, comparison.worker, nameOf(by), comparison.column);
      const open = this.#open.get(id);
      if (open) open.end({ kind: 'failed', code: BITS_DIFFER, message, stack: null });
      else check!.fail(id, BITS_DIFFER, message);
    }
    settle();
  }

  onPoison(what: string, { by }: ReceivedReport, reason: string): void {
    this.#poison.add(what, nameOf(by), reason);
  }

  #hear(report: ReceivedReport): void {
    const trajectory = this.#open.get(report.id);
    if (trajectory) return trajectory.handle(report);
    const status = this.options.check?.status(report.id);
    if (this.options.check && status === undefined) {
      this.onPoison('a report', report, `trajectory ${report.id} is none of this run`);
      return report.settle();
    }
    if (status === 'done' || status === 'failed') return this.#hearLate(report);
    const early = this.#early.get(report.id) ?? [];
    early.push(report);
    this.#early.set(report.id, early);
  }

  /** Rows of a trajectory that has ended must be those that are stored. */
  #hearLate(report: ReceivedReport): void {
    const { event } = report;
    if (event.kind === 'rows') this.onOtherRows(report, event.checkpoint, event.cells);
    else report.settle();
  }

  /** Hands it out with a new ticket. Whatever runs with an earlier one is void, but for its rows. */
  #add(trajectory: OpenTrajectory, snapshot: TrajectoryTask['snapshot']): void {
    const checkpoints = trajectory.lacking;
    const [first] = checkpoints;
    const usable = snapshot && first && snapshot.t <= first.t ? snapshot : null;
    const ticket = newTicket();
    trajectory.missing = 0;
    trajectory.handedOutMs = Number.POSITIVE_INFINITY;
    if (usable) trajectory.hasSnapshot = true;
    this.#handOut.add({
      ticket,
      task: { ...trajectory.task, checkpoints },
      timeoutS: this.options.timeoutS ?? null,
      avoid: trajectory.avoid,
      alone: trajectory.alone,
      snapshot: usable,
      isWanted: () => !trajectory.isOver,
      onHandedOut: valid => {
        trajectory.ticket = valid;
        trajectory.handedOutMs = performance.now();
      },
    });
  }

  /** Stops it where it runs. Its snapshot is waited for, but not for long. */
  #withdraw(trajectory: OpenTrajectory): void {
    if (!trajectory.isStarted) return trajectory.end({ kind: 'stopped' });
    this.#handOut.withdraw(trajectory.task.id, trajectory.ticket, true);
    setTimeout(() => trajectory.end({ kind: 'stopped' }), STOP_WITHIN_MS).unref();
  }

  #lookLater(): void {
    this.#looking = setTimeout(() => {
      void this.#look()
        .catch(() => {})
        .then(() => this.#isClosed || this.#lookLater());
    }, this.options.times.lookMs);
  }

  /** Compares what is handed out with what Redis holds. */
  async #look(): Promise<void> {
    if (this.#isStopping) return;
    const hasChanged = await this.#fleet.look();
    const { size, largestBytes } = this.#fleet;
    const isStuck = ({ isStarted, task }: OpenTrajectory) => !isStarted && task.memoryBytes > largestBytes;
    this.#stuck = size === 0 ? 0 : [...this.#open.values()].filter(isStuck).length;
    if (hasChanged) this.#listener();
    if (!(await this.state.renew())) await this.#startAgain();
    else await this.#addMissing();
    await this.#count();
  }

  /** Redis has lost its memory: everything is handed out again. */
  async #startAgain(): Promise<void> {
    this.options.warn(`${this.options.address.shown} has lost what it held: everything is handed out again`);
    this.#stream.restart();
    await this.state.publish();
    await this.#handOut.renewLanes();
    for (const each of this.#open.values()) this.#add(each, each.latestSnapshot);
  }

  async #addMissing(): Promise<void> {
    if (!this.#stream.isAtEnd) return;
    const old = performance.now() - this.options.times.lookMs;
    const looked = [...this.#open.values()].filter(each => each.handedOutMs < old).slice(0, LOOKED_FOR);
    const asked = looked.map(({ task, alone, ticket }) => ({
      lane: laneOf(task.memoryBytes, alone),
      id: task.id,
      ticket: ticket!,
    }));
    const found = asked.length === 0 ? [] : await this.#handOut.areThere(asked);
    for (const [i, each] of looked.entries()) {
      each.missing = found[i] ? 0 : each.missing + 1;
      if (each.missing >= MISSING_LOOKS && !each.isOver) this.#add(each, each.latestSnapshot);
    }
  }

  async #count(): Promise<void> {
    const { waiting, leased } = await this.#handOut.counts();
    const { events } = keysOf(this.options.name);
    const [unstored, oldest, now] = await Promise.all([
      this.redis.xlen(events),
      this.redis.xrange(events, '-', '+', 'COUNT', 1),
      this.redis.time(),
    ]);
    const since = oldest[0] && Number(oldest[0][0].split('-')[0]);
    const nowMs = 1000 * Number(now[0]);
    this.#counts = {
      waiting,
      taken: leased,
      unstored,
      oldestS: since === undefined ? null : Math.max(0, (nowMs - since) / 1000),
    };
  }
}
