/**
 * The latest snapshot of each unfinished trajectory, in the folder `<database>-snapshots`. File name:
 * <trajectory id>-<t>.snapshot
 *
 * Only the coordinator writes them, each one completely or not at all. A snapshot's own hash reveals damage when it is
 * used (trajectory/snapshot.ts).
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { PART, withPart } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/folders.js';
import type { Snapshot } from '../../domain/messages.js';

const NAME = /^([0-9a-f]+)-(\d+)\.snapshot$/;

/** Absolute: the working directory may be renamed or removed under a run. */
const folderOf = (database: string): string => `${resolve(database)}-snapshots`;

/** Trajectory id -> iteration of its snapshot. */
export function snapshotIterations(database: string): Map<string, number> {
  const iterations = new Map<string, number>();
  if (!existsSync(folderOf(database))) return iterations;
  for (const name of readdirSync(folderOf(database))) {
    const [, id, t] = NAME.exec(name) ?? [];
    if (id) iterations.set(id, Math.max(Number(t), iterations.get(id) ?? 0));
  }
  return iterations;
}

/** Path of a trajectory's snapshot. */
export const snapshotFile = (database: string, id: string, t: number): string =>
  join(folderOf(database), `${id}-${t}.snapshot`);

/** Lets the snapshots follow a database to another name, if they can. Without them, trajectories start over. */
export function moveSnapshots(from: string, to: string): void {
  try {
    renameSync(folderOf(from), folderOf(to));
  } catch {}
}

export class Snapshots {
  private readonly folder: string;
  private readonly iterations: Map<string, number>;

  constructor(database: string) {
    this.folder = folderOf(database);
    this.iterations = snapshotIterations(database);
  }

  /** Writes a trajectory's snapshot, then removes the one that it replaces. The bytes are durable on return. */
  write(id: string, { t, bytes }: Snapshot): void {
    makeFolder(this.folder);
    const previous = this.iterations.get(id);
    withPart(this.file(id, t), part => {
      writeDurably(part, bytes);
      renameSync(part, this.file(id, t));
    });
    this.syncFolder();
    if (previous !== undefined && previous !== t) rmSync(this.file(id, previous), { force: true });
    this.iterations.set(id, t);
  }

  has(id: string): boolean {
    return this.iterations.has(id);
  }

  /** The iteration to resume from towards checkpoint `next`: the snapshot's, or 0 if none or past `next`. */
  startFor(id: string, next: number): number {
    const t = this.iterations.get(id) ?? 0;
    return t > next ? 0 : t;
  }

  /**
   * The snapshot at `startFor`; null if that is 0. A missing or unreadable file gives a snapshot of 0 bytes, which
   * counts as damaged.
   */
  read(id: string, next: number): Snapshot | null {
    const t = this.startFor(id, next);
    if (t === 0) return null;
    try {
      return { t, bytes: readFileSync(this.file(id, t)) };
    } catch {
      return { t, bytes: new Uint8Array() };
    }
  }

  remove(id: string): void {
    const t = this.iterations.get(id);
    if (t === undefined) return;
    rmSync(this.file(id, t), { force: true });
    this.iterations.delete(id);
    if (this.iterations.size === 0) this.removeFolder();
  }

  /** Removes what killed processes left behind: snapshots that are not needed, superseded or partly written. */
  keepOnly(isNeeded: (id: string) => boolean): void {
    if (!existsSync(this.folder)) return;
    for (const id of [...this.iterations.keys()]) if (!isNeeded(id)) this.remove(id);
    if (!existsSync(this.folder)) return;
    const kept = new Set([...this.iterations].map(([id, t]) => basename(this.file(id, t))));
    for (const name of readdirSync(this.folder)) {
      const isOurs = NAME.test(name) || name.endsWith(PART);
      if (isOurs && !kept.has(name)) rmSync(join(this.folder, name), { force: true });
    }
    if (kept.size === 0) this.removeFolder();
  }

  /** Removes the folder unless it holds files other than partial snapshots. */
  private removeFolder(): void {
    const others = readdirSync(this.folder).filter(name => !name.endsWith(PART));
    if (others.length === 0) rmSync(this.folder, { recursive: true });
  }

  /** Makes the new name durable before the old file is removed (POSIX: fsync of the folder makes a rename durable). */
  private syncFolder(): void {
    const descriptor = openSync(this.folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  private file(id: string, t: number): string {
    return join(this.folder, `${id}-${t}.snapshot`);
  }
}

function writeDurably(file: string, bytes: Uint8Array): void {
  const descriptor = openSync(file, 'w');
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
