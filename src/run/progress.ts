/**
 * Tracks which trajectories of a run wait, which results await their commit and which are on the disk. Reports
 * progress with the remaining time after every commit.
 */
import type { CheckpointTask, UnfinishedTrajectory } from '../domain/messages.js';
import type { Snapshots } from '../store/file/snapshots.js';
import type { Store, SweepProgress } from '../store/write/store.js';
import { arithmeticOf } from '../trajectory/cost.js';
import { addWork, CostModel, type Work, workOf } from './cost-model.js';
import { EtaEstimator } from './eta.js';
import { expectedArithmetic } from './expected-checkpoints.js';
import { type Job, JobQueue } from './job-queue.js';
import type { RunOptions } from './observer.js';
import { rankBy } from './order.js';
import type { PreparedSweep } from './prepare.js';

export class ProgressTracker {
  /** Counted here with each commit, because the cost of a query would grow with the sweep. */
  readonly progress: { -readonly [key in keyof SweepProgress]: SweepProgress[key] };
  readonly queue: JobQueue;
  readonly eta = new EtaEstimator();
  #longest: { readonly job: Job | null; readonly work: Work | null } = { job: null, work: null };
  readonly #uncommitted = new Set<Promise<void>>();
  #reporting: Promise<void> | null = null;
  #fault: { readonly error: unknown } | null = null;

  /**
   * @param threads how many trajectories run concurrently now.
   * @param budgetBytes see JobQueue.
   * @param onFault is called on the first failed commit: its results are missing from all later progress.
   */
  constructor(
    private readonly prepared: PreparedSweep,
    unfinished: readonly UnfinishedTrajectory[],
    private readonly store: Store,
    private readonly snapshots: Snapshots,
    private readonly options: RunOptions,
    readonly threads: () => number,
    private readonly onFault: () => void,
    budgetBytes: number,
  ) {
    this.progress = { ...store.progress(prepared.spec.name) };
    const common = new CostModel();
    const rankOf = rankBy(options.order ?? 'longest', prepared.spec);
    const jobs = unfinished.map(({ trajectory, checkpoints }) => {
      const work = this.#workLeft(trajectory, checkpoints);
      this.eta.add(work);
      const bytes = prepared.bytesOf(trajectory);
      const rank = rankOf(trajectory.config);
      return {
        trajectory,
        checkpoints,
        rank,
        cost: common.seconds(work),
        bytes,
        failures: 0,
        wasTried: false,
      };
    });
    this.queue = new JobQueue(jobs, budgetBytes);
  }

  /** Work of these checkpoints, trained from iteration `from`. `starts` is 1 if this opens the trajectory, else 0. */
  workOf(
    trajectory: UnfinishedTrajectory['trajectory'],
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

  /** Work of a whole attempt: of these checkpoints, and of those that they are expected to choose. */
  workExpected(
    trajectory: UnfinishedTrajectory['trajectory'],
    checkpoints: readonly CheckpointTask[],
    from: number,
  ): Work {
    const known = this.workOf(trajectory, checkpoints, from, 1);
    if (!trajectory.refinement) return known;
    const { spec, sizesOf } = this.prepared;
    const sizes = sizesOf(trajectory);
    return addWork(known, workOf(expectedArithmetic(trajectory, checkpoints, spec.evaluate, sizes)));
  }

  /** Runs `work` after the commit is durable, so reported progress never exceeds stored progress. */
  onCommitted(committed: Promise<void>, work: () => void): void {
    const done = committed
      .then(() => {
        work();
        // One report for all results of one commit.
        this.#reporting ??= Promise.resolve().then(() => this.report());
        return this.#reporting;
      })
      .catch((error: unknown) => {
        if (this.#fault) return;
        this.#fault = { error };
        this.onFault();
      })
      .finally(() => this.#uncommitted.delete(done));
    this.#uncommitted.add(done);
  }

  get isBroken(): boolean {
    return this.#fault !== null;
  }

  /** Throws the first error of a commit, if any. */
  check(): void {
    if (this.#fault) throw this.#fault.error;
  }

  /** Resolves when all commits are durable and reported. */
  async settled(): Promise<void> {
    await Promise.all(this.#uncommitted);
  }

  /** Reports progress and the expected time with the present number of threads. */
  report(): void {
    this.#reporting = null;
    const job = this.queue.peek();
    if (job !== this.#longest.job)
      this.#longest = { job, work: job && this.#workLeft(job.trajectory, job.checkpoints) };
    const secondsLeft = this.eta.secondsLeft(this.threads(), this.#longest.work);
    this.store.setSecondsLeft(secondsLeft);
    this.options.observer?.progress?.(this.progress, { workDone: this.eta.shareDone(), secondsLeft });
  }

  #workLeft(trajectory: UnfinishedTrajectory['trajectory'], checkpoints: readonly CheckpointTask[]): Work {
    const from = this.snapshots.startFor(trajectory.id, checkpoints[0]?.t ?? 0);
    return this.workExpected(trajectory, checkpoints, from);
  }
}
