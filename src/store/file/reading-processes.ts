/** Lists the processes in a read transaction on a database in WAL mode, from the system's table of file locks. */
import { readFileSync, statSync } from 'node:fs';
import { companionFile } from './companions.js';

export interface ReadingProcess {
  readonly pid: number;
  /** Program and arguments, cut to 120 characters; null if this process may not see them. */
  readonly command: string | null;
}

/** SQLite's read locks: bytes of the file `-shm`, one for each of five read marks (wal.c, WAL_READ_LOCK). */
const READ_LOCKS = { from: 123, to: 127 };
const COMMAND_LENGTH = 120;

/** The processes in a read transaction now, by process id. Empty except on Linux, which alone has /proc/locks. */
export function readingProcesses(database: string, table = lockTable()): ReadingProcess[] {
  const inode = inodeOf(companionFile(database, 'shm'));
  if (inode === null) return [];
  const pids = new Set<number>();
  for (const line of table.split('\n')) {
    // `1: POSIX  ADVISORY  READ 9263 fe:00:2146405 123 123`. A waiting lock has `->` in place of POSIX: skipped.
    const [, kind, , access, pid, file, from, to] = line.trim().split(/\s+/);
    if (kind !== 'POSIX' || access !== 'READ' || file?.split(':')[2] !== inode) continue;
    if (Number(from) <= READ_LOCKS.to && Number(to) >= READ_LOCKS.from) pids.add(Number(pid));
  }
  return [...pids].sort((a, b) => a - b).map(pid => ({ pid, command: commandOf(pid) }));
}

function lockTable(): string {
  try {
    return readFileSync('/proc/locks', 'utf8');
  } catch {
    return '';
  }
}

/** Uses stat, which opens no descriptor: see own-connections.ts. */
function inodeOf(file: string): string | null {
  return statSync(file, { throwIfNoEntry: false, bigint: true })?.ino.toString() ?? null;
}

function commandOf(pid: number): string | null {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return words.length > COMMAND_LENGTH ? `${words.slice(0, COMMAND_LENGTH - 3)}...` : words || null;
  } catch {
    return null;
  }
}
