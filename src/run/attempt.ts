/** One attempt at a trajectory: records and reports each event, and decides what follows the last one. */

import type { ActiveTimeClock } from '../base/active-time-clock.js';
import { processName } from '../base/process-name.js';
import type { CheckpointTask, ExecutorEvent, Snapshot, WorkerOrigin } from '../domain/messages.js';
import type { Evaluate, PlannedCheckpoint } from '../domain/types.js';
import type { Snapshots } from '../store/file/snapshots.js';
import type { Store } from '../store/write/store.js';
import type { DiskFullPause } from './disk-full.js';
import type { Job } from './job-queue.js';
import type { AttemptEnd, RunOptions } from './observer.js';
import type { ProgressTracker } from './progress.js';
import { choiceFault } from './refinement.js';
import { retryAfter } from './retry-policy.js';
import type { Warnings } from './warnings.js';

/** Default number of retries after a failed attempt. */
const RETRIES = 2;
/** A stop ends within two seconds. A snapshot is skipped if its write would end later than this after the stop. */
const SAVE_WITHIN_MS = 1_500;
/** Write rate of a common disk. */
const SAVED_BYTES_PER_MS = 100_000;

type Ended = Extract<ExecutorEvent, { kind: AttemptEnd['kind'] }>;

/** What all attempts of a run share. */
export interface RunContext {
  readonly sweep: { readonly name: string; readonly evaluate: Evaluate };
  readonly options: RunOptions;
  readonly store: Store;
  readonly snapshots: Snapshots;
  readonly tracker: ProgressTracker;
  readonly clock: ActiveTimeClock;
  readonly disk: DiskFullPause;
  readonly warnings: Warnings;
  readonly provenance: WorkerOrigin;
  /** `performance.now()` at the stop; Infinity before it. */
  readonly stoppedAt: () => number;
  /** Whether no further trajectory starts: after a stop or a fault. */
  readonly isStopping: () => boolean;
}

export class Attempt {
  /** Active time (ms) at the start; null before it. An attempt that stops before its start is not recorded. */
  #startedMs: number | null = null;
  /** Checkpoints that rows of this attempt have chosen. */
  readonly #chosen = new Set<number>();
  /** What is known to be left, by iteration. */
  readonly #left: Map<number, CheckpointTask>;
  #hasRows = false;
  /** Iteration of the last finished checkpoint, or of the start. */
  #t: number;
  /** Active time (ms) at which `#t` was reached. */
  #reachedMs = 0;

  /**
   * @param from iteration at which the attempt starts.
   * @param known checkpoints that follow from the rows stored before it, finished or not.
   */
  constructor(
    private readonly context: RunContext,
    private readonly job: Job,
    checkpoints: readonly CheckpointTask[],
    from: number,
    private readonly known: readonly PlannedCheckpoint[],
  ) {
    this.#t = from;
    this.#left = new Map(checkpoints.map(task => [task.t, task]));
  }

  async handle(event: ExecutorEvent): Promise<void> {
    const { warnings } = this.context;
    const { id } = this.job.trajectory;
    switch (event.kind) {
      case 'started':
        return this.#onStarted(event);
      case 'warning':
        return warnings.add(event.topic, event.message);
      case 'snapshot':
        await this.#saveSnapshot(id, event.snapshot);
        return event.onStored?.();
      case 'rows':
        return this.#onRows(event);
      case 'failed':
      case 'stopped':
        return this.#onEnd(event);
      case 'done':
        return this.#onEnd(await this.#checked(event));
    }
  }

  #onRows({ checkpoint, cells, chosen, onStored }: Extract<ExecutorEvent, { kind: 'rows' }>): void {
    const { store, tracker, sweep } = this.context;
    const { trajectory } = this.job;
    this.#recordWork({ t: checkpoint.t, variants: cells });
    const variants = trajectory.checkpoints[0]!.variants;
    const added = { sweep: sweep.name, checkpoints: chosen.map(t => ({ t, variants })) };
    const isRefined = chosen.length > 0;
    this.#left.delete(checkpoint.t);
    for (const task of added.checkpoints) {
      this.#chosen.add(task.t);
      this.#left.set(task.t, task);
    }
    if (isRefined)
      tracker.eta.expectAtLeast(trajectory.id, tracker.workOf(trajectory, this.#leftInOrder(), this.#t, 0));
    tracker.onCommitted(store.rows(trajectory.id, checkpoint, cells, isRefined ? added : undefined), () => {
      tracker.progress.cellsDone += cells.length;
      tracker.progress.cells += chosen.length * variants.length;
      onStored?.();
    });
  }

  /** A trajectory is done only when its stored rows ask for no other checkpoints than were sent. */
  async #checked(done: Ended & { kind: 'done' }): Promise<Ended> {
    const { store, disk, options, sweep } = this.context;
    const { trajectory } = this.job;
    if (!trajectory.refinement) return done;
    const sent = new Set(this.#chosen);
    for (const { t } of [...trajectory.checkpoints, ...this.known]) sent.add(t);
    let fault: string | null = null;
    const isRead = await disk.write(options.db, () => {
      fault = choiceFault(store, trajectory, sweep.evaluate, sent);
    });
    const { trainWallS: _, trainCpuS: __, ...onStored } = done;
    if (!isRead) return { ...onStored, kind: 'stopped' };
    return fault === null
      ? done
      : { ...onStored, kind: 'failed', code: 'CHECKPOINTS_DIFFER', message: fault, stack: null };
  }

  #onEnd(event: Ended): void {
    this.#onEnded(event);
    if (event.kind === 'failed') this.#onFailed(event);
    else this.#onFinished(event);
  }

