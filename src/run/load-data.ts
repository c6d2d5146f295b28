/** Loads a sweep's data sets into shared memory. Files are read; generated digits are drawn by all threads. */
import { Piscina } from 'piscina';
import { workerFile } from '../base/paths.js';
import { allocateDigits, type Dataset, type DigitsRange, loadDataset } from '../data/dataset.js';
import type { PreparedSweep } from './prepare.js';

/** Number of images that one call of a worker draws. */
const RANGE = 2000;

/** Returns the data sets of a sweep, keyed by imagesKey. An abort of `signal` rejects while digits are drawn. */
export async function loadData(
  { data, dataDir }: Pick<PreparedSweep, 'data' | 'dataDir'>,
  threads: number,
  signal?: AbortSignal,
): Promise<Map<string, Dataset>> {
  const loaded = new Map<string, Dataset>();
  for (const [key, { settings }] of data) {
    if (settings.name === 'digits') {
      loaded.set(key, await drawDigits(settings, threads, signal));
    } else {
      loaded.set(key, loadDataset(settings, { dataDir }));
    }
  }
  return loaded;
}

/** Draws all images of `digits` in worker threads. An abort of `signal` rejects. */
export async function drawDigits(
  settings: DigitsRange['settings'],
  threads: number,
  signal?: AbortSignal,
): Promise<Dataset> {
  const dataset = allocateDigits(settings);
  const ranges = (['pool', 'test'] as const).flatMap(split =>
    Array.from({ length: Math.ceil(dataset[split].count / RANGE) }, (_, i): DigitsRange => {
      const from = i * RANGE;
      return { dataset, settings, split, from, to: Math.min(from + RANGE, dataset[split].count) };
    }),
  );
  const pool = new Piscina<DigitsRange, void>({
    filename: workerFile('digits'),
    minThreads: 0,
    maxThreads: threads,
  });
  // One listener for all ranges: destroying the pool ends its threads immediately and rejects their ranges.
  const stop = () => void pool.destroy();
  signal?.addEventListener('abort', stop);
  try {
    await Promise.all(ranges.map(range => pool.run(range)));
  } finally {
    signal?.removeEventListener('abort', stop);
    await pool.destroy();
  }
  return dataset;
}
