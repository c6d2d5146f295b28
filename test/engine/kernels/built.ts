/** The native kernels that are there, as values of ESPALIER_KERNELS, ascending by width. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { NATIVE_KERNELS_FILE } from '../../../src/base/paths.js';

export const NATIVE: readonly string[] = existsSync(NATIVE_KERNELS_FILE)
  ? (createRequire(import.meta.url)(NATIVE_KERNELS_FILE) as { widths(): number[] })
      .widths()
      .map(bits => `native-${bits}`)
  : [];

if (NATIVE.length === 0)
  console.log('skipped: no native kernels are built here (`npm run build:native` says why)');
