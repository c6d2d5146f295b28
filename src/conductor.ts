/**
 * Keeps an executor busy with what is left of a sweep, and records what it says: the longest trajectories first, no more
 * at once than fits in memory, failed ones again where that can help, all of them resting while the disk is full.
 */
import type { PlannedTrajectory } from './domain/config.js';
import type { CheckpointTask, Snapshot, TrajectoryEvent } from './domain/task.js';
import { AwakeClock } from './execute/awake.js';
import type { Executor } from './execute/executor.js';
import type { PreparedSweep } from './prepare.js';
import { provenance } from './provenance.js';
import { arithmeticOf } from './run/cost.js';
import { Backlog, type Job } from './schedule/backlog.js';
import { CostModel, type Work, workOf } from './schedule/cost-model.js';
import { DiskWait } from './schedule/disk-wait.js';
import { Forecast } from './schedule/forecast.js';
import { retryAfter } from './schedule/retries.js';
import { Warnings } from './schedule/warnings.js';
import type { Snapshots } from './store/snapshots.js';
import type { Store, SweepProgress } from './store/store.js';
import type { AttemptEnd, RunOptions } from './sweep.js';

/** Attempts that may follow a failed one. */
const RETRIES = 2;
/** A stop is over within two seconds. Snapshots that could not be written by this time after it are left out; */
const SAVE_WITHIN_MS = 1_500;
/** a common disk takes them at this rate. */
const SAVED_BYTES_PER_MS = 100_000;

/** A trajectory on its way. */
interface Attempt {
  readonly job: Job;
  readonly checkpoints: readonly CheckpointTask[];
  readonly beganMs: number;
  /** Checkpoints that are finished, the iteration reached, and when that was. */
  finished: number;
  t: number;
  sinceMs: number;
}

export class Conductor {
  /** Counted here as events come: asking the database each time would cost more the larger the sweep. */
  readonly progress: { -readonly [key in keyof SweepProgress]: SweepProgress[key] };
  /** False only where a stop found the disk full. */
  isStored = true;
  readonly #forecast = new Forecast();
  readonly #clock = new AwakeClock();
  readonly #disk: DiskWait;
  readonly #warnings: Warnings;
  readonly #provenance: ReturnType<typeof provenance>;
  readonly #backlog: Backlog;
  #longest: { readonly job: Job | null; readonly work: Work | null } = { job: null, work: null };
  #running = 0;
  #stoppedAt = Number.POSITIVE_INFINITY;
  #fault: { readonly error: unknown } | null = null;
  readonly #uncommitted = new Set<Promise<void>>();
  #changed: () => void = () => {};
  #change = new Promise<void>(() => {});

  /** @param left what is to be run: pending trajectories that lack cells. */
  constructor(
    private readonly prepared: PreparedSweep,
    left: readonly PlannedTrajectory[],
    private readonly store: Store,
    private readonly snapshots: Snapshots,
    private readonly executor: Executor,
    private readonly options: RunOptions,
  ) {
    const { observer, signal } = options;
    this.progress = { ...store.progress(prepared.spec.name) };
    this.#provenance = provenance(executor.capacity);
    this.#warnings = new Warnings(message => observer?.warning?.(message));
    this.#disk = new DiskWait(executor, message => observer?.warning?.(message), signal);
    const common = new CostModel();
    const jobs = left.map(trajectory => {
      const work = this.#workLeft(trajectory);
      this.#forecast.add(work);
      return { trajectory, cost: common.seconds(work), bytes: prepared.bytesOf(trajectory), failures: 0 };
    });
    this.#backlog = new Backlog(jobs, prepared.memoryBytes - prepared.imageBytes);
    this.#nextChange();
  }

