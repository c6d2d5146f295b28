/** An export directory as plain arrays, read without any code of `src`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNpy } from './npy-reader.js';

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: ArrayLike<number>;
}

/** The fields of config.json that the checks use. */
export interface ExportedConfig {
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  readonly network: { readonly activation: string; readonly scaling: string };
  readonly train: {
    readonly loss: string;
    readonly learningRate: number;
    readonly momentum: number;
    readonly weightDecay: number;
    readonly layers: string;
  };
  readonly prune: { readonly objective: string | readonly string[] };
}

export interface Exported {
  readonly config: ExportedConfig;
  readonly samples: ArrayLike<number>;
  readonly inputs: Matrix;
  readonly labels: ArrayLike<number>;
  readonly signs: ArrayLike<number>;
  /** By t: first-layer weights, and output weights where they are trained. */
  readonly weights: ReadonlyMap<number, Matrix>;
  readonly outputs: ReadonlyMap<number, ArrayLike<number>>;
  /** By method, `<method>-<objective>` where there are several objectives, or `<method>-<objective>-<size>`; then by t. */
  readonly picks: ReadonlyMap<string, ReadonlyMap<number, ArrayLike<number>>>;
  readonly batches: Matrix;
}

/** Reads an export directory. Throws where a file is missing, or its type or shape is not the documented one. */
export function readExport(folder: string): Exported {
  const array = (name: string, descr: string, ...shape: (number | null)[]) => {
    const read = readNpy(join(folder, name));
    const fits =
      read.shape.length === shape.length && shape.every((size, i) => size === null || size === read.shape[i]);
    if (read.descr !== descr || !fits)
      throw new Error(`${name}: ${read.descr} (${read.shape}), not ${descr} (${shape})`);
    return read;
  };
  const matrix = (name: string, descr: string, rows: number | null, columns: number | null): Matrix => {
    const { shape, data } = array(name, descr, rows, columns);
    return { rows: shape[0]!, columns: shape[1]!, data };
  };
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as ExportedConfig;
  const { datasetSize: n, width } = config;
  const inputs = matrix('inputs.npy', '<f4', n, null);
  const weights = new Map<number, Matrix>();
  const outputs = new Map<number, ArrayLike<number>>();
  const picks = new Map<string, Map<number, ArrayLike<number>>>();
  for (const name of readdirSync(folder)) {
    const [, kind, time] = /^(.+)_(\d+)\.npy$/.exec(name) ?? [];
    if (!kind) continue;
    const t = Number(time);
    const method = kind.startsWith('picks_') ? kind.slice('picks_'.length) : null;
    if (kind === 'weights') weights.set(t, matrix(name, '<f4', width, inputs.columns));
    else if (kind === 'outputs') outputs.set(t, array(name, '<f4', width).data);
    else if (method)
      picks.set(method, (picks.get(method) ?? new Map()).set(t, array(name, '<i4', null).data));
    else throw new Error(`${name}: not a file of an export`);
  }
  const batches = existsSync(join(folder, 'batches.npy')) ? matrix('batches.npy', '<i4', null, null) : null;
  return {
    config,
    samples: array('samples.npy', '<i4', n).data,
    inputs,
    labels: array('labels.npy', '<f4', n).data,
    signs: array('signs.npy', '<f4', width).data,
    weights,
    outputs,
    picks,
    batches: batches ?? { rows: 0, columns: 0, data: [] },
  };
}
