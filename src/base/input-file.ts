/** Files that a user names. */
import { readFileSync } from 'node:fs';
import { InputError } from './errors.js';
import { systemReason } from './system-error.js';

/**
 * The bytes of a file.
 *
 * @param file its name, as errors show it.
 * @param expected what should be there, e.g. `a sweep file`.
 * @throws InputError (BAD_INPUT) if it cannot be read.
 */
export function readInputFile(file: string, expected: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = { ENOENT: 'no such file', EISDIR: 'is a folder' }[code ?? ''] ?? systemReason(error);
    throw new InputError({ path: '', source: file, value: file, what, expected });
  }
}
