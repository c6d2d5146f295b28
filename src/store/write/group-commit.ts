/**
 * Commits records in groups, in the order of their arrival. A commit waits for the disk, so one transaction takes all
 * records of COMMIT_MS, or fewer once their weight reaches COMMIT_WEIGHT, which bounds memory and transaction size.
 */
import { StoreError } from '../../base/errors.js';

const COMMIT_MS = 100;
/** Weight of a record: 1 plus its number of cells. */
const COMMIT_WEIGHT = 5_000;
/** Delay between retries while the disk is full. */
const FULL_MS = 1_000;

/** Notified when the disk fills up and when space returns. */
export interface DiskWatcher {
  /** Called at the first commit that fails for lack of space, and not again before `room`. */
  onFull(): void;
  /** Called after the first commit that succeeds; it includes all records added meanwhile. */
  onSpace(): void;
}

/** The promise of a record that is not committed yet. */
interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class GroupCommit {
  private waiting: (() => void)[] = [];
  /** Ids of the waiting records. */
  private readonly ids = new Set<string>();
  private weight = 0;
  /** Time of the oldest waiting record, of performance.now(). */
  private waitingSince = 0;
  private waiters: Waiter[] = [];
  private resting = false;
  private timer: NodeJS.Timeout | null = null;
  /** Error of a failed commit. Every later call throws it: later records need the ones that were lost. */
  private fault: unknown = null;
  private next: NodeJS.Immediate | null = null;
  private isFull = false;
  private watcher: DiskWatcher | null = null;

  /**
   * @param commit runs its argument in one transaction and returns when that is durable. If it throws DISK_FULL, the
   *   records are kept and retried.
   */
  constructor(private readonly commit: (work: () => void) => void) {}

  watchDisk(watcher: DiskWatcher | null): void {
    this.watcher = watcher;
  }

  /**
   * Runs `record` in the next transaction, after all records added before it. `id` is the trajectory that it is about.
   * @throws the error of this or an earlier commit, except DISK_FULL.
   */
  add(id: string, weight: number, record: () => void): void {
    if (this.fault) throw this.fault;
    if (this.waiting.length === 0) this.waitingSince = performance.now();
    this.ids.add(id);
    this.waiting.push(record);
    this.weight += weight + 1;
    // The inline executor trains on this thread, so the timer may fire late.
    const overdue = performance.now() - this.waitingSince >= COMMIT_MS;
    if (this.resting) return;
    if (!this.isFull && this.weight >= COMMIT_WEIGHT) this.ignoreFull(() => this.flush());
    else if (!this.isFull && overdue) this.flushNext();
    else this.flushIn(COMMIT_MS);
  }

  /** As `add`. The promise resolves when the record is durable and rejects if its commit fails. @throws as `add`. */
  addDurably(id: string, weight: number, record: () => void): Promise<void> {
    const committed = new Promise<void>((resolve, reject) => this.waiters.push({ resolve, reject }));
    // Avoids an unhandled rejection if the caller drops the promise; the next call throws the error anyway.
    committed.catch(() => {});
    this.add(id, weight, record);
    return committed;
  }

  /** Commits all waiting records now. @throws the error of this or an earlier commit, DISK_FULL included. */
  flush(): void {
    if (this.fault) throw this.fault;
    this.cancel();
    if (this.waiting.length === 0) return;
    const { waiting, waiters } = this;
    try {
      this.commit(() => {
        for (const record of waiting) record();
      });
    } catch (error) {
      if (isDiskFull(error)) this.markFull();
      else {
        this.fault = error;
        for (const { reject } of waiters) reject(error);
      }
      throw error;
    }
    this.waiting = [];
    this.waiters = [];
    this.ids.clear();
    this.weight = 0;
    for (const { resolve } of waiters) resolve();
    this.markSpace();
  }

  /** Commits all waiting records if one of them is about this id. @throws as `flush`. */
  flushFor(id: string): void {
    if (this.ids.has(id)) this.flush();
    else if (this.fault) throw this.fault;
  }

  /** Pauses commits until `wake`, except those by `flush`. */
  rest(): void {
    this.resting = true;
    this.cancel();
  }

  /** Ends the pause and commits. */
  wake(): void {
    this.resting = false;
    this.inBackground(() => this.flush());
  }

  /** Commits from a timer, an empty transaction if nothing waits. The next call throws its error. */
  beat(): void {
    if (this.resting) return;
    this.inBackground(() => (this.waiting.length > 0 ? this.flush() : this.commit(() => {})));
  }

  /** Cancels the scheduled commit. */
  cancel(): void {
    if (this.timer) clearTimeout(this.timer);
    if (this.next) clearImmediate(this.next);
    this.timer = null;
    this.next = null;
  }

  /** Commits after the caller returns: it dispatches the next trajectory before this thread waits for the disk. */
  private flushNext(): void {
    this.next ??= setImmediate(() => {
      this.next = null;
      this.inBackground(() => this.flush());
    });
  }

  private flushIn(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.inBackground(() => this.flush());
    }, ms);
  }

  private markFull(): void {
    this.flushIn(FULL_MS);
    if (this.isFull) return;
    this.isFull = true;
    this.watcher?.onFull();
  }

  private markSpace(): void {
    if (!this.isFull) return;
    this.isFull = false;
    this.watcher?.onSpace();
  }

  /** Runs `work` and leaves its error for the next call to throw. */
  private inBackground(work: () => void): void {
    try {
      this.ignoreFull(work);
    } catch (error) {
      this.fault ??= error;
    }
  }

  /** Runs `work` and ignores DISK_FULL, which `flush` has already handled. */
  private ignoreFull(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
  }
}

export const isDiskFull = (error: unknown): boolean =>
  error instanceof StoreError && error.code === 'DISK_FULL';
