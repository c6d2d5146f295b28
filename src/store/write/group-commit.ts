/**
 * Records that are committed together. A commit waits for the disk, so one is made for all that came within COMMIT_MS,
 * or as soon as so much has come that memory or the transaction would grow.
 */
import { StoreError } from '../../base/errors.js';

const COMMIT_MS = 100;
const COMMIT_WEIGHT = 5_000;
/** How often it is tried again while the disk is full. */
const FULL_MS = 1_000;

/** Hears that the disk is full, and that there is room again; what was added meanwhile has been committed then. */
export interface DiskWatcher {
  full(): void;
  room(): void;
}

/** Who waits for a commit. */
interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class GroupCommit {
  private waiting: (() => void)[] = [];
  /** Ids that something is waiting for. */
  private readonly ids = new Set<string>();
  private weight = 0;
  private since = 0;
  private waiters: Waiter[] = [];
  private resting = false;
  private timer: NodeJS.Timeout | null = null;
  /** Why a commit failed: thrown by every later call, since what it held is missing from all that would follow. */
  private fault: unknown = null;
  private next: NodeJS.Immediate | null = null;
  private isFull = false;
  private watcher: DiskWatcher | null = null;

  /**
   * @param commit runs its argument inside one transaction, and returns when that is on the disk. Where it throws
   *   DISK_FULL, what was to be committed is kept, and tried again.
   */
  constructor(private readonly commit: (work: () => void) => void) {}

  watchDisk(watcher: DiskWatcher | null): void {
    this.watcher = watcher;
  }

  /** Has `record` run in the next transaction, after all that was added before it. */
  add(id: string, weight: number, record: () => void): void {
    if (this.fault) throw this.fault;
    if (this.waiting.length === 0) this.since = performance.now();
    this.ids.add(id);
    this.waiting.push(record);
    this.weight += weight + 1;
    // Where trajectories run on this very thread, the timer may not get its turn.
    const overdue = performance.now() - this.since >= COMMIT_MS;
    if (this.resting) return;
    if (!this.isFull && this.weight >= COMMIT_WEIGHT) this.unlessFull(() => this.flush());
    else if (!this.isFull && overdue) this.flushNext();
    else this.flushIn(COMMIT_MS);
  }

  /** As `add`; the promise resolves when the record is on the disk, and rejects where it cannot be. */
  durably(id: string, weight: number, record: () => void): Promise<void> {
    const committed = new Promise<void>((resolve, reject) => this.waiters.push({ resolve, reject }));
    // Who does not wait for it hears of the fault by the next call.
    committed.catch(() => {});
    this.add(id, weight, record);
    return committed;
  }

  /** Commits what is waiting. */
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
      if (isDiskFull(error)) this.nowFull();
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
    this.nowRoom();
  }

  /** Commits what is waiting, if any of it is about this id. */
  flushFor(id: string): void {
    if (this.ids.has(id)) this.flush();
    else if (this.fault) throw this.fault;
  }

  /** Until `wake`, nothing is committed but by `flush`. */
  rest(): void {
    this.resting = true;
    this.cancel();
  }

  wake(): void {
    this.resting = false;
    this.inBackground(() => this.flush());
  }

  /** A commit from a timer, of nothing if need be; its fault is thrown by the next call. */
  beat(): void {
    if (this.resting) return;
    this.inBackground(() => (this.waiting.length > 0 ? this.flush() : this.commit(() => {})));
  }

  /** No commit follows by itself. */
  cancel(): void {
    if (this.timer) clearTimeout(this.timer);
    if (this.next) clearImmediate(this.next);
    this.timer = null;
    this.next = null;
  }

  /** Once whoever adds has gone on: the next trajectory is on its way to its thread while the disk is waited for. */
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

  private nowFull(): void {
    this.flushIn(FULL_MS);
    if (this.isFull) return;
    this.isFull = true;
    this.watcher?.full();
  }

  private nowRoom(): void {
    if (!this.isFull) return;
    this.isFull = false;
    this.watcher?.room();
  }

  private inBackground(work: () => void): void {
    try {
      this.unlessFull(work);
    } catch (error) {
      this.fault ??= error;
    }
  }

  private unlessFull(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
    }
  }
}

export const isDiskFull = (error: unknown): boolean =>
  error instanceof StoreError && error.code === 'DISK_FULL';
