/** The data sets of a worker's runs, found on its own machine. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Dataset, type IdentifiedDataset, identifyDataset } from '../data/dataset.js';
import type { DatasetSettings } from '../domain/types.js';
import type { WorkerData } from '../execute/queue/worker-run.js';
import { imagesKey } from '../trajectory/environment.js';
import { loadData } from './load-data.js';

/** Where a worker of a queue finds its data. */
export interface WorkerDataOptions {
  /** The folder that is searched for data files before the others. */
  readonly dataDir: string | undefined;
  /** Threads that draw generated digits. */
  readonly threads: number;
}

/**
 * Finds and loads the data sets of runs on this machine, for `runQueueWorker`. They stay loaded for the next run that needs
 * them. Its methods throw DataError and TooLargeError.
 *
 * @example
 * const data = createWorkerData({ dataDir: 'data', threads: 4 });
 */
export function createWorkerData({ dataDir, threads }: WorkerDataOptions): WorkerData {
  const known = new Map<string, { settings: DatasetSettings; identified: IdentifiedDataset }>();
  const loading = new Map<string, Promise<ReadonlyMap<string, Dataset>>>();
  const find = (stated: DatasetSettings) => {
    const key = JSON.stringify(stated);
    let found = known.get(key);
    if (!found) {
      const settings = onThisMachine(stated, dataDir);
      found = { settings, identified: identifyDataset(settings, { dataDir }) };
      known.set(key, found);
    }
    return found;
  };
  return {
    identify: settings => find(settings).identified.identity,
    /** @throws DataError, TooLargeError */
    async load(sets) {
      const all = new Map<string, Dataset>();
      for (const settings of sets) {
        const found = find(settings);
        const key = imagesKey(found.identified.identity);
        const loaded = loading.get(key) ?? loadData({ data: new Map([[key, found]]), dataDir }, threads);
        loading.set(key, loaded);
        try {
          all.set(key, (await loaded).get(key)!);
        } catch (error) {
          loading.delete(key);
          known.clear();
          throw error;
        }
      }
      return all;
    },
  };
}

/** A folder of the sweep file is looked for by its name in `--data-dir`, and else at the same path as there. */
function onThisMachine(settings: DatasetSettings, dataDir: string | undefined): DatasetSettings {
  if (settings.dir === undefined || dataDir === undefined) return settings;
  const dir = [join(dataDir, basename(settings.dir)), settings.dir].find(each => existsSync(each));
  return { ...settings, dir: dir ?? dataDir };
}
