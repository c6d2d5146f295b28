/** A run that is long enough to be disturbed, and how far it is. */
import { existsSync } from 'node:fs';
import { query } from './results.js';
import { plainSweep } from './small-sweeps.js';

/** A line of progress, as a run writes it where there is no terminal. */
export const PROGRESS = /^\d+\/\d+ cells, \d+\/\d+ trajector(y|ies)/;

/** A sweep that takes two threads about a second for 2,000 iterations. */
export const long = (name: string, iterations: number) =>
  plainSweep({
    name,
    train: { batchSize: 32 },
    axes: {
      datasetSize: [100, 120],
      width: 60,
      seed: { count: 2 },
      pretrainIterations: { from: 5, to: iterations, ratio: 1.4 },
      subnetSize: [4, 9],
    },
  });

/** A sweep that only a stop ends. */
export const endless = (name: string) =>
  plainSweep({
    name,
    axes: { datasetSize: 100, width: 60, seed: [0], pretrainIterations: [1, 100_000_000], subnetSize: [3] },
  });

/** Waits until a run has committed this many rows. */
export async function committed(db: string, count: number): Promise<void> {
  const deadline = Date.now() + 100_000;
  while (Date.now() < deadline) {
    if (existsSync(db) && Number(query(db, 'SELECT count(*) AS n FROM cells')[0]!.n) >= count) return;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error(`${db}: not ${count} rows in time`);
}
