/**
 * The coordinator's side of a queue: what is handed out, and what is heard of it.
 *
 * Redis may lose everything, and any process may die. What is handed out is therefore compared with what Redis holds
 * (reconciler.ts), and handed out again where that is gone; what workers report stays in Redis until it is stored.
 */
import type { Redis } from 'ioredis';
import { processName } from '../../base/process-name.js';
import type { CellRow, CheckpointRow, QueueState, Snapshot, TrajectoryTask } from '../../domain/messages.js';
import type { EventQueue, FinalEvent } from '../event-queue.js';
import type { Executor, ExecutorStats } from '../executor.js';
import { disconnect, withinMs } from './connection.js';
import { EventStream, type ReceivedReport } from './event-stream.js';
import { Fleet } from './fleet.js';
import { HandOut, newTicket } from './hand-out.js';
import { keysOf } from './keys.js';
import { OpenTrajectory, type TrajectoryHost } from './open-trajectory.js';
import type { QueueExecutorOptions, QueueTimes } from './options.js';
import { computeHere } from './own-threads.js';
import { Pace } from './pace.js';
import { PoisonLog } from './poison.js';
import { Reconciler } from './reconciler.js';
import type { RunState } from './run-state.js';
import type { TicketedTask } from './task-message.js';
import { UnopenedReports } from './unopened-reports.js';

/** After a stop, what workers still report is waited for so long: snapshots above all. */
const STOP_WITHIN_MS = 1_500;
/** Waits for Redis are bounded where a run ends. */
const CLOSE_WITHIN_MS = 2_000;

export class Coordinator implements Executor, TrajectoryHost {
  readonly hasBits: boolean;
  readonly #open = new Map<string, OpenTrajectory>();
  readonly #unopened: UnopenedReports;
  readonly #poison: PoisonLog;
  readonly #fleet: Fleet;
  readonly #handOut: HandOut;
  readonly #stream: EventStream;
  readonly #reconciler: Reconciler;
  readonly #pace = new Pace();
  readonly #leaving = new AbortController();
  #own: Promise<void> = Promise.resolve();
  #limit = Number.POSITIVE_INFINITY;
  /** Submitted while nothing may run. */
  readonly #held: OpenTrajectory[] = [];
  #finished = 0;
  #moved = 0;
  #isStopping = false;
  #listener = () => {};
  #waitsForMemory = false;
  #stopTimer: NodeJS.Timeout | undefined;

