/**
 * Snapshots of unfinished trajectories, the latest of each, in a folder beside the database. The coordinator alone
 * writes them, each whole or not at all; whether one is damaged is seen by its own hash when it is used
 * (run/snapshot.ts). File name: <trajectory id>-<t>.snapshot
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Snapshot } from '../domain/task.js';

const NAME = /^([0-9a-f]+)-(\d+)\.snapshot$/;

const folderOf = (database: string): string => `${database}-snapshots`;

/** By trajectory id, the iteration that its snapshot is at. */
export function snapshotIterations(database: string): Map<string, number> {
  const iterations = new Map<string, number>();
  if (!existsSync(folderOf(database))) return iterations;
  for (const name of readdirSync(folderOf(database))) {
    const [, id, t] = NAME.exec(name) ?? [];
    if (id) iterations.set(id, Math.max(Number(t), iterations.get(id) ?? 0));
  }
  return iterations;
}

export class Snapshots {
  private readonly folder: string;
  private readonly iterations: Map<string, number>;

  constructor(database: string) {
    this.folder = folderOf(database);
    this.iterations = snapshotIterations(database);
  }

  /** Replaces the trajectory's snapshot, if it has one. */
  write(id: string, { t, bytes }: Snapshot): void {
    mkdirSync(this.folder, { recursive: true });
    const temporary = join(this.folder, `${id}.part`);
    const descriptor = openSync(temporary, 'w');
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    const before = this.iterations.get(id);
    renameSync(temporary, this.file(id, t));
    if (before !== undefined && before !== t) rmSync(this.file(id, before), { force: true });
    this.iterations.set(id, t);
  }

  /** The iteration at which the trajectory goes on towards `next`: its snapshot's, if that is not past it; else 0. */
  startFor(id: string, next: number): number {
    const t = this.iterations.get(id) ?? 0;
    return t > next ? 0 : t;
  }

  /** The snapshot at `startFor`, null where that is 0. */
  read(id: string, next: number): Snapshot | null {
    const t = this.startFor(id, next);
    return t === 0 ? null : { t, bytes: readFileSync(this.file(id, t)) };
  }

  remove(id: string): void {
    const t = this.iterations.get(id);
    if (t === undefined) return;
    rmSync(this.file(id, t), { force: true });
    this.iterations.delete(id);
    if (readdirSync(this.folder).every(name => name.endsWith('.part')))
      rmSync(this.folder, { recursive: true });
  }

  private file(id: string, t: number): string {
    return join(this.folder, `${id}-${t}.snapshot`);
  }
}
