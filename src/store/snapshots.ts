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
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Snapshot } from '../domain/task.js';

const NAME = /^([0-9a-f]+)-(\d+)\.snapshot$/;

export class Snapshots {
  private readonly folder: string;
  private readonly iterations = new Map<string, number>();

  constructor(database: string) {
    this.folder = `${database}-snapshots`;
    if (!existsSync(this.folder)) return;
    for (const name of readdirSync(this.folder)) {
      const [, id, t] = NAME.exec(name) ?? [];
      if (id) this.iterations.set(id, Math.max(Number(t), this.iterations.get(id) ?? 0));
      else if (name.endsWith('.part')) rmSync(join(this.folder, name), { force: true });
    }
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

  /** The trajectory's snapshot, if it has one at iteration `atMost` or earlier. */
  read(id: string, atMost: number): Snapshot | null {
    const t = this.iterations.get(id);
    return t === undefined || t > atMost ? null : { t, bytes: readFileSync(this.file(id, t)) };
  }

  remove(id: string): void {
    const t = this.iterations.get(id);
    if (t === undefined) return;
    rmSync(this.file(id, t), { force: true });
    this.iterations.delete(id);
    if (readdirSync(this.folder).length === 0) rmdirSync(this.folder);
  }

  private file(id: string, t: number): string {
    return join(this.folder, `${id}-${t}.snapshot`);
  }
}