  /** @param reader a connection of its own, because reading blocks it. */
  constructor(
    private readonly options: QueueExecutorOptions & { readonly times: QueueTimes },
    private readonly redis: Redis,
    reader: Redis,
    private readonly state: RunState,
    private readonly onClosing: () => void,
  ) {
    const { name, times, warn, check } = options;
    const keys = keysOf(name);
    this.hasBits = options.hasBits;
    this.#poison = new PoisonLog(warn);
    this.#fleet = new Fleet(redis, keys, times.staleMs, this.#poison, warn);
    this.#handOut = new HandOut(redis, name, keys, this.#poison);
    this.#unopened = new UnopenedReports(check, this.hasBits, this.#poison, (id, code, message) => {
      const open = this.#open.get(id);
      if (open) open.end({ kind: 'failed', code, message, stack: null });
      else check!.fail(id, code, message);
    });
    this.#stream = new EventStream(redis, reader, keys.events, this.#poison, report => this.#hear(report));
    this.#reconciler = new Reconciler(redis, keys, this.#handOut, this.#stream, {
      lookMs: times.lookMs,
      open: () => this.#open.values(),
      add: trajectory => this.#add(trajectory),
      look: () => this.#look(),
    });
  }

  async start(): Promise<void> {
    await this.#handOut.start(id => {
      const status = this.options.check?.status(id);
      return status === 'pending' || status === 'running';
    });
    await this.#stream.start();
    await this.state.publish();
    await this.#fleet.look();
    this.#reconciler.start();
    this.#own = computeHere(this.options, this.#leaving.signal);
  }

  get capacity(): number {
    return Math.min(this.#limit, this.#fleet.threads);
  }

  resize(capacity: number): void {
    this.#limit = capacity;
    if (capacity > 0) for (const each of this.#held.splice(0)) this.#add(each);
    if (this.#open.size <= capacity) return;
    const open = [...this.#open.values()];
    for (const each of open.filter(({ isStarted }) => !isStarted)) this.#withdraw(each);
    for (const each of open.filter(({ isStarted }) => isStarted).slice(capacity)) this.#withdraw(each);
  }

  /** What workers take ahead, what they finish in a moment, and what fits none of them; a few for the first worker. */
  prefetch(): number {
    const { wanted, threads, size } = this.#fleet;
    if (this.#limit < threads) return 0;
    return this.#pace.ahead(wanted - threads + size) + this.#reconciler.stuck;
  }

  fits(bytes: number): boolean {
    const { size, largestBytes } = this.#fleet;
    const fits = size === 0 || bytes <= largestBytes;
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
    const trajectory = new OpenTrajectory(task, this);
    if (this.#isStopping) {
      this.#finished++;
      trajectory.events.push({ kind: 'stopped' });
      return trajectory.events;
    }
    this.#open.set(task.id, trajectory);
    for (const report of this.#unopened.take(task.id)) trajectory.handle(report);
    if (trajectory.isOver) return trajectory.events;
    if (this.#limit === 0) this.#held.push(trajectory);
    else this.#add(trajectory);
    return trajectory.events;
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#reconciler.stop();
    void this.state.stop().catch(() => {});
    for (const each of [...this.#open.values()]) if (!each.isStarted) each.end({ kind: 'stopped' });
    this.#stopTimer = setTimeout(() => this.#endAll(), STOP_WITHIN_MS);
  }

  /** Rows stay in Redis meanwhile. Workers take nothing new, because nothing is submitted. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  stats(): ExecutorStats {
    const running = [...this.#open.values()].filter(({ isStarted }) => isStarted).length;
    return { capacity: this.capacity, running, finished: this.#finished };
  }

  queueState(): QueueState {
    return {
      server: this.options.address.shown,
      name: this.options.name,
      workers: this.#fleet.states(),
      ...this.#reconciler.counts,
      moved: this.#moved,
      dropped: this.#poison.count + this.#fleet.dropped,
    };
  }

  async close(): Promise<void> {
    const isDone = this.#open.size === 0 && !this.#isStopping;
    this.onClosing();
    this.#reconciler.stop();
    clearTimeout(this.#stopTimer);
    this.#endAll();
    this.#poison.end();
    this.#leaving.abort();
    const leave = async () => {
      await this.#own;
      await this.#stream.close();
      await this.state.leave(isDone);
      await this.#handOut.obliterate();
      await this.#handOut.close();
    };
    await withinMs(leave(), CLOSE_WITHIN_MS);
    this.#stream.disconnect();
    disconnect(this.redis);
  }

  // How trajectories report (TrajectoryHost).

  onEnd(trajectory: OpenTrajectory, event: FinalEvent): void {
    const { task, ticket, hasSnapshot } = trajectory;
    this.#finished++;
    if (event.kind === 'done') this.#pace.add();
    this.#open.delete(task.id);
    if (this.#isStopping) return;
    const isStopped = event.kind === 'stopped';
    this.#handOut.withdraw(task.id, ticket, isStopped);
    if (hasSnapshot && ticket !== null && !isStopped)
      void this.#handOut.snapshots.remove(ticket).catch(() => {});
  }

  onGap(trajectory: OpenTrajectory): void {
    this.#add(trajectory);
  }

  onMoved(): void {
    this.#moved++;
  }

  onRefined({ rest, ticket }: OpenTrajectory): void {
    if (ticket !== null) this.#handOut.update(this.#ticketed(rest, ticket));
  }

  async fetchSnapshot(ticket: string, t: number): Promise<Snapshot | null> {
    const newest = await this.#handOut.snapshots.newest(ticket);
    const snapshot = newest?.t === t ? await this.#handOut.snapshots.read(ticket) : null;
    return snapshot?.t === t ? snapshot : null;
  }

  onOtherRows(report: ReceivedReport, checkpoint: CheckpointRow, cells: readonly CellRow[]): void {
    this.#unopened.compare(report, checkpoint, cells);
  }

  onPoison(what: string, { by }: ReceivedReport, reason: string): void {
    this.#poison.add(what, processName(by), reason);
  }

  #hear(report: ReceivedReport): void {
    const trajectory = this.#open.get(report.id);
    if (trajectory) trajectory.handle(report);
    else this.#unopened.hear(report);
  }

  /** Hands it out with a new ticket. Whatever runs with an earlier one is void, but for its rows. */
  #add(trajectory: OpenTrajectory): void {
    const { rest } = trajectory;
    if (rest.snapshot) trajectory.hasSnapshot = true;
    trajectory.missing = 0;
    trajectory.handedOutMs = Number.POSITIVE_INFINITY;
    this.#handOut.add({
      ...this.#ticketed(rest, newTicket()),
      isWanted: () => !trajectory.isOver,
      onHandedOut: ticket => {
        trajectory.ticket = ticket;
        trajectory.handedOutMs = performance.now();
      },
    });
  }

  #ticketed(task: TrajectoryTask, ticket: string): TicketedTask {
    return { ticket, task, timeoutS: this.options.timeoutS ?? null };
  }

  /** Stops it where it runs. Its snapshot is waited for, but not for long. */
  #withdraw(trajectory: OpenTrajectory): void {
    if (!trajectory.isStarted) {
      trajectory.end({ kind: 'stopped' });
      return;
    }
    this.#handOut.withdraw(trajectory.task.id, trajectory.ticket, true);
    setTimeout(() => trajectory.end({ kind: 'stopped' }), STOP_WITHIN_MS).unref();
  }

  #endAll(): void {
    for (const each of [...this.#open.values()]) each.end({ kind: 'stopped' });
  }

  /** Looks at the workers. Redis that has lost its memory gets everything again. */
  async #look(): Promise<void> {
    const hasChanged = await this.#fleet.look();
    this.#reconciler.countStuck(this.#fleet);
    if (hasChanged) this.#listener();
    if (await this.state.renew()) return;
    this.options.warn(`${this.options.address.shown} has lost what it held: everything is handed out again`);
    this.#stream.restart();
    await this.state.publish();
    await this.#handOut.renewLanes();
    for (const each of this.#open.values()) this.#add(each);
  }
}
