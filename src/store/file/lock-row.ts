/**
 * The row of the table `holder` that names the one process that may write. SQLite only serialises transactions; this
 * row keeps a second run off the database.
 *
 * - On the holder's machine, its process is looked up by id. Process ids are reused, so the boot id and the start time
 *   must match too where /proc has them.
 * - From another machine, only the heartbeat is visible. A holder silent for STALE_MS counts as dead; if it is alive
 *   after all, its next commit is refused.
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
  /** Linux's boot id; null elsewhere. */
  readonly boot: string | null;
  /** Clock ticks from boot to the start of the process; null where /proc does not have it. */
  readonly process_start: string | null;
  readonly tool_version: string;
  /** Name of the running sweep; null until it is saved. */
  readonly sweep: string | null;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly heartbeat: string;
  /** JSON of a SlowReader (write-ahead-log.ts); null without one. */
  readonly slow_reader: string | null;
  /** Seconds that the run expects to need until its end, as of the heartbeat; null if unknown. */
  readonly seconds_left: number | null;
  /** Trajectories that run at once, 0 while the run is paused; null before it starts. */
  readonly threads: number | null;
  /** JSON of a QueueState (domain/messages.ts); null without a queue. */
  readonly queue: string | null;
}

export function readLockRow(db: Database): LockRow | null {
  return (db.prepare('SELECT * FROM holder').get() as LockRow | undefined) ?? null;
}

/** Whether the holder's process is alive, as far as this machine can see. */
export function isAlive(holder: LockRow, now = Date.now()): boolean {
  const boot = bootId();
  if (holder.host !== hostname()) return now - Date.parse(holder.heartbeat) < STALE_MS;
  if (holder.boot !== null && boot !== null && holder.boot !== boot) return false;
  if (!processExists(holder.pid)) return false;
  const currentStart = processStart(holder.pid);
  return holder.process_start === null || currentStart === null || holder.process_start === currentStart;
}

/**
 * Writes this process's row, replacing that of a dead holder, and returns its token. The caller must be in an
 * immediate transaction: of two processes that start concurrently, the second then sees the row of the first.
 * @throws StoreError DATABASE_HELD if the holder is alive.
 */
export function acquireLock(db: Database, file: string, toolVersion: string): string {
  const existing = readLockRow(db);
  if (existing && isAlive(existing)) throw heldError(file, existing);
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
    threads: null,
    queue: null,
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
    `${file}: held by another run (process ${pid} on ${host}, since ${since}); wait for it, or stop it, or use another database`,
  );
}

const bootId = (): string | null => readProc('/proc/sys/kernel/random/boot_id')?.trim() ?? null;

/** Fields 3 (state) and up of /proc/PID/stat (proc(5)). Field 2, the name in brackets, may itself hold brackets. */
function statFields(pid: number): string[] | null {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat ? stat.slice(stat.lastIndexOf(')') + 2).split(' ') : null;
}
/** Field 22: clock ticks from boot to the start of the process. */
const processStart = (pid: number): string | null => statFields(pid)?.[19] ?? null;

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A zombie (Z) or dead process (X) can no longer write; its entry only waits for the parent to reap it.
  return !['Z', 'X'].includes(statFields(pid)?.[0] ?? '');
}

function readProc(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
