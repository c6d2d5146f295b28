/** The data sets of a worker's runs, found on its own machine. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Dataset, identifyDataset } from '../data/dataset.js';
import type { DatasetIdentity, DatasetSettings } from '../domain/types.js';
import { imagesKey } from '../trajectory/environment.js';
import { loadData } from './load-data.js';

export interface WorkerDataOptions {
  readonly dataDir: string | undefined;
  /** Threads that draw generated digits. */
  readonly threads: number;
}

/** Data sets stay loaded for the next run that needs them. */
export function createWorkerData({ dataDir, threads }: WorkerDataOptions) {
  const identities = new Map<string, DatasetIdentity>();
  const loading = new Map<string, Promise<ReadonlyMap<string, Dataset>>>();
  const identified = (settings: DatasetSettings) => identifyDataset(settings, { dataDir });
  return {
    /** @throws DataError (DATA_MISSING, DATA_CORRUPT) */
    identify(settings: DatasetSettings): DatasetIdentity {
      const key = JSON.stringify(settings);
      const identity = identities.get(key) ?? identified(onThisMachine(settings, dataDir)).identity;
      identities.set(key, identity);
      return identity;
    },
    /** @throws DataError, TooLargeError */
    async load(sets: readonly DatasetSettings[]): Promise<ReadonlyMap<string, Dataset>> {
      const all = new Map<string, Dataset>();
      for (const settings of sets) {
        const key = imagesKey(this.identify(settings));
        const own = onThisMachine(settings, dataDir);
        const loaded =
          loading.get(key) ??
          loadData(
            { data: new Map([[key, { settings: own, identified: identified(own) }]]), dataDir },
            threads,
          );
        loading.set(key, loaded);
        try {
          all.set(key, (await loaded).get(key)!);
        } catch (error) {
          loading.delete(key);
          identities.clear();
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
