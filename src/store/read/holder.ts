import { StoreError } from '../../base/errors.js';
import type { LockRow } from '../file/lock-row.js';
import { openReader } from './reader.js';

/** The lock row of the run at work on a database. @throws StoreError NO_RUN if there is none; as `openReader`. */
export function runningHolder(db: string): LockRow {
  const reader = openReader(db);
  try {
    const holder = reader.holder();
    if (!holder?.alive) throw new StoreError('NO_RUN', db, `${db}: no run is at work on it`);
    return holder;
  } finally {
    reader.close();
  }
}
