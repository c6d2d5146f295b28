/** Holds results that arrive twice, or late, against the stored ones. */
import type { ResultCheck } from '../execute/executor.js';
import type { Store } from '../store/write/store.js';
import type { RunObserver } from './observer.js';

export interface CountingCheck extends ResultCheck {
  /** Number of finished trajectories that failed afterwards. */
  readonly failures: number;
}

export function createResultCheck(store: Store, observer: RunObserver): CountingCheck {
  const failed = new Set<string>();
  return {
    get failures() {
      return failed.size;
    },
    status: id => store.status(id),
    compare: (id, checkpoint, cells) => store.compareRows(id, checkpoint, cells),
    fail(id, code, message) {
      if (failed.has(id)) return;
      failed.add(id);
      void store.finished(id, { kind: 'failed', code, message, stack: null });
      observer.failed?.(id, code, message);
    },
  };
}
