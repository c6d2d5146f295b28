/** Pauses all trajectories while the disk is full, with one warning at the start and one at the end. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Executor } from '../execute/executor.js';

const POLL_MS = 1_000;

const DISK_FULL_CODES: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'DISK_FULL']);

export class DiskFullPause {
  #waiting = 0;

  constructor(
    private readonly executor: Pick<Executor, 'pause' | 'resume'>,
    private readonly warn: (message: string) => void,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Reports a write to `file` that found the disk full. One call of `onRoom` has to follow each call. */
  onFull(file: string): void {
    if (this.#waiting++ > 0) return;
    this.executor.pause();
    this.warn(`the disk is full: ${file} cannot be written; the sweep waits until there is room`);
  }

  onSpace(): void {
    if (--this.#waiting > 0) return;
    this.executor.resume();
    this.warn('there is room on the disk again; the sweep goes on');
  }

  /** Writes `file`, waiting for space if needed. Returns false if a stop came before there was space. */
  async write(file: string, write: () => void): Promise<boolean> {
    if (tryWrite(write)) return true;
    if (this.signal?.aborted) return false;
    this.onFull(file);
    try {
      while (!this.signal?.aborted) {
        await wait(POLL_MS, undefined, this.signal ? { signal: this.signal } : {}).catch(() => {});
        if (tryWrite(write)) return true;
      }
      return false;
    } finally {
      this.onSpace();
    }
  }
}

/** Returns false if the disk is full. Throws every other error. */
function tryWrite(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (DISK_FULL_CODES.has((error as NodeJS.ErrnoException).code)) return false;
    throw error;
  }
}
