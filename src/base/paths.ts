/** Paths of the package's own files, both when it runs from `dist` and from its sources under a test runner. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The folder that holds package.json. */
export const PACKAGE_ROOT = findRoot();
const { version, engines } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
/** The version in package.json. */
export const TOOL_VERSION: string = version;
/** The oldest version of Node that espalier works with, e.g. `20.19`, from package.json. */
export const OLDEST_NODE: string = engines.node.replace('>=', '');
/** The compiled kernels of the wasm engine. */
export const KERNELS_FILE = join(PACKAGE_ROOT, 'dist', 'kernels.wasm');
/** The native kernels of the wasm engine, where they are built (src/engine/native/build.mjs). */
export const NATIVE_KERNELS_FILE = join(
  PACKAGE_ROOT,
  'dist',
  'native',
  `kernels-${process.platform}-${process.arch}.node`,
);
/** Compiled worker entries: Node 20 refuses TypeScript in worker threads. */
export const workerFile = (name: string): string => join(PACKAGE_ROOT, 'dist', 'workers', `${name}.js`);
