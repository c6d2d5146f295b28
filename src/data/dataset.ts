/**
 * Data sets as plain values: grey images and labels in shared memory, which threads share without copying.
 *
 * `content` identifies the data. For generated digits it is the generator's version (seed and sizes are separate
 * fields of the identity), for files a hash (files.ts).
 */

import { TooLargeError } from '../base/errors.js';
import { atOnce, type Steps } from '../base/steps.js';
import type { DatasetIdentity, DatasetName, DatasetSettings } from '../domain/types.js';
import { permutation, stream } from '../math/random.js';
import { DIGITS_PIXELS, DIGITS_VERSION, type DigitsSplit, drawDigit } from './digits.js';
import { readDatasetFiles } from './files.js';
import type { IdxArray } from './idx.js';
import { checkDataDir, type DataSearch } from './locate.js';

export type { DataSearch } from './locate.js';

/** `count` images of `pixels` bytes each, one after another, and their `count` labels. */
export interface ImageSet {
  readonly count: number;
  readonly pixels: number;
  /** count x pixels, grey values from 0 to 255. */
  readonly images: Uint8Array;
  /** count, from 0 to 255. */
  readonly labels: Uint8Array;
}

/**
 * A data set in memory. Crosses threads by structured clone: the arrays are views of SharedArrayBuffers, which stay
 * shared.
 */
export interface Dataset {
  readonly name: DatasetName;
  /** As in DatasetIdentity. */
  readonly content: string;
  /** The training pool that sub-data-sets are drawn from. */
  readonly pool: ImageSet;
  readonly test: ImageSet;
}

/** The facts about a data set that a plan needs. */
export interface IdentifiedDataset {
  readonly identity: DatasetIdentity;
  /** The number of samples in the training pool. */
  readonly pool: number;
  /** The number of samples in the test set. */
  readonly test: number;
  readonly pixels: number;
  /** Share of the pool's pixels that are not 0; for generated digits, estimated from the first 2,000 images. */
  readonly nonZeroShare: number;
  /** Labels that occur in the pool, ascending. */
  readonly labels: readonly number[];
}

const SAMPLED_DIGITS = 2000;
const DIGITS_PER_STEP = 100;

/**
 * Finds and checks a data set without loading it. Files are read and hashed; of digits only a sample is generated.
 *
 * @throws DataError (DATA_MISSING, DATA_CORRUPT) if files are missing, truncated, corrupt or of another data set.
 */
export function identifyDataset(settings: DatasetSettings, search: DataSearch = {}): IdentifiedDataset {
  checkDataDir(search);
  const { name, positive } = settings;
  if (name === 'digits') {
    const { seed, pool, test } = digitsParameters(settings);
    return {
      identity: { name, positive, content: DIGITS_VERSION, seed, pool, test },
      pool,
      test,
      pixels: DIGITS_PIXELS,
      nonZeroShare: nonZeroShare(drawSample(seed, Math.min(pool, SAMPLED_DIGITS))),
      labels: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    };
  }
  const { content, arrays } = readDatasetFiles(settings, search);
  const [pool, rows, columns] = arrays['train-images'].dimensions as [number, number, number];
  return {
    identity: { name, positive, content },
    pool,
    test: arrays['test-images'].dimensions[0]!,
    pixels: rows * columns,
    nonZeroShare: nonZeroShare(arrays['train-images'].data),
    labels: [...new Set(arrays['train-labels'].data)].sort((a, b) => a - b),
  };
}

/**
 * Reads a data set's files into shared memory, or generates all digits, in this thread.
 *
 * @throws DataError (DATA_MISSING, DATA_CORRUPT) or TooLargeError (TOO_LARGE)
 */
export const loadDataset = (settings: DatasetSettings, search: DataSearch = {}): Dataset =>
  atOnce(loadSteps(settings, search));

