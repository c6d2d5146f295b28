/**
 * How other processes ask the run that holds a database for another number of threads: a file beside it, since only the
 * run writes the database. The run takes it within a second. A request names the run by the token of its lock row, so
 * that one which comes too late changes no later run.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { withPart } from '../../base/atomic-file.js';

/** Largest number of threads. */
export const MAX_THREADS = 1024;

const requestFile = (database: string): string => `${database}-threads`;

/** Replaces an earlier request. Throws the file system's errors. */
export function requestThreads(database: string, token: string, threads: number): void {
  const file = requestFile(database);
  withPart(file, part => {
    writeFileSync(part, JSON.stringify({ token, threads }));
    renameSync(part, file);
  });
}

/** Takes the request away. Returns its number of threads; null if there is none for this run. */
export function takeThreadRequest(database: string, token: string): number | null {
  const file = requestFile(database);
  try {
    const text = readFileSync(file, 'utf8');
    rmSync(file, { force: true });
    const request: unknown = JSON.parse(text);
    if (typeof request !== 'object' || request === null) return null;
    const { token: asked, threads } = request as Record<string, unknown>;
    const isNumber =
      Number.isInteger(threads) && (threads as number) >= 0 && (threads as number) <= MAX_THREADS;
    return asked === token && isNumber ? (threads as number) : null;
  } catch {
    return null;
  }
}
