/** `espalier merge`: joins databases, and computes the thresholds of what they have together. */
import { HAS_EQUAL_BITS } from '../engine/numerics.js';
import { type Merged, mergeFiles } from '../store/merge/merge.js';
import type { SweepProgress } from '../store/schema/rows.js';
import { Store } from '../store/write/store.js';
import { refreshThresholds } from './thresholds.js';

export interface MergedDatabases extends Merged {
  readonly progress: readonly SweepProgress[];
  /** What users should know of single curves. */
  readonly notes: readonly string[];
}

/** @throws StoreError as `mergeFiles` (store/merge/merge.ts) */
export function mergeDatabases(
  out: string,
  inputs: readonly string[],
  { unsafeFilesystem }: { readonly unsafeFilesystem?: boolean | undefined } = {},
): MergedDatabases {
  const notes: string[] = [];
  let progress: readonly SweepProgress[] = [];
  const merged = mergeFiles(out, inputs, {
    equalBits: HAS_EQUAL_BITS,
    unsafeFilesystem,
    complete: file => {
      const store = Store.open(file, { unsafeFilesystem: true });
      try {
        for (const sweep of store.toReader().sweeps()) notes.push(...refreshThresholds(store, sweep).notes);
        progress = store.toReader().progress();
      } finally {
        store.close();
      }
    },
  });
  return { ...merged, progress, notes };
}
