/**
 * Who may write. SQLite serialises transactions; that only one run at a time works on a database is this row's doing.
 *
 * On the holder's own machine its process is looked up: by its id, and, where /proc tells, by the boot it belongs to
 * and the moment it started, since process ids are used again. From another machine only the heartbeat is seen: a
 * holder that has been silent for STALE_MS is taken for dead. (Its own next commit would then be refused.)
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Database } from 'better-sqlite3';
import { StoreError } from '../../base/errors.js';

export const STALE_MS = 10 * 60_000;

export interface LockRow {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
  readonly boot: string | null;
  readonly process_start: string | null;
  readonly tool_version: string;
  /** The sweep that is being run, once it is known. */
  readonly sweep: string | null;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly heartbeat: string;
  /** A reader that keeps the write-ahead log from being emptied. */
  readonly slow_reader: string | null;
  /** What the run expects to need to its end, as of the heartbeat. */
  readonly seconds_left: number | null;
}

export function readLockRow(db: Database): LockRow | null {
  return (db.prepare('SELECT * FROM holder').get() as LockRow | undefined) ?? null;
}

/** Whether the holder's process is there, as far as can be told from here. */
export function isAlive(holder: LockRow, now = Date.now()): boolean {
  const boot = bootId();
  if (holder.host !== hostname()) return now - Date.parse(holder.heartbeat) < STALE_MS;
  if (holder.boot !== null && boot !== null && holder.boot !== boot) return false;
  if (!processExists(holder.pid)) return false;
  const seen = processStart(holder.pid);
  return holder.process_start === null || seen === null || holder.process_start === seen;
}

/**
 * Writes this process's row, over that of a dead holder if there is one. Inside an immediate transaction of the
 * caller, so that of two that start at once the second sees the first. Returns the token.
 * @throws StoreError DATABASE_HELD
 */
export function acquireLock(db: Database, file: string, toolVersion: string): string {
  const present = readLockRow(db);
  if (present && isAlive(present)) throw heldError(file, present);
  const now = new Date().toISOString();
  const row: LockRow = {
    token: randomUUID(),
    host: hostname(),
    pid: process.pid,
    boot: bootId(),
    process_start: processStart(process.pid),
    tool_version: toolVersion,
    sweep: null,
    since: now,
    heartbeat: now,
    slow_reader: null,
    seconds_left: null,
  };
  db.prepare(
    `INSERT OR REPLACE INTO holder (only, token, host, pid, boot, process_start, tool_version, sweep, since, heartbeat)
     VALUES (1, @token, @host, @pid, @boot, @process_start, @tool_version, @sweep, @since, @heartbeat)`,
  ).run(row);
  return row.token;
}

export function heldError(file: string, { host, pid, since }: LockRow): StoreError {
  return new StoreError(
    'DATABASE_HELD',
    file,
    `${file}: held by another run (process ${pid} on ${host}, since ${since}); wait for it, or stop it, or use another --db`,
  );
}

const bootId = (): string | null => readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? null;

/** Clock ticks from boot to the start of a process: fields 3 (state) and 22 of its stat, after the name in brackets. */
function statFields(pid: number): string[] | null {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat ? stat.slice(stat.lastIndexOf(')') + 2).split(' ') : null;
}
const processStart = (pid: number): string | null => statFields(pid)?.[19] ?? null;

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A zombie can no longer write; it only waits for its parent to notice.
  return !['Z', 'X'].includes(statFields(pid)?.[0] ?? '');
}

function readProc(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
