/**
 * Keeps an executor busy with the unfinished trajectories of a sweep and records their events.
 *
 * - The longest trajectories run first, or those of the first seed (order.ts), and no more at once than fit in memory.
 * - Failed ones are retried if that can help (retry-policy.ts).
 * - All of them pause while the disk is full.
 * - `resize` changes how many run; those that it stops go on later, from their snapshots.
 */

import { ActiveTimeClock } from '../base/active-time-clock.js';
import { provenance } from '../base/provenance.js';
import type { RefinementTask, UnfinishedTrajectory } from '../domain/messages.js';
import type { Executor } from '../execute/executor.js';
import type { Snapshots } from '../store/file/snapshots.js';
import type { Store, SweepProgress } from '../store/write/store.js';
import { knownCheckpoints } from '../threshold/refine.js';
import { Attempt, type RunContext } from './attempt.js';
import { DiskFullPause } from './disk-full.js';
import type { Job } from './job-queue.js';
import type { RunOptions } from './observer.js';
import type { PreparedSweep } from './prepare.js';
import { ProgressTracker } from './progress.js';
import { refinementTask } from './refinement.js';
import { Warnings } from './warnings.js';

export class Scheduler {
  /** False only if a stop came while the disk was full. */
  isStored = true;
  readonly #context: RunContext;
  #stoppedAt = Number.POSITIVE_INFINITY;
  #running = 0;
  #fill = () => {};

  constructor(
    private readonly prepared: PreparedSweep,
    unfinished: readonly UnfinishedTrajectory[],
    store: Store,
    snapshots: Snapshots,
    private readonly executor: Executor,
    options: RunOptions,
  ) {
    const warn = (message: string) => options.observer?.warning?.(message);
    this.#context = {
      sweep: { name: prepared.spec.name, evaluate: prepared.spec.evaluate },
      options,
      store,
      snapshots,
      tracker: new ProgressTracker(
        prepared,
        unfinished,
        store,
        snapshots,
        options,
        () => executor.capacity,
        () => executor.stop(),
        executor.fits ? Number.POSITIVE_INFINITY : prepared.memoryBytes - prepared.imageBytes,
      ),
      clock: new ActiveTimeClock(),
      disk: new DiskFullPause(executor, warn, options.signal),
      warnings: new Warnings(warn),
      provenance: { ...provenance(executor.capacity), kernels: prepared.engine.kernels },
      stoppedAt: () => this.#stoppedAt,
      isStopping: () => this.#isStopping,
    };
    store.setThreads(executor.capacity);
    executor.watch?.(() => this.#onFleetChanged());
  }

  get #isStopping(): boolean {
    const { options, tracker } = this.#context;
    return (
      this.#stoppedAt < Number.POSITIVE_INFINITY || (options.signal?.aborted ?? false) || tracker.isBroken
    );
  }

  /** Runs so many trajectories at once from now on, 0 to pause. */
  resize(threads: number): void {
    const { store, tracker, options } = this.#context;
    if (this.#isStopping) return;
    this.executor.resize(threads);
    store.setThreads(this.executor.capacity);
    options.observer?.resized?.(this.executor.capacity);
    tracker.report();
    this.#fill();
  }

  /** Publishes the workers of a queue. */
  publishQueue(): void {
    const state = this.executor.queueState?.();
    if (state) this.#context.store.setQueue(state);
  }

  /** Machines have come or gone. */
  #onFleetChanged(): void {
    const { store, tracker } = this.#context;
    if (this.#isStopping) return;
    store.setThreads(this.executor.capacity);
    this.publishQueue();
    tracker.report();
    this.#fill();
  }

  get progress(): SweepProgress {
    return this.#context.tracker.progress;
  }

  /** Resolves when all is done or the run has stopped. Throws the errors of the store and the executor. */
  async run(): Promise<void> {
    const { store, tracker, disk, clock, warnings, options } = this.#context;
    const { signal, db, observer } = options;
    const stop = () => {
      this.#stoppedAt = performance.now();
      this.executor.stop();
      this.#fill();
    };
    signal?.addEventListener('abort', stop);
    store.watchDisk({ onFull: () => disk.onFull(db), onSpace: () => disk.onSpace() });
    try {
      await this.#runAll();
      this.isStored = await disk.write(db, () => store.flush());
      if (this.isStored) await tracker.settled();
      else
        observer?.warning?.(
          'stopped while the disk is full: what could not be stored will be computed again',
        );
      tracker.check();
    } catch (error) {
      // Other running trajectories end as stopped, not as failed.
      this.#stoppedAt = performance.now();
      this.executor.stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      store.watchDisk(null);
      clock.stop();
      await this.executor.close();
      warnings.end();
    }
  }

  /** Fills the executor at the start and whenever a trajectory ends, which frees memory or queues a retry. */
  #runAll(): Promise<void> {
    const { tracker } = this.#context;
    return new Promise((resolve, reject) => {
      this.#fill = () => {
        for (let job = this.#next(); job; job = this.#next()) {
          this.#running++;
          const ended = () => {
            this.#running--;
            this.#fill();
          };
          this.#runOne(job).then(ended).catch(reject);
        }
        if (this.#running === 0 && (this.#isStopping || !tracker.queue.peek())) resolve();
      };
      this.#fill();
    });
  }

  #next(): Job | null {
    if (this.#isStopping) return null;
    const { tracker } = this.#context;
    const target = this.executor.capacity + this.executor.prefetch();
    if (this.#running >= target) return null;
    return tracker.queue.take(job => this.executor.fits?.(this.#bytesOf(job)) ?? true);
  }

  #bytesOf({ bytes, trajectory }: Job): number {
    return Number.isFinite(bytes) ? bytes : this.prepared.bytesOf(trajectory);
  }

  async #runOne(job: Job): Promise<void> {
    const { options, store, snapshots, tracker, disk } = this.#context;
    const { trajectory, bytes } = job;
    const { id, config } = trajectory;
    const { evaluate } = this.prepared.spec;
    let { checkpoints } = job;
    let refinement = null as RefinementTask | null;
    if (job.wasTried || trajectory.refinement) {
      const isRead = await disk.write(options.db, () => {
        if (job.wasTried && trajectory.refinement)
          store.deriveMembers({ name: this.prepared.spec.name, evaluate }, [trajectory]);
        if (job.wasTried) checkpoints = store.unfinished(trajectory, evaluate);
        const stored = store.measuredCells(trajectory, evaluate);
        refinement = refinementTask(trajectory, stored, this.prepared.keptStatesOf(trajectory));
      });
      if (!isRead) return tracker.queue.release(job);
    }
    // A worker that refines goes on from the snapshot after checkpoints that lie before it.
    const until = trajectory.refinement ? trajectory.checkpoints.at(-1)!.t : checkpoints[0]?.t;
    const snapshot = snapshots.read(id, until ?? 0);
    const from = Math.min(snapshot?.t ?? 0, checkpoints[0]?.t ?? 0);
    const known = refinement ? knownCheckpoints(trajectory, refinement.stored) : checkpoints;
    const attempt = new Attempt(this.#context, job, checkpoints, from, known);
    const task = {
      id,
      config,
      checkpoints,
      refinement,
      evaluate,
      snapshot,
      memoryBytes: this.#bytesOf(job),
      alone: !Number.isFinite(bytes),
      snapshotEveryMs: options.snapshotEveryMs ?? null,
    };
    for await (const event of this.executor.submit(task)) await attempt.handle(event);
  }
}
