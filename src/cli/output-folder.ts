/** Folders that commands write files into, on the user's word. */
import { accessSync, constants, statSync } from 'node:fs';
import { InputError, UsageError } from '../base/errors.js';
import { makeFolder } from '../base/folders.js';
import { asUsageError } from '../base/system-error.js';

/**
 * Checks that files could be written into a folder, if it is there. Changes nothing.
 *
 * @throws InputError, UsageError
 */
export function checkFolder(option: string, folder: string): void {
  if (folder === '' || folder === '-')
    throw new InputError({ path: option, value: folder, expected: 'a folder to write to' });
  try {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat && !stat.isDirectory())
      throw new UsageError(`${option} ${folder}: this is a file, expected a folder to write to`);
    if (stat) accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw asUsageError(error, `${option} ${folder}`, 'written to');
  }
}

/**
 * Makes the folder and its parents, as far as they are missing.
 *
 * @returns the outermost folder that it made, or null.
 * @throws InputError, UsageError
 */
export function makeOutputFolder(option: string, folder: string): string | null {
  checkFolder(option, folder);
  try {
    return makeFolder(folder);
  } catch (error) {
    throw asUsageError(error, `${option} ${folder}`, 'made');
  }
}
