/** The package as npm packs it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

/** Packs what is built into a tarball in `folder`. Returns its path. */
export async function packInto(folder: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', folder],
    { cwd: PACKAGE_ROOT, maxBuffer: 1e8 },
  );
  // npm 12 keys the list by name.
  const [packed] = Object.values(JSON.parse(stdout)) as { filename: string }[];
  return join(folder, packed!.filename);
}
