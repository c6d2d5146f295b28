/**
 * How other processes ask the run that holds a database for another number of threads: a file beside it, since only the
 * run writes the database. The run takes it within a second. A request names the run by the token of its lock row, so
 * that one which comes too late changes no later run.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { withPart } from '../../base/atomic-file.js';
import { StoreError } from '../../base/errors.js';
import { isSystemError, systemReason } from '../../base/system-error.js';
import { companionFile } from './companions.js';

/** Largest number of threads. */
export const MAX_THREADS = 1024;

/** Replaces an earlier request. @throws StoreError DATABASE_IO if it cannot be written. */
export function requestThreads(database: string, token: string, threads: number): void {
  const file = companionFile(database, 'threads');
  try {
    withPart(file, part => {
      writeFileSync(part, JSON.stringify({ token, threads }));
      renameSync(part, file);
    });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const why = systemReason(error);
    const what = `the run cannot be asked: ${database}-threads cannot be written (${why})`;
    throw new StoreError('DATABASE_IO', database, what, { cause: error });
  }
}

/** Takes the request away. Returns its number of threads; null if there is none for this run. */
export function takeThreadRequest(database: string, token: string): number | null {
  const file = companionFile(database, 'threads');
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
