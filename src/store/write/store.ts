/**
 * The database of a run. One process holds it at a time, and only that process's main thread writes. Other processes
 * may read concurrently (`openReader`, or any SQLite client).
 *
 * - Records are committed in groups, in order, since a commit waits for the disk (group-commit.ts).
 * - The promise of `finished` resolves when the trajectory's end, and every record before it, is durable.
 * - A killed process or a power failure loses at most records that were not committed, never part of a commit.
 */
import type { Database } from 'better-sqlite3';
import { StoreError } from '../../base/errors.js';
import { TOOL_VERSION } from '../../base/paths.js';
import type {
  CellRow,
  CheckpointRow,
  CheckpointTask,
  MeasuredCell,
  QueueState,
  UnfinishedTrajectory,
} from '../../domain/messages.js';
import type { Evaluate, PlannedTrajectory } from '../../domain/types.js';
import { connectWriter, withStoreErrors } from '../file/open.js';
import type { ForgetScope, Forgettable } from '../read/forgettable.js';
import { MeasuredCells } from '../read/measured-cells.js';
import { Reader } from '../read/reader.js';
import { type Comparison, RecordedRows } from '../read/recorded-rows.js';
import type { StoredThresholds, ThresholdSource } from '../read/stored-thresholds.js';
import type { SweepChanges } from '../read/sweep-changes.js';
import { sweepKey } from '../read/sweep-key.js';
import { UnfinishedCells } from '../read/unfinished.js';
import { VariantKeys } from '../read/variants.js';
import { replaceFits, type StoredFits } from '../schema/fits.js';
import { type PredictionScope, replacePredictions, type StoredPrediction } from '../schema/predictions.js';
import type {
  AttemptInfo,
  FailureRow,
  Outcome,
  StoredSweep,
  SweepProgress,
  TrajectoryStatus,
} from '../schema/rows.js';
import { type ForgetResult, type Forgotten, forgetRows, giveSpaceBack, removeSnapshots } from './forget.js';
import { type DiskWatcher, GroupCommit, isDiskFull } from './group-commit.js';
import { type LockOptions, WriterLock } from './lock.js';
import { Recorder } from './recorder.js';
import { RunningAttempts } from './running-attempts.js';
import { deriveMembers, replaceSweep } from './sweep-cells.js';
import { replaceThresholds } from './thresholds.js';

const HEARTBEAT_MS = 60_000;
/** How often the workers of a queue are published while nothing else is committed. */
const QUEUE_PUBLISH_MS = 2_000;

export type { SweepProgress } from '../schema/rows.js';

/** Cells to add to the members of a sweep. */
export interface ChosenCells {
  readonly sweep: string;
  readonly checkpoints: readonly CheckpointTask[];
}

export interface StoreOptions extends LockOptions {
  /** Allows a file on a network file system. */
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
  private readonly measured: MeasuredCells;
  private readonly recorded: RecordedRows;
  private readonly heartbeat: NodeJS.Timeout;
  private readonly running = new RunningAttempts();
  private queuePublishedMs = Number.NEGATIVE_INFINITY;
  private readonly group = new GroupCommit(work => this.commit(work));

