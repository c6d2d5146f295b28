/** One attempt at a trajectory: what is recorded, told and done next as it is heard of. */

import type { AwakeClock } from '../base/active-time-clock.js';
import type { provenance } from '../base/provenance.js';
import type { CheckpointTask, ExecutorEvent, Snapshot } from '../domain/messages.js';
import type { Snapshots } from '../store/file/snapshots.js';
import type { Store } from '../store/write/store.js';
import type { DiskWait } from './disk-full.js';
import type { Job } from './job-queue.js';
import type { AttemptEnd, RunOptions } from './observer.js';
import type { Ledger } from './progress.js';
import { retryAfter } from './retry-policy.js';
import type { Warnings } from './warnings.js';

/** Attempts that may follow a failed one. */
const RETRIES = 2;
/** A stop is over within two seconds. Snapshots that could not be written by this time after it are left out; */
const SAVE_WITHIN_MS = 1_500;
/** a common disk takes them at this rate. */
const SAVED_BYTES_PER_MS = 100_000;

/** What all attempts of a run share. */
export interface Course {
  readonly options: RunOptions;
  readonly store: Store;
  readonly snapshots: Snapshots;
  readonly ledger: Ledger;
  readonly clock: AwakeClock;
  readonly disk: DiskWait;
  readonly warnings: Warnings;
  readonly provenance: ReturnType<typeof provenance>;
  /** Infinity before a stop. */
  readonly stoppedAt: () => number;
}

export class Attempt {
  /** Null until it has begun; one that never does is none. */
  #beganMs: number | null = null;
  /** Checkpoints that are finished, the iteration reached, and when that was. */
  #finished = 0;
  #t: number;
  #sinceMs = 0;

  /** @param from the iteration that it goes on from. */
  constructor(
    private readonly course: Course,
    private readonly job: Job,
    private readonly checkpoints: readonly CheckpointTask[],
    from: number,
  ) {
    this.#t = from;
  }

  async hear(event: ExecutorEvent): Promise<void> {
    const { store, warnings, ledger } = this.course;
    const { id } = this.job.trajectory;
    switch (event.kind) {
      case 'begun':
        return this.#begun(event.lane);
      case 'warning':
        return warnings.add(event.topic, event.message);
      case 'snapshot':
        return this.#save(id, event.snapshot);
      case 'rows':
        this.#learn(event.checkpoint.t);
        return ledger.afterwards(store.rows(id, event.checkpoint, event.cells), () => {
          ledger.progress.cellsDone += event.cells.length;
        });
      case 'failed':
        this.#ended(event);
        return this.#failed(event);
      case 'stopped':
      case 'done':
        this.#ended(event);
        return this.#over(event);
    }
  }

  #begun(lane: number): void {
    const { options, store, ledger, clock, provenance } = this.course;
    const { trajectory } = this.job;
    const worker = `${provenance.host}/${provenance.process}/${lane}`;
    store.started(trajectory.id, { ...provenance, worker });
    options.observer?.started?.(trajectory, worker, this.#t);
    ledger.forecast.begin(trajectory.id, ledger.workOf(trajectory, this.checkpoints, this.#t, 1));
    this.#beganMs = clock.ms();
    this.#sinceMs = this.#beganMs;
  }

  #ended(event: AttemptEnd): void {
    const { options, clock, ledger } = this.course;
    ledger.backlog.ended(this.job);
    if (this.#beganMs === null) return;
    const seconds = (clock.ms() - this.#beganMs) / 1000;
    options.observer?.ended?.(this.job.trajectory.id, event, seconds);
  }

  #over(event: Extract<AttemptEnd, { kind: 'done' | 'stopped' }>): void {
    if (this.#beganMs === null) return;
    const { store, snapshots, ledger } = this.course;
    const { id } = this.job.trajectory;
    ledger.forecast.end(id, false);
    ledger.afterwards(store.finished(id, event), () => {
      if (event.kind === 'stopped') return;
      ledger.progress.trajectoriesDone++;
      // Another sweep may ask for more of it.
      if (snapshots.has(id) && !store.isPending(id)) snapshots.remove(id);
    });
  }

  #failed(event: Extract<AttemptEnd, { kind: 'failed' }>): void {
    const { options, store, snapshots, ledger } = this.course;
    const { job } = this;
    const { id } = job.trajectory;
    const { code, message } = event;
    const failures = job.failures + 1;
    const limit = options.retries ?? RETRIES;
    const again = retryAfter(code, failures, limit);
    ledger.forecast.end(id, again !== null);
    if (again) {
      const bytes = again.alone ? Number.POSITIVE_INFINITY : job.bytes;
      ledger.backlog.again({ ...job, failures, bytes });
      const how = again.alone ? 'again, alone' : 'again';
      options.observer?.warning?.(
        `trajectory ${id} failed: ${code}: ${message}; it is tried ${how} (${failures} of ${limit})`,
      );
    } else options.observer?.failure?.(id, code, message);
    ledger.afterwards(store.finished(id, event, again !== null), () => {
      if (again) return;
      ledger.progress.trajectoriesFailed++;
      // It would diverge again, to the bit.
      if (code === 'DIVERGED') snapshots.remove(id);
    });
  }

  /** Rows that came before are on the disk first: a snapshot past a checkpoint that lacks its rows is of no use. */
  async #save(id: string, snapshot: Snapshot): Promise<void> {
    const { options, store, snapshots, disk, stoppedAt } = this.course;
    const over = performance.now() + snapshot.bytes.length / SAVED_BYTES_PER_MS;
    if (over > stoppedAt() + SAVE_WITHIN_MS) return;
    await disk.write(`a snapshot beside ${options.db}`, () => {
      store.flush();
      snapshots.write(id, snapshot);
    });
  }

  #learn(t: number): void {
    const { clock, ledger } = this.course;
    const { trajectory } = this.job;
    const now = clock.ms();
    const checkpoint = this.checkpoints[this.#finished]!;
    const work = ledger.workOf(trajectory, [checkpoint], this.#t, this.#finished === 0 ? 1 : 0);
    ledger.forecast.did(trajectory.id, work, (now - this.#sinceMs) / 1000);
    this.#finished++;
    this.#t = t;
    this.#sinceMs = now;
  }
}