  /** Until all is done or a stop was asked for. Throws what the store or the executor throws. */
  async run(): Promise<void> {
    const { signal, db, observer } = this.options;
    const stop = () => {
      this.#stoppedAt = performance.now();
      this.executor.stop();
      this.#changed();
    };
    signal?.addEventListener('abort', stop);
    this.store.watchDisk({ full: () => this.#disk.full(db), room: () => this.#disk.room() });
    try {
      await Promise.all(Array.from({ length: this.executor.capacity }, (_, lane) => this.#runLane(lane)));
      this.isStored = await this.#disk.write(db, () => this.store.flush());
      if (this.isStored) await Promise.all(this.#uncommitted);
      else
        observer?.warning?.(
          'stopped while the disk is full: what could not be stored will be computed again',
        );
      if (this.#fault) throw this.#fault.error;
    } catch (error) {
      // What runs beside a lane that broke is stopped, not failed.
      this.executor.stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      this.store.watchDisk(null);
      this.#clock.stop();
      await this.executor.close();
      this.#warnings.end();
    }
  }

  async #runLane(lane: number): Promise<void> {
    while (!this.options.signal?.aborted && !this.#fault) {
      const job = this.#backlog.take();
      if (job) {
        this.#running++;
        await this.#runOne(job, lane);
        this.#running--;
        this.#changed();
      } else if (this.#running === 0) return;
      // What runs may make room in memory, or be tried again.
      else await this.#change;
    }
  }

  async #runOne(job: Job, lane: number): Promise<void> {
    const { trajectory, bytes } = job;
    const { id, config } = trajectory;
    const { evaluate } = this.prepared.spec;
    let checkpoints: readonly CheckpointTask[] = [];
    const isKnown = await this.#disk.write(this.options.db, () => {
      checkpoints = this.store.unfinished(trajectory, evaluate);
    });
    if (!isKnown) return this.#backlog.ended(job);
    const snapshot = this.snapshots.read(id, checkpoints[0]!.t);
    const attempt: Attempt = {
      job,
      checkpoints,
      beganMs: this.#clock.ms(),
      finished: 0,
      t: snapshot?.t ?? 0,
      sinceMs: this.#clock.ms(),
    };
    const { host, process } = this.#provenance;
    const worker = `${host}/${process}/${lane}`;
    this.store.started(id, { ...this.#provenance, worker });
    this.options.observer?.started?.(trajectory, worker, attempt.t);
    this.#forecast.begin(id, this.#workOf(trajectory, checkpoints, attempt.t, 1));
    const task = {
      id,
      config,
      checkpoints,
      evaluate,
      snapshot,
      memoryBytes: Number.isFinite(bytes) ? bytes : this.prepared.bytesOf(trajectory),
      snapshotEveryMs: this.options.snapshotEveryMs ?? null,
    };
    for await (const event of this.executor.submit(task)) await this.#heard(event, attempt);
  }

  async #heard(event: TrajectoryEvent, attempt: Attempt): Promise<void> {
    const { job } = attempt;
    const { id } = job.trajectory;
    switch (event.kind) {
      case 'warning':
        return this.#warnings.add(event.topic, event.message);
      case 'snapshot':
        return this.#save(id, event.snapshot);
      case 'rows': {
        this.#learn(attempt, event.checkpoint.t);
        this.#afterwards(this.store.rows(id, event.checkpoint, event.cells), () => {
          this.progress.cellsDone += event.cells.length;
        });
        return;
      }
      case 'failed':
        this.#ended(event, attempt);
        return this.#failed(event, job);
      case 'stopped':
      case 'done':
        this.#ended(event, attempt);
        this.#backlog.ended(job);
        this.#forecast.end(id, false);
        this.#afterwards(this.store.finished(id, event), () => {
          if (event.kind === 'stopped') return;
          this.progress.trajectoriesDone++;
          // Another sweep may ask for more of it.
          if (!this.store.isPending(id)) this.snapshots.remove(id);
        });
    }
  }

  #ended(event: AttemptEnd, { job, beganMs }: Attempt): void {
    const seconds = (this.#clock.ms() - beganMs) / 1000;
    this.options.observer?.ended?.(job.trajectory.id, event, seconds);
  }

