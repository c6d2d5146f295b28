/** Files that appear complete or not at all. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The ending of files that are still being written. A process that is killed leaves them behind. */
export const PART = '.part';

/**
 * Runs `use` with a temporary name in the folder of `file`. `use` writes there and renames the file to `file` when it is
 * complete. Whatever is left under the temporary name afterwards is removed.
 *
 * @returns what `use` returns. Waits for a promise before it removes anything.
 */
export function withPart<T>(file: string, use: (part: string) => T): T {
  const part = join(dirname(file), `.${basename(file)}-${randomUUID()}${PART}`);
  const remove = () => {
    try {
      rmSync(part, { force: true });
    } catch {
      // A folder that cannot be searched, or a name that is too long: what `use` throws says so.
    }
  };
  let result: T;
  try {
    result = use(part);
  } catch (error) {
    remove();
    throw error;
  }
  if (result instanceof Promise) return result.finally(remove) as T;
  remove();
  return result;
}