/** `loadDataset` in steps, where digits are generated. */
export function* loadSteps(settings: DatasetSettings, search: DataSearch = {}): Steps<Dataset> {
  if (settings.name === 'digits') {
    const dataset = allocateDigits(settings);
    for (const split of ['pool', 'test'] as const) {
      const { count } = dataset[split];
      for (let from = 0; from < count; from += DIGITS_PER_STEP) {
        yield;
        fillDigits(dataset, settings, split, from, Math.min(from + DIGITS_PER_STEP, count));
      }
    }
    return dataset;
  }
  const { content, arrays } = readDatasetFiles(settings, search);
  return {
    name: settings.name,
    content,
    pool: sharedSet(arrays['train-images'], arrays['train-labels']),
    test: sharedSet(arrays['test-images'], arrays['test-labels']),
  };
}

/** A range of digits for a worker thread to generate: images from .. to - 1 of a split. */
export interface DigitsRange {
  readonly dataset: Dataset;
  readonly settings: DatasetSettings;
  readonly split: DigitsSplit;
  readonly from: number;
  readonly to: number;
}

/**
 * Allocates shared memory for the digits of these settings; images and labels are all 0 until `fillDigits`.
 *
 * @throws TooLargeError (TOO_LARGE)
 */
export function allocateDigits(settings: DatasetSettings): Dataset {
  const { pool, test } = digitsParameters(settings);
  const blank = (count: number): ImageSet => ({
    count,
    pixels: DIGITS_PIXELS,
    images: sharedBytes(count * DIGITS_PIXELS),
    labels: sharedBytes(count),
  });
  return { name: 'digits', content: DIGITS_VERSION, pool: blank(pool), test: blank(test) };
}

/** Draws images from .. to - 1 of a split into the shared arrays. Order and threads of the ranges do not matter. */
export function fillDigits(
  dataset: Dataset,
  settings: DatasetSettings,
  split: DigitsSplit,
  from: number,
  to: number,
): void {
  const { seed } = digitsParameters(settings);
  const { images, labels } = dataset[split];
  for (let i = from; i < to; i++) labels[i] = drawDigit(seed, split, i, images, i * DIGITS_PIXELS);
}

/** The parser fills in the settings of digits, so a missing one is a defect. */
function digitsParameters({ seed, pool, test }: DatasetSettings) {
  if (seed === undefined || pool === undefined || test === undefined) {
    throw new Error('digits without seed, pool or test');
  }
  return { seed, pool, test };
}

function drawSample(seed: number, count: number): Uint8Array {
  const images = new Uint8Array(count * DIGITS_PIXELS);
  for (let i = 0; i < count; i++) drawDigit(seed, 'pool', i, images, i * DIGITS_PIXELS);
  return images;
}

function sharedSet(images: IdxArray, labels: IdxArray): ImageSet {
  const [count, rows, columns] = images.dimensions as [number, number, number];
  const set: ImageSet = {
    count,
    pixels: rows * columns,
    images: sharedBytes(images.data.length),
    labels: sharedBytes(labels.data.length),
  };
  set.images.set(images.data);
  set.labels.set(labels.data);
  return set;
}

function sharedBytes(length: number): Uint8Array {
  try {
    return new Uint8Array(new SharedArrayBuffer(length));
  } catch (error) {
    const gigabytes = (length / 2 ** 30).toFixed(1);
    throw new TooLargeError(`${gigabytes} GiB of images do not fit into one array of shared memory`, {
      cause: error,
    });
  }
}

/** Share of the bytes that are not 0. */
export function nonZeroShare(bytes: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) count++;
  return count / bytes.length;
}

/**
 * Rows of the pool that form the sub-data-set of size n <= poolCount for a seed: the first n entries of one
 * permutation of the whole pool. The sub-data-sets of one seed are therefore nested.
 */
export function subDataset(poolCount: number, n: number, seed: number): Int32Array {
  return permutation(stream(seed, 'samples'), poolCount).slice(0, n);
}

/** +1 for each label in `positive`, -1 for all others. */
export function labelSigns(labels: Uint8Array, positive: readonly number[]): Float32Array {
  const signOf = new Float32Array(256).fill(-1);
  for (const label of positive) signOf[label] = 1;
  const signs = new Float32Array(labels.length);
  for (let i = 0; i < signs.length; i++) signs[i] = signOf[labels[i]!]!;
  return signs;
}
