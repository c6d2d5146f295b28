/** Files that appear complete or not at all. */
import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSystemError } from './system-error.js';

/** The ending of files that are still being written. A process that is killed with SIGKILL leaves them behind. */
export const PART = '.part';

const unfinished = new Set<string>();

/**
 * Runs `use` with a temporary name in the folder of `file`. `use` writes there and renames the file to `file` when it is
 * complete. Whatever is left under the temporary name afterwards, or when the process exits, is removed.
 *
 * @returns what `use` returns. Waits for a promise before it removes anything.
 * @throws what `use` throws. System errors name `file`, not the temporary name.
 */
export function withPart<T>(file: string, use: (part: string) => T): T {
  // The name is as long for every file: one made from a long name could be too long for the file system.
  const part = join(dirname(file), `.espalier-${randomUUID()}${PART}`);
  if (unfinished.size === 0) process.once('exit', removeUnfinished);
  unfinished.add(part);
  const end = () => {
    remove(part);
    unfinished.delete(part);
    if (unfinished.size === 0) process.off('exit', removeUnfinished);
  };
  const fail = (error: unknown): never => {
    throw inTermsOf(error, part, file);
  };
  let result: T;
  try {
    result = use(part);
  } catch (error) {
    end();
    return fail(error);
  }
  if (result instanceof Promise) return result.catch(fail).finally(end) as T;
  end();
  return result;
}

/** Returns when the content of a file is durable. */
export function syncFile(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives a complete file its name, and overwrites nothing: returns false if `file` exists, also since just now. */
export function publishNew(part: string, file: string): boolean {
  try {
    linkSync(part, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // The file system has no hard links.
    if (existsSync(file)) return false;
    renameSync(part, file);
  }
  return true;
}

function removeUnfinished(): void {
  for (const part of unfinished) remove(part);
}

function remove(part: string): void {
  try {
    rmSync(part, { force: true });
  } catch {
    // A folder that cannot be searched: what `use` throws says so.
  }
}

/** The same error, with the file's own name in place of the temporary one. */
function inTermsOf(error: unknown, part: string, file: string): unknown {
  if (!isSystemError(error)) return error;
  error.message = error.message.replaceAll(part, file);
  if (error.path === part) error.path = file;
  return error;
}
