/**
 * Keeps an executor busy with what is left of a sweep, and records what it says: the longest trajectories first, no more
 * at once than fits in memory, failed ones again where that can help, all of them resting while the disk is full.
 */

import { ActiveTimeClock } from '../base/active-time-clock.js';
import { provenance } from '../base/provenance.js';
import type { UnfinishedTrajectory } from '../domain/messages.js';
import type { Executor } from '../execute/executor.js';
import type { Snapshots } from '../store/file/snapshots.js';
import type { Store, SweepProgress } from '../store/write/store.js';
import { Attempt, type RunContext } from './attempt.js';
import { DiskFullPause } from './disk-full.js';
import type { Job } from './job-queue.js';
import type { RunOptions } from './observer.js';
import type { PreparedSweep } from './prepare.js';
import { ProgressTracker } from './progress.js';
import { Warnings } from './warnings.js';

export class Scheduler {
  /** False only where a stop found the disk full. */
  isStored = true;
  readonly #context: RunContext;
  #stoppedAt = Number.POSITIVE_INFINITY;
  #running = 0;

  /** @param left what is to be run. */
  constructor(
    private readonly prepared: PreparedSweep,
    left: readonly UnfinishedTrajectory[],
    store: Store,
    snapshots: Snapshots,
    private readonly executor: Executor,
    options: RunOptions,
  ) {
    const warn = (message: string) => options.observer?.warning?.(message);
    this.#context = {
      options,
      store,
      snapshots,
      tracker: new ProgressTracker(prepared, left, store, snapshots, options, () => executor.stop()),
      clock: new ActiveTimeClock(),
      disk: new DiskFullPause(executor, warn, options.signal),
      warnings: new Warnings(warn),
      provenance: provenance(executor.capacity),
      stoppedAt: () => this.#stoppedAt,
    };
  }

  get progress(): SweepProgress {
    return this.#context.tracker.progress;
  }

  /** Until all is done or a stop was asked for. Throws what the store or the executor throws. */
  async run(): Promise<void> {
    const { store, tracker, disk, clock, warnings, options } = this.#context;
    const { signal, db, observer } = options;
    const stop = () => {
      this.#stoppedAt = performance.now();
      this.executor.stop();
    };
    signal?.addEventListener('abort', stop);
    store.watchDisk({ full: () => disk.onFull(db), room: () => disk.onRoom() });
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
      // What runs beside a slot that broke is stopped, not failed.
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

  /** At the begin, and whenever one ends: what has ended makes room in memory, or is to be tried again. */
  #runAll(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fill = () => {
        for (let job = this.#next(); job; job = this.#next()) {
          this.#running++;
          const ended = () => {
            this.#running--;
            fill();
          };
          this.#runOne(job).then(ended).catch(reject);
        }
        if (this.#running === 0) resolve();
      };
      fill();
    });
  }

  #next(): Job | null {
    const { options, tracker } = this.#context;
    if (options.signal?.aborted || tracker.isBroken) return null;
    const wanted = this.executor.capacity + this.executor.prefetch();
    return this.#running < wanted ? tracker.queue.take() : null;
  }

  async #runOne(job: Job): Promise<void> {
    const { options, store, snapshots, tracker, disk } = this.#context;
    const { trajectory, bytes } = job;
    const { id, config } = trajectory;
    const { evaluate } = this.prepared.spec;
    let { checkpoints } = job;
    if (job.failures > 0) {
      const isKnown = await disk.write(options.db, () => {
        checkpoints = store.unfinished(trajectory, evaluate);
      });
      if (!isKnown) return tracker.queue.release(job);
    }
    const snapshot = snapshots.read(id, checkpoints[0]?.t ?? 0);
    const attempt = new Attempt(this.#context, job, checkpoints, snapshot?.t ?? 0);
    const task = {
      id,
      config,
      checkpoints,
      evaluate,
      snapshot,
      memoryBytes: Number.isFinite(bytes) ? bytes : this.prepared.bytesOf(trajectory),
      snapshotEveryMs: options.snapshotEveryMs ?? null,
    };
    for await (const event of this.executor.submit(task)) await attempt.handle(event);
  }
}
