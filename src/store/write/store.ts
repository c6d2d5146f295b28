/**
 * The database of a run. One process holds it at a time, and that process's main thread alone writes; anyone may read
 * beside it (`openReader`, or any SQLite client).
 *
 * What is recorded is gathered and committed together, in order, since a commit waits for the disk
 * (group-commit.ts). `finished` says by its promise when the end of a trajectory, with all that came before it, is on
 * the disk. Losing the process or the power at any moment loses at most what was not committed, never part of a commit.
 */
import type { Database } from 'better-sqlite3';
import { TOOL_VERSION } from '../../base/paths.js';
import type { CellRow, CheckpointRow, CheckpointTask, UnfinishedTrajectory } from '../../domain/messages.js';
import type { CurveRow, PlannedTrajectory } from '../../domain/types.js';
import { connectWriter, guard } from '../file/open.js';
import { Reader } from '../read/reader.js';
import type { StoredThresholds } from '../read/stored-thresholds.js';
import { UnfinishedCells } from '../read/unfinished.js';
import { VariantKeys } from '../read/variants.js';
import { replaceFits, type StoredFits } from '../schema/fits.js';
import type {
  AttemptInfo,
  Evaluate,
  FailureRow,
  Outcome,
  StoredSweep,
  SweepProgress,
  TrajectoryStatus,
} from '../schema/rows.js';
import { type DiskWatcher, GroupCommit, isDiskFull } from './group-commit.js';
import { type LockOptions, WriterLock } from './lock.js';
import { Recorder, type TrainTime } from './recorder.js';
import { replaceSweep } from './sweep-cells.js';
import { replaceThresholds, sweepKey } from './thresholds.js';

const HEARTBEAT_MS = 60_000;
const NOT_TRAINED: TrainTime = { wallS: null, cpuS: 0 };

export type { SweepProgress } from '../schema/rows.js';

interface Running {
  readonly key: number;
  /** Training time as the rows tell it: for attempts that end without a total. */
  spent: TrainTime;
}

export interface StoreOptions extends LockOptions {
  /** Write although the file lies on a network file system. */
  readonly unsafeFilesystem?: boolean | undefined;
}

export class Store {
  readonly file: string;
  private readonly db: Database;
  private readonly lock: WriterLock;
  private readonly variants: VariantKeys;
  private readonly recorder: Recorder;
  private readonly reader: Reader;
  private readonly missing: UnfinishedCells;
  private readonly heartbeat: NodeJS.Timeout;
  private readonly running = new Map<string, Running>();
  private readonly group = new GroupCommit(work => this.commit(work));

  /**
   * Opens the database to write, creating folders and file where there is none, and holds it until `close`.
   * Trajectories that a dead holder left running are pending again.
   *
   * @throws StoreError NOT_A_DATABASE, NOT_OURS, NEWER_SCHEMA: the file is left as it is. DATABASE_HELD: another
   *   process is at work on it. NETWORK_FILESYSTEM. DATABASE_IO.
   */
  static open(file: string, options: StoreOptions = {}): Store {
    const db = connectWriter(file, options.unsafeFilesystem);
    try {
      return guard(file, () => new Store(file, db, options));
    } catch (error) {
      db.close();
      throw error;
    }
  }

  private constructor(file: string, db: Database, options: StoreOptions) {
    this.file = file;
    this.db = db;
    this.lock = new WriterLock(file, db, this.group, options);
    this.variants = new VariantKeys(db);
    this.recorder = new Recorder(db, this.variants);
    this.missing = new UnfinishedCells(db, this.variants);
    this.reader = new Reader(file, db);
    this.heartbeat = setInterval(() => this.group.beat(), HEARTBEAT_MS).unref();
  }

  /**
   * Stores a sweep's definition and which cells it asks for, in place of what its name stood for. New trajectories are
   * pending; done ones of which more is asked are pending again.
   */
  saveSweep(sweep: StoredSweep, trajectories: readonly PlannedTrajectory[]): void {
    this.flush();
    this.commit(() => {
      replaceSweep(this.db, this.variants, sweep, trajectories);
      this.db.prepare('UPDATE holder SET sweep = ?').run(sweep.name);
    });
  }

  /** The trajectories to be run: pending ones that lack planned cells, with these. */
  left(planned: readonly PlannedTrajectory[], evaluate: Evaluate): UnfinishedTrajectory[] {
    this.flush();
    return guard(this.file, () => {
      const pending = this.recorder.pending();
      const left: UnfinishedTrajectory[] = [];
      for (const trajectory of pending.size === 0 ? [] : planned) {
        if (!pending.has(trajectory.id)) continue;
        const checkpoints = this.missing.of(trajectory, evaluate);
        if (checkpoints.length > 0) left.push({ trajectory, checkpoints });
      }
      return left;
    });
  }

  /** The planned cells that lack any of the metrics, by checkpoint, ascending; empty where nothing is left to do. */
  unfinished(trajectory: PlannedTrajectory, evaluate: Evaluate): readonly CheckpointTask[] {
    this.group.flushFor(trajectory.id);
    return guard(this.file, () => this.missing.of(trajectory, evaluate));
  }

  /** Whether a saved trajectory is to be run: some sweep lacks cells of it, and it has not failed. */
  isPending(id: string): boolean {
    return this.status(id) === 'pending';
  }

