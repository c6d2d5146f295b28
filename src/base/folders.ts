/** Folders that are made for output, and taken back if nothing comes of it. */
import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Creates a folder and its parents. Node's recursive mkdir never returns where the system refuses as under /proc.
 *
 * @returns the outermost folder that it created, or null.
 * @throws a system error of `mkdir` or `stat`.
 */
export function makeFolder(folder: string): string | null {
  const path = resolve(folder);
  const isFolder = () => statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder()) return null;
  const outermost = makeFolder(dirname(path));
  try {
    mkdirSync(path);
    return outermost ?? path;
  } catch (error) {
    if (isFolder()) return outermost;
    // A file is there: to read it as a folder fails with the reason, ENOTDIR.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') readdirSync(path);
    throw error;
  }
}

/** Takes back what `makeFolder(folder)` created, up to `outermost`, as far as it is empty. */
export function removeEmptyFolders(folder: string, outermost: string | null): void {
  if (outermost === null) return;
  try {
    for (let path = resolve(folder); path.length >= outermost.length; path = dirname(path)) rmdirSync(path);
  } catch {
    // rmdir fails on a folder that is not empty. That folder and its parents remain.
  }
}