  #failed(event: Extract<TrajectoryEvent, { kind: 'failed' }>, job: Job): void {
    const { id } = job.trajectory;
    const { code, message } = event;
    const failures = job.failures + 1;
    const limit = this.options.retries ?? RETRIES;
    const again = retryAfter(code, failures, limit);
    this.#backlog.ended(job);
    this.#forecast.end(id, again !== null);
    if (again) {
      this.#backlog.again({ ...job, failures, bytes: again.alone ? Number.POSITIVE_INFINITY : job.bytes });
      const how = again.alone ? 'again, alone' : 'again';
      this.options.observer?.warning?.(
        `trajectory ${id} failed: ${code}: ${message}; it is tried ${how} (${failures} of ${limit})`,
      );
    } else this.options.observer?.failure?.(id, code, message);
    this.#afterwards(this.store.finished(id, event, again !== null), () => {
      if (again) return;
      this.progress.trajectoriesFailed++;
      // It would diverge again, to the bit.
      if (code === 'DIVERGED') this.snapshots.remove(id);
    });
  }

  /** Rows that came before are on the disk first: a snapshot past a checkpoint that lacks its rows is of no use. */
  async #save(id: string, snapshot: Snapshot): Promise<void> {
    const over = performance.now() + snapshot.bytes.length / SAVED_BYTES_PER_MS;
    if (over > this.#stoppedAt + SAVE_WITHIN_MS) return;
    await this.#disk.write(`a snapshot beside ${this.options.db}`, () => {
      this.store.flush();
      this.snapshots.write(id, snapshot);
    });
  }

  /** Does `work` when it is on the disk: what is said to be done is. */
  #afterwards(committed: Promise<void>, work: () => void): void {
    const done = committed
      .then(() => {
        work();
        const pace = this.#pace();
        this.store.expect(pace.secondsLeft);
        this.options.observer?.progress?.(this.progress, pace);
      })
      .catch((error: unknown) => {
        this.#fault ??= { error };
        this.executor.stop();
      })
      .finally(() => this.#uncommitted.delete(done));
    this.#uncommitted.add(done);
  }

  #learn(attempt: Attempt, t: number): void {
    const { job, checkpoints, finished } = attempt;
    const now = this.#clock.ms();
    const work = this.#workOf(job.trajectory, [checkpoints[finished]!], attempt.t, finished === 0 ? 1 : 0);
    this.#forecast.did(job.trajectory.id, work, (now - attempt.sinceMs) / 1000);
    attempt.finished++;
    attempt.t = t;
    attempt.sinceMs = now;
  }

  #pace(): { workDone: number; secondsLeft: number | null } {
    const job = this.#backlog.first();
    if (job !== this.#longest.job) this.#longest = { job, work: job && this.#workLeft(job.trajectory) };
    const threads = this.executor.capacity;
    return {
      workDone: this.#forecast.share(),
      secondsLeft: this.#forecast.secondsLeft(threads, this.#longest.work),
    };
  }

  #workLeft(trajectory: PlannedTrajectory): Work {
    const checkpoints = this.store.unfinished(trajectory, this.prepared.spec.evaluate);
    const from = this.snapshots.startFor(trajectory.id, checkpoints[0]?.t ?? 0);
    return this.#workOf(trajectory, checkpoints, from, 1);
  }

  #workOf(
    trajectory: PlannedTrajectory,
    checkpoints: readonly CheckpointTask[],
    from: number,
    starts: number,
  ): Work {
    const { spec, sizesOf } = this.prepared;
    return workOf(
      arithmeticOf({ ...trajectory, checkpoints }, spec.evaluate, sizesOf(trajectory), from),
      starts,
    );
  }

  #nextChange(): void {
    this.#change = new Promise(resolve => {
      this.#changed = () => {
        this.#nextChange();
        resolve();
      };
    });
  }
}
