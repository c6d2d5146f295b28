import { parseSweep, type SweepSpec } from '../../src/domain/sweep-file/parse.js';
import type { DatasetIdentity, DatasetSettings } from '../../src/domain/types.js';

/** The least that a sweep file must say. */
export const MINIMAL = `name: small
dataset: { name: mnist }
axes:
  datasetSize: [1000, 2000]
  width: [100]
  pretrainIterations: [0, 10]
  subnetSize: [5, 10]
`;

export const ENGINE = { name: 'wasm', numerics: 1 } as const;

/** Names a data set by its settings. */
export function identify({ name, positive, dir, ...rest }: DatasetSettings): DatasetIdentity {
  return { name, positive, content: `content of ${dir ?? name}`, ...rest };
}

/** MINIMAL with `--set` options. */
export const minimalWith = (...set: string[]): SweepSpec => parseSweep(MINIMAL, { set });

/** The message of the error that is thrown; fails where there is none. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error('nothing was thrown');
}