  /** Undefined where no sweep ever asked for it. */
  status(id: string): TrajectoryStatus | undefined {
    this.group.flushFor(id);
    return guard(this.file, () => this.recorder.status(id));
  }

  /** An attempt begins. */
  started(id: string, attempt: AttemptInfo): void {
    const at = new Date().toISOString();
    this.running.set(id, { key: this.recorder.key(id), spent: NOT_TRAINED });
    this.group.add(id, 0, () => this.recorder.started(id, at, attempt));
  }

  /**
   * A checkpoint and its cells. Metrics that are already there stay; others are added to the same row. Resolves when
   * they are on the disk; rejects where they cannot be.
   */
  rows(id: string, checkpoint: CheckpointRow, cells: readonly CellRow[]): Promise<void> {
    const atMs = Date.now();
    const running = this.running.get(id);
    const key = running?.key ?? this.recorder.key(id);
    if (running) running.spent = withCheckpoint(running.spent, checkpoint);
    return this.group.durably(id, cells.length, () => this.recorder.rows(key, atMs, checkpoint, cells));
  }

  /**
   * The attempt's end. Resolves when it is on the disk, with all that came before it; rejects where it cannot be.
   * A failed one that is to be tried again leaves its trajectory pending.
   */
  finished(id: string, outcome: Outcome, isTriedAgain = false): Promise<void> {
    const at = new Date().toISOString();
    const spent =
      outcome.kind === 'done'
        ? { wallS: outcome.trainWallS, cpuS: outcome.trainCpuS }
        : (this.running.get(id)?.spent ?? NOT_TRAINED);
    this.running.delete(id);
    return this.group.durably(id, 0, () => this.recorder.finished(id, at, outcome, spent, isTriedAgain));
  }

  /** For those who look on: what the run expects to need to its end. Goes with the next commit. */
  expect(secondsLeft: number | null): void {
    this.lock.expect(secondsLeft);
  }

  /**
   * Replaces a sweep's stored thresholds by ones that were computed from everything recorded so far. The sweep and its
   * variants must have been saved.
   *
   * @param version of the code that computed them.
   */
  replaceThresholds(sweep: string, thresholds: StoredThresholds, version: number): void {
    this.flush();
    this.commit(() => replaceThresholds(this.db, this.variants, sweep, thresholds, version));
  }

  /** Stores a sweep's fits in place of those it has. */
  replaceFits(sweep: string, fits: StoredFits): void {
    this.flush();
    this.commit(() => replaceFits(this.db, sweepKey(this.db, sweep), fits, `espalier ${TOOL_VERSION}`));
  }

  /** What there is to read, with all that has been recorded so far. Closed by `close`. */
  toReader(): Reader {
    this.flush();
    return this.reader;
  }

  /** See `Reader.curveRows`. */
  curveRows(sweep: string): Generator<CurveRow> {
    this.flush();
    return this.reader.curveRows(sweep);
  }

  /** The sweep must have been saved. Costs a look at each of its cells. */
  progress(sweep: string): SweepProgress {
    this.flush();
    const [progress] = this.reader.progress(sweep);
    if (!progress) throw new Error(`sweep ${sweep} was never saved`);
    return progress;
  }

  /** Failed trajectories that still lack cells of the sweep. */
  failures(sweep: string): FailureRow[] {
    this.flush();
    return this.reader.failures(sweep);
  }

  /** Commits what is waiting. */
  flush(): void {
    this.group.flush();
  }

  /** From now on a full disk is told here, and waited for; what is recorded meanwhile is kept. */
  watchDisk(watcher: DiskWatcher | null): void {
    this.group.watchDisk(watcher);
  }

  /**
   * Failed trajectories (of one error code, if it is given) are pending again, or done where nothing of them is lacking.
   * Returns what they had failed with.
   */
  retryFailed(code?: string): { trajectoryId: string; errorCode: string; error: string }[] {
    this.flush();
    let failed: ReturnType<Store['retryFailed']> = [];
    this.commit(() => {
      failed = this.recorder.retryFailed(code);
    });
    return failed;
  }

  /** Commits what is waiting, ends attempts that are still running as stopped, and lets go. Safe to call twice. */
  close(): void {
    if (!this.db.open) return;
    clearInterval(this.heartbeat);
    try {
      for (const id of this.running.keys()) this.finished(id, { kind: 'stopped' });
      this.flush();
    } catch (error) {
      // On a full disk that is what this run has been told.
      if (!isDiskFull(error)) throw error;
    } finally {
      this.group.cancel();
      this.lock.release();
    }
  }

  /** One transaction, which also shows that this process still holds the database. */
  private commit(work: () => void): void {
    const all = this.db.transaction(() => {
      this.lock.beat();
      work();
    });
    try {
      guard(this.file, () => all.immediate());
    } catch (error) {
      this.variants.load();
      throw error;
    }
    this.lock.afterCommit();
  }
}

function withCheckpoint({ wallS, cpuS }: TrainTime, { trainWallS, trainCpuS }: CheckpointRow): TrainTime {
  const cpu = cpuS === null || trainCpuS === null ? null : cpuS + trainCpuS;
  return { wallS: (wallS ?? 0) + trainWallS, cpuS: cpu };
}
