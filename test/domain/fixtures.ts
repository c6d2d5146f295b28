/** A minimal sweep file and its variations. */
import { parseSweep, type SweepSpec } from '../../src/domain/sweep-file/parse.js';
import type { DatasetIdentity, DatasetSettings } from '../../src/domain/types.js';

/** A minimal sweep file. */
export const MINIMAL = `name: small
dataset: { name: mnist }
axes:
  datasetSize: [1000, 2000]
  width: [100]
  pretrainIterations: [0, 10]
  subnetSize: [5, 10]
`;

export const ENGINE = { name: 'wasm', numerics: 1 } as const;

/** Identifies a data set by its settings. */
export function identify({ name, positive, dir, ...rest }: DatasetSettings): DatasetIdentity {
  return { name, positive, content: `content of ${dir ?? name}`, ...rest };
}

/** MINIMAL with `--set` options. */
export const minimalWith = (...set: string[]): SweepSpec => parseSweep(MINIMAL, { set });

/** The message of the error that `action` throws. Fails if it throws none. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error('nothing was thrown');
}
