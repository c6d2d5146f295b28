/** A full disk: trajectories rest, which is said once, until there is room again. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Executor } from '../execute/executor.js';

const LOOK_EVERY_MS = 1_000;

const FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'DISK_FULL']);

export class DiskFullPause {
  #waiting = 0;

  constructor(
    private readonly executor: Pick<Executor, 'pause' | 'resume'>,
    private readonly say: (message: string) => void,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Somebody found no room in `file`. To be followed by one call of `room`. */
  onFull(file: string): void {
    if (this.#waiting++ > 0) return;
    this.executor.pause();
    this.say(`the disk is full: ${file} cannot be written; the sweep waits until there is room`);
  }

  onRoom(): void {
    if (--this.#waiting > 0) return;
    this.executor.resume();
    this.say('there is room on the disk again; the sweep goes on');
  }

  /** Writes `file`, as soon as there is room. Returns whether it did: not where a stop was asked for meanwhile. */
  async write(file: string, write: () => void): Promise<boolean> {
    if (attempted(write)) return true;
    if (this.signal?.aborted) return false;
    this.onFull(file);
    try {
      while (!this.signal?.aborted) {
        await wait(LOOK_EVERY_MS, undefined, this.signal ? { signal: this.signal } : {}).catch(() => {});
        if (attempted(write)) return true;
      }
      return false;
    } finally {
      this.onRoom();
    }
  }
}

/** Whether there was room. */
function attempted(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (FULL.has((error as NodeJS.ErrnoException).code)) return false;
    throw error;
  }
}