  /** Another start follows where the trajectory moves to another worker: an attempt of its own. */
  #onStarted({ slot, by, before }: Extract<ExecutorEvent, { kind: 'started' }>): void {
    const { options, store, tracker, clock, provenance } = this.context;
    const { trajectory } = this.job;
    if (this.#startedMs !== null) void store.finished(trajectory.id, { kind: before ?? 'lost' });
    const info = by ?? { ...provenance, threads: tracker.threads() };
    const worker = `${processName(info)}/${slot}`;
    store.started(trajectory.id, { ...info, worker });
    options.observer?.started?.(trajectory, worker, this.#t);
    tracker.eta.start(trajectory.id, tracker.workExpected(trajectory, this.#leftInOrder(), this.#t));
    this.#startedMs = clock.ms();
    this.#reachedMs = this.#startedMs;
  }

  #onEnded(event: Ended): void {
    const { options, clock, tracker } = this.context;
    tracker.queue.release(this.job);
    if (this.#startedMs === null) return;
    const seconds = (clock.ms() - this.#startedMs) / 1000;
    options.observer?.ended?.(this.job.trajectory.id, event, seconds);
  }

  #onFinished(event: Ended & { kind: 'done' | 'stopped' }): void {
    const { store, snapshots, tracker, isStopping } = this.context;
    const { id } = this.job.trajectory;
    // Stopped alone: its thread was taken away.
    const goesOn = event.kind === 'stopped' && !isStopping();
    if (goesOn) tracker.queue.putBack(this.job);
    if (this.#startedMs === null) {
      event.onStored?.();
      return;
    }
    tracker.eta.end(id, goesOn);
    tracker.onCommitted(store.finished(id, event), () => {
      event.onStored?.();
      if (event.kind === 'stopped') return;
      tracker.progress.trajectoriesDone++;
      // Another sweep may still need cells of this trajectory.
      if (snapshots.has(id) && !store.isPending(id)) snapshots.remove(id);
    });
  }

  #onFailed(event: Ended & { kind: 'failed' }): void {
    const { options, store, snapshots, tracker } = this.context;
    const { job } = this;
    const { id } = job.trajectory;
    const { code, message } = event;
    const failures = job.failures + 1;
    const limit = options.retries ?? RETRIES;
    const retry = retryAfter(code, failures, limit);
    tracker.eta.end(id, retry !== null);
    if (retry) {
      const bytes = retry.alone ? Number.POSITIVE_INFINITY : job.bytes;
      tracker.queue.retry({ ...job, failures, bytes });
      const how = retry.alone ? 'again, alone' : 'again';
      options.observer?.warning?.(
        `trajectory ${id} failed: ${code}: ${message}; it is tried ${how} (${failures} of ${limit})`,
      );
    } else options.observer?.failed?.(id, code, message);
    tracker.onCommitted(store.finished(id, event, retry !== null), () => {
      event.onStored?.();
      if (retry) return;
      tracker.progress.trajectoriesFailed++;
      // A retry would diverge again, with the same bits.
      if (code === 'DIVERGED') snapshots.remove(id);
    });
  }

  /** Commits earlier rows first: a snapshot past a checkpoint whose rows are missing is useless. */
  async #saveSnapshot(id: string, snapshot: Snapshot): Promise<void> {
    const { options, store, snapshots, disk, stoppedAt } = this.context;
    const expectedEnd = performance.now() + snapshot.bytes.length / SAVED_BYTES_PER_MS;
    if (expectedEnd > stoppedAt() + SAVE_WITHIN_MS) return;
    await disk.write(`a snapshot beside ${options.db}`, () => {
      store.flush();
      snapshots.write(id, snapshot);
    });
  }

  #leftInOrder(): CheckpointTask[] {
    return [...this.#left.values()].sort((a, b) => a.t - b.t);
  }

  #recordWork(checkpoint: CheckpointTask): void {
    const { clock, tracker } = this.context;
    const { trajectory } = this.job;
    const now = clock.ms();
    const work = tracker.workOf(trajectory, [checkpoint], this.#t, this.#hasRows ? 0 : 1);
    tracker.eta.record(trajectory.id, work, (now - this.#reachedMs) / 1000);
    this.#hasRows = true;
    // After a chosen checkpoint, training goes on from where it was.
    this.#t = Math.max(this.#t, checkpoint.t);
    this.#reachedMs = now;
  }
}
