/** Loads a data set by its identity, as a database names it. */
import { DataError } from '../base/errors.js';
import { inTurns } from '../base/steps.js';
import { type Dataset, loadSteps } from '../data/dataset.js';
import type { DatasetIdentity, DatasetSettings } from '../domain/types.js';
import { drawDigits } from './load-data.js';

interface IdentifiedSearch {
  readonly dataDir?: string | undefined;
  /** Threads that draw digits. */
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Loads the data set that trajectories were trained on, from the first folder whose data have the same content.
 *
 * @param folders of `idx` data sets, from their sweeps
 * @throws DataError
 */
export async function loadIdentified(
  identity: DatasetIdentity,
  folders: readonly string[],
  { dataDir, threads, signal }: IdentifiedSearch,
): Promise<Dataset> {
  const { content: expected, ...settings } = identity;
  const candidates: DatasetSettings[] =
    identity.name !== 'idx'
      ? [settings]
      : (dataDir === undefined ? folders : [dataDir]).map(dir => ({ ...settings, dir }));
  const reasons: string[] = [];
  for (const candidate of candidates) {
    try {
      const dataset =
        candidate.name === 'digits'
          ? await drawDigits(candidate, threads, signal)
          : await inTurns(loadSteps(candidate, { dataDir }));
      if (dataset.content === expected) return dataset;
      reasons.push(`${candidate.dir ?? 'those found'}: the content is ${dataset.content}`);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (identity.name !== 'idx') throw error;
      reasons.push(error.message);
    }
  }
  throw new DataError(
    'DATA_MISSING',
    `the ${identity.name} data of content ${expected}, which the trajectories are trained on, were not found: ` +
      `${reasons.join('; ')}; --data-dir says where they are`,
  );
}
