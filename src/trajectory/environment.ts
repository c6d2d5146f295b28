/** The environment in which a trajectory runs: an engine, data sets and a stop request. */

import type { Dataset } from '../data/dataset.js';
import { createInputSource, type InputMatrix, type InputSource } from '../data/inputs.js';
import type { DatasetIdentity, InputScaling } from '../domain/types.js';
import type { Engine } from '../engine/engine.js';

export interface TrajectoryEnvironment {
  readonly engine: Engine;
  readonly inputs: InputLibrary;
  /** Polled between slices of work. */
  readonly stopRequested: () => boolean;
}

/** Key of an identity's images: all of the identity except which labels count as positive. */
export function imagesKey(identity: DatasetIdentity): string {
  return [identity.name, identity.content, identity.seed, identity.pool, identity.test].join('/');
}

/** Rows per chunk of a measured set. */
const CHUNK = 2048;
/** Chunks of a set are cached if together they take at most this. Those of a larger set are rebuilt on each pass. */
const MAX_CACHED_BYTES = 160 * 2 ** 20;

/** A data set's inputs under one scaling. The sets that networks are measured on come in chunks. */
export interface ScaledInputs {
  readonly dataset: Dataset;
  readonly source: InputSource;
  /** The rows of the pool or the test set in order; `from` is the first row of the chunk. */
  chunks(set: 'pool' | 'test'): Iterable<{ readonly from: number; readonly inputs: InputMatrix }>;
}

/** Caches the inputs used last: most trajectories of a sweep share them. */
export class InputLibrary {
  private cached: { key: string; inputs: ScaledInputs } | null = null;

  constructor(private readonly datasets: ReadonlyMap<string, Dataset>) {}

  open(identity: DatasetIdentity, scaling: InputScaling, bias: boolean): ScaledInputs {
    const images = imagesKey(identity);
    const key = `${images} ${scaling} ${bias}`;
    if (this.cached?.key !== key) {
      const dataset = this.datasets.get(images);
      if (!dataset) throw new Error(`the data set ${images} was not handed to this executor`);
      this.cached = { key, inputs: scaledInputs(dataset, createInputSource(dataset, scaling, bias)) };
    }
    return this.cached.inputs;
  }
}

function scaledInputs(dataset: Dataset, source: InputSource): ScaledInputs {
  const cache: { pool?: InputMatrix[]; test?: InputMatrix[] } = {};
  return {
    dataset,
    source,
    *chunks(set) {
      const { count } = dataset[set];
      const isCached = compressedRowBytes(count, source.entriesPerRow) <= MAX_CACHED_BYTES;
      const matrices = cache[set] ?? [];
      if (isCached) cache[set] = matrices;
      for (let from = 0, index = 0; from < count; from += CHUNK, index++) {
        const inputs = matrices[index] ?? source.range(set, from, Math.min(from + CHUNK, count));
        if (isCached) matrices[index] = inputs;
        yield { from, inputs };
      }
    },
  };
}

/** Bytes of `rows` compressed rows: per entry 4 for the value and 2 for the column, per row 4 for an offset. */
export function compressedRowBytes(rows: number, entriesPerRow: number): number {
  return rows * (entriesPerRow * 6 + 4);
}

/** Bytes that a worker holds, in addition to its engine, for a measured set of so many rows. */
export function cachedChunkBytes(rows: number, entriesPerRow: number): number {
  const bytes = compressedRowBytes(rows, entriesPerRow);
  return bytes <= MAX_CACHED_BYTES ? bytes : compressedRowBytes(CHUNK, entriesPerRow);
}
