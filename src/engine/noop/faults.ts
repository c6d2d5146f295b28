/**
 * Faults on demand, to see what becomes of the rest. ESPALIER_NOOP_FAULTS lists them, separated by spaces:
 *
 *   KIND:WIDTH         networks of this width fail so at their first training
 *   KIND:WIDTH:FILE    only once: where FILE is not there yet, which is then made
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
  // Hits the thread after the trajectory.
  crash: () => {
    setImmediate(() => {
      throw new Error('a crash on demand');
    });
  },
};

/** What a network of this width does wrong, if anything. */
export function faultOf(width: number, faults = process.env.ESPALIER_NOOP_FAULTS ?? ''): () => void {
  for (const fault of faults.split(' ')) {
    const [kind, of, file] = fault.split(':');
    if (Number(of) !== width) continue;
    return () => {
      if (file === undefined || isFirst(file)) FAULTS[kind!]!();
    };
  }
  return () => {};
}

function isFirst(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}
