/** Where the package's own files are, whether it runs from `dist` or from its sources under a test runner. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The folder that holds package.json. */
export const PACKAGE_ROOT = findRoot();
/** The compiled kernels of the wasm engine. */
export const KERNELS_FILE = join(PACKAGE_ROOT, 'dist', 'kernels.wasm');
/** Compiled worker entries: Node 20 refuses TypeScript in worker threads. */
export const workerFile = (name: string): string => join(PACKAGE_ROOT, 'dist', 'workers', `${name}.js`);
