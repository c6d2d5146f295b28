/**
 * Injected faults, for tests of everything around an engine. ESPALIER_NOOP_FAULTS lists them, separated by spaces:
 *
 *   KIND:WIDTH         networks of this width fail at every call of `train`
 *   KIND:WIDTH:FILE    only once: if FILE does not exist; the fault creates it
 */
import { closeSync, openSync } from 'node:fs';
import { DivergedError } from '../../base/errors.js';

const FAULTS: Readonly<Record<string, () => void>> = {
  exception: () => {
    throw new Error('a fault on demand');
  },
  divergence: () => {
    throw new DivergedError(1);
  },
  memory: () => {
    const held: unknown[] = [];
    for (;;) held.push(new Array(1e6).fill(held.length + 0.5));
  },
  array: () => {
    throw new RangeError('Array buffer allocation failed');
  },
  exit: () => process.exit(0),
  hang: () => {
    for (;;);
  },
  // Thrown from the event loop: crashes the thread after the synchronous trajectory has returned.
  crash: () => {
    setImmediate(() => {
      throw new Error('a crash on demand');
    });
  },
};

/** The fault of networks of this width; does nothing if they have none. */
export function injectedFault(width: number, faults = process.env.ESPALIER_NOOP_FAULTS ?? ''): () => void {
  for (const fault of faults.split(' ')) {
    const [kind, faultWidth, file] = fault.split(':');
    if (Number(faultWidth) !== width) continue;
    return () => {
      if (file === undefined || createIfMissing(file)) FAULTS[kind!]!();
    };
  }
  return () => {};
}

/** Creates the file. Returns false if it exists or cannot be created. */
function createIfMissing(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}
