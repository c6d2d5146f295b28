/** What a trajectory finds where it runs: an engine, data sets, and a way to be told to stop. */

import type { Dataset } from '../data/dataset.js';
import { createInputSource, type InputMatrix, type InputSource } from '../data/inputs.js';
import type { DatasetIdentity, InputScaling } from '../domain/types.js';
import type { Engine } from '../engine/engine.js';

export interface TrajectoryEnvironment {
  readonly engine: Engine;
  readonly inputs: InputLibrary;
  /** Looked at between slices of work. */
  readonly stopRequested: () => boolean;
}

/** The key under which an identity's images are held: everything of it but which labels count as positive. */
export function imagesKey(identity: DatasetIdentity): string {
  return [identity.name, identity.content, identity.seed, identity.pool, identity.test].join('/');
}

/** Rows of one chunk of a measured set. */
const CHUNK = 2048;
/** Chunks of a set are kept where all of them take no more than this; larger sets are made anew each time. */
const KEEP_BYTES = 160 * 2 ** 20;

/** A data set's inputs under one scaling, with the sets that networks are measured on in chunks. */
export interface ScaledInputs {
  readonly dataset: Dataset;
  readonly source: InputSource;
  /** The rows of the pool or the test set in order. */
  chunks(set: 'pool' | 'test'): Iterable<{ readonly from: number; readonly inputs: InputMatrix }>;
}

/** Holds the inputs used last: trajectories of one sweep mostly share them. */
export class InputLibrary {
  private held: { key: string; inputs: ScaledInputs } | null = null;

  constructor(private readonly datasets: ReadonlyMap<string, Dataset>) {}

  open(identity: DatasetIdentity, scaling: InputScaling, bias: boolean): ScaledInputs {
    const images = imagesKey(identity);
    const key = `${images} ${scaling} ${bias}`;
    if (this.held?.key !== key) {
      const dataset = this.datasets.get(images);
      if (!dataset) throw new Error(`the data set ${images} was not handed to this executor`);
      this.held = { key, inputs: scaledInputs(dataset, createInputSource(dataset, scaling, bias)) };
    }
    return this.held.inputs;
  }
}

function scaledInputs(dataset: Dataset, source: InputSource): ScaledInputs {
  const kept: { pool?: InputMatrix[]; test?: InputMatrix[] } = {};
  return {
    dataset,
    source,
    *chunks(set) {
      const { count } = dataset[set];
      const worthKeeping = heldBytes(count, source.entriesPerRow) <= KEEP_BYTES;
      const matrices = kept[set] ?? [];
      if (worthKeeping) kept[set] = matrices;
      for (let from = 0, index = 0; from < count; from += CHUNK, index++) {
        const inputs = matrices[index] ?? source.range(set, from, Math.min(from + CHUNK, count));
        if (worthKeeping) matrices[index] = inputs;
        yield { from, inputs };
      }
    },
  };
}

/** Bytes of `rows` compressed rows: 4 for the value and 2 for the column of an entry, 4 for an offset. */
export function heldBytes(rows: number, entriesPerRow: number): number {
  return rows * (entriesPerRow * 6 + 4);
}

/** Bytes that a worker holds beside its engine for sets that it measures. */
export function keptChunkBytes(rows: number, entriesPerRow: number): number {
  const bytes = heldBytes(rows, entriesPerRow);
  return bytes <= KEEP_BYTES ? bytes : heldBytes(CHUNK, entriesPerRow);
}