  /**
   * Opens a database for writing and holds it until `close`. Creates missing folders and a missing file. Trajectories
   * that a dead holder left running become pending.
   *
   * @throws StoreError NOT_A_DATABASE, NOT_OURS, NEWER_SCHEMA (the file is not changed); DATABASE_HELD if another
   *   process holds it; NETWORK_FILESYSTEM; DATABASE_IO; DISK_FULL.
   */
  static open(file: string, options: StoreOptions = {}): Store {
    const db = connectWriter(file, options.unsafeFilesystem);
    try {
      return withStoreErrors(file, () => new Store(file, db, options));
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
    this.measured = new MeasuredCells(db, this.variants);
    this.recorded = new RecordedRows(db, this.variants);
    this.reader = new Reader(file, db);
    this.heartbeat = setInterval(() => this.group.beat(), HEARTBEAT_MS).unref();
  }

  /**
   * Stores a sweep's definition and cells, replacing an earlier sweep of that name. New trajectories are pending, done
   * trajectories that gain cells become pending. Returns what that changes for its cells; null if nothing.
   */
  saveSweep(sweep: StoredSweep, trajectories: readonly PlannedTrajectory[]): SweepChanges | null {
    this.flush();
    let changes: SweepChanges | null = null;
    this.commit(() => {
      changes = replaceSweep(this.db, this.variants, sweep, trajectories);
      this.db.prepare('UPDATE holder SET sweep = ?').run(sweep.name);
    });
    return changes;
  }

  /** The trajectories to run: the planned ones that are pending and lack planned cells, each with those cells. */
  unfinishedTrajectories(planned: readonly PlannedTrajectory[], evaluate: Evaluate): UnfinishedTrajectory[] {
    this.flush();
    return withStoreErrors(this.file, () => {
      const pending = this.recorder.pending();
      const unfinished: UnfinishedTrajectory[] = [];
      for (const trajectory of pending.size === 0 ? [] : planned) {
        if (!pending.has(trajectory.id)) continue;
        const checkpoints = this.missing.checkpointsOf(trajectory, evaluate);
        if (checkpoints.length > 0) unfinished.push({ trajectory, checkpoints });
      }
      return unfinished;
    });
  }

  /** The planned cells that lack metrics, by checkpoint in ascending t. Empty when nothing is left to do. */
  unfinished(trajectory: PlannedTrajectory, evaluate: Evaluate): readonly CheckpointTask[] {
    this.group.flushFor(trajectory.id);
    return withStoreErrors(this.file, () => this.missing.checkpointsOf(trajectory, evaluate));
  }

  /** Whether a saved trajectory waits to run: some sweep lacks cells of it, it has not failed and is not running. */
  isPending(id: string): boolean {
    return this.status(id) === 'pending';
  }

  /** Undefined if the trajectory was never saved with a sweep. */
  status(id: string): TrajectoryStatus | undefined {
    this.group.flushFor(id);
    return withStoreErrors(this.file, () => this.recorder.status(id));
  }

  /** Records the start of an attempt. */
  started(id: string, attempt: AttemptInfo): void {
    const at = new Date().toISOString();
    this.running.start(id, this.recorder.key(id));
    this.group.add(id, 0, () => this.recorder.started(id, at, attempt));
  }

  /**
   * Records a checkpoint and its cells. Stored metrics stay; new ones are added to the same row. Resolves when the rows
   * are durable, rejects if their commit fails.
   *
   * @param chosen the cells that a sweep asks for because of these rows, its members from the same commit on.
   */
  rows(
    id: string,
    checkpoint: CheckpointRow,
    cells: readonly CellRow[],
    chosen?: ChosenCells,
  ): Promise<void> {
    const atMs = Date.now();
    const key = this.running.addCheckpoint(id, checkpoint) ?? this.recorder.key(id);
    return this.group.addDurably(id, cells.length, () => {
      this.recorder.rows(key, atMs, checkpoint, cells);
      if (chosen) this.recorder.addMembers(chosen.sweep, key, chosen.checkpoints);
    });
  }

  /** The stored cells that the choice of further checkpoints looks at (read/measured-cells.ts). */
  measuredCells(trajectory: PlannedTrajectory, evaluate: Evaluate): MeasuredCell[] {
    this.group.flushFor(trajectory.id);
    return withStoreErrors(this.file, () => this.measured.of(trajectory, evaluate));
  }

  /**
   * Makes the members of a saved sweep that refines its checkpoints what follows from the stored rows. Returns whether
   * any changed.
   */
  deriveMembers(
    sweep: Pick<StoredSweep, 'name' | 'evaluate'>,
    trajectories: readonly PlannedTrajectory[],
  ): boolean {
    this.flush();
    let changed = 0;
    this.commit(() => {
      changed = deriveMembers(this.db, this.variants, sweep, trajectories);
    });
    return changed > 0;
  }

  /**
   * Records the end of an attempt. Resolves when it and all earlier records are durable, rejects if the commit fails.
   * With `willRetry`, a failed attempt leaves its trajectory pending.
   */
  finished(id: string, outcome: Outcome, willRetry = false): Promise<void> {
    const at = new Date().toISOString();
    const spent = this.running.end(id, outcome);
    return this.group.addDurably(id, 0, () => this.recorder.finished(id, at, outcome, spent, willRetry));
  }

  /** Compares rows with the recorded ones, but for times. */
  compareRows(id: string, checkpoint: CheckpointRow, cells: readonly CellRow[]): Comparison {
    this.group.flushFor(id);
    return withStoreErrors(this.file, () => this.recorded.compare(id, checkpoint, cells));
  }

  /** Publishes to readers the seconds that the run expects to need until its end. Stored by the next commit. */
  setSecondsLeft(secondsLeft: number | null): void {
    this.lock.setSecondsLeft(secondsLeft);
  }

  /** Publishes to readers how many trajectories run at once, 0 while the run is paused. */
  setThreads(threads: number): void {
    this.lock.setThreads(threads);
    this.group.beat();
  }

  /** Publishes to readers the workers of a run with a queue. Stored by the next commit, or within seconds. */
  setQueue(state: QueueState): void {
    this.lock.setQueue(state);
    if (performance.now() - this.queuePublishedMs < QUEUE_PUBLISH_MS) return;
    this.queuePublishedMs = performance.now();
    this.group.beat();
  }

  /** Names this holder of the database. */
  get token(): string {
    return this.lock.token;
  }

  /** Replaces a sweep's stored thresholds. The sweep and its variants must have been saved. */
  replaceThresholds(sweep: string, thresholds: StoredThresholds, source: ThresholdSource): void {
    this.flush();
    this.commit(() => replaceThresholds(this.db, this.variants, sweep, thresholds, source));
  }

  /** Replaces a sweep's fits. */
  replaceFits(sweep: string, fits: StoredFits): void {
    this.flush();
    this.commit(() => replaceFits(this.db, sweepKey(this.db, sweep), fits, `espalier ${TOOL_VERSION}`));
  }

  /** Replaces the predictions of one kernel for a trajectory of a sweep. */
  replacePredictions(
    sweep: string,
    trajectoryId: string,
    scope: PredictionScope,
    rows: readonly StoredPrediction[],
  ): void {
    this.flush();
    const [key, trajectory] = [sweepKey(this.db, sweep), this.recorder.key(trajectoryId)];
    this.commit(() => replacePredictions(this.db, key, trajectory, scope, rows));
  }

  /** A reader that sees everything recorded before this call. `close` closes it. */
  toReader(): Reader {
    this.flush();
    return this.reader;
  }

  /** Progress of a sweep; reads each of its cells. @throws Error if the sweep was never saved. */
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

  /** Commits all waiting records. */
  flush(): void {
    this.group.flush();
  }

  /** Notifies `watcher` of a full disk from now on. Records stay in memory until space returns. */
  watchDisk(watcher: DiskWatcher | null): void {
    this.group.watchDisk(watcher);
  }

  /**
   * Makes failed trajectories (with `code`: those with this error code) pending, or done if they lack no cells. Returns
   * their former errors.
   */
  retryFailed(code?: string): { trajectoryId: string; errorCode: string; error: string }[] {
    this.flush();
    let failed: ReturnType<Store['retryFailed']> = [];
    this.commit(() => {
      failed = this.recorder.retryFailed(code);
    });
    return failed;
  }

  /**
   * Deletes what a scope describes (read/forgettable.ts) in one transaction, then the snapshots of what is gone, and gives
   * free pages back to the file system.
   *
   * @param expected what the user agreed to. @throws UsageError if it would be something else; nothing is deleted then.
   */
  forget(scope: ForgetScope, expected: Forgettable | null = null): ForgetResult {
    this.flush();
    let forgotten: Forgotten | null = null;
    this.commit(() => {
      forgotten = forgetRows(this.db, this.file, scope, expected);
    });
    const { what, snapshots } = forgotten as unknown as Forgotten;
    removeSnapshots(this.file, snapshots);
    return { what, notShrunk: giveSpaceBack(this.db, this.file) };
  }

  /** Whether the database's path still leads to it. If not, `close` writes it back. */
  isInPlace(): boolean {
    return !this.db.open || this.lock.isInPlace();
  }

  /**
   * Commits waiting records, ends running attempts as stopped, and releases the database. Safe to call twice.
   *
   * If the database was removed or moved away, it is written back. @throws StoreError DATABASE_REPLACED if another file
   * is in its place: what was recorded is then beside it.
   */
  close(): void {
    if (!this.db.open) return;
    clearInterval(this.heartbeat);
    let copy: string | null = null;
    try {
      for (const id of this.running.ids) this.finished(id, { kind: 'stopped' });
      this.flush();
    } catch (error) {
      // The watcher has already reported a full disk.
      if (!isDiskFull(error)) throw error;
    } finally {
      this.group.cancel();
      copy = withStoreErrors(this.file, () => this.lock.release());
    }
    if (copy !== null) throw replacedError(this.file, copy);
  }

  /** Runs `work` in one transaction that also renews the lock. @throws StoreError */
  private commit(work: () => void): void {
    const transaction = this.db.transaction(() => {
      this.lock.renew();
      work();
    });
    try {
      withStoreErrors(this.file, () => transaction.immediate());
    } catch (error) {
      this.variants.reload();
      throw error;
    }
    this.lock.afterCommit();
  }
}

const replacedError = (file: string, copy: string): StoreError =>
  new StoreError(
    'DATABASE_REPLACED',
    file,
    `${file}: another file has taken its place while it was written; what was recorded is in ` +
      `${copy}: go on with that`,
  );
