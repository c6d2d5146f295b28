/** Summary of a data set: files, image size, label counts. */
import { inTurns } from '../base/steps.js';
import type { DatasetSettings } from '../domain/types.js';
import { type DataSearch, type ImageSet, loadSteps, nonZeroShare } from './dataset.js';
import { DIGITS_SIDE, DIGITS_VERSION } from './digits.js';
import { readDatasetFiles, type SourceFile } from './files.js';

export interface SetDescription {
  readonly count: number;
  /** Number of samples by label; labels that do not occur are omitted. */
  readonly labels: Readonly<Record<string, number>>;
  /** Share of pixels that are not 0. */
  readonly nonZeroShare: number;
}

/** The shape of `espalier data info --json`. */
export interface DatasetDescription {
  readonly name: string;
  /** The data set's content in a trajectory's identity. */
  readonly content: string;
  /** Null for generated digits, whose `files` are empty. */
  readonly folder: string | null;
  readonly files: readonly SourceFile[];
  readonly rows: number;
  readonly columns: number;
  readonly pool: SetDescription;
  readonly test: SetDescription;
}

/** Reads or generates the whole data set. @throws DataError (DATA_MISSING, DATA_CORRUPT) */
export async function describeDataset(
  settings: DatasetSettings,
  search: DataSearch,
): Promise<DatasetDescription> {
  if (settings.name === 'digits') {
    const { pool, test } = await inTurns(loadSteps(settings));
    return {
      name: settings.name,
      content: DIGITS_VERSION,
      folder: null,
      files: [],
      rows: DIGITS_SIDE,
      columns: DIGITS_SIDE,
      pool: describeSet(pool),
      test: describeSet(test),
    };
  }
  const { content, folder, files, arrays } = readDatasetFiles(settings, search);
  const [, rows, columns] = arrays['train-images'].dimensions as [number, number, number];
  const set = (split: 'train' | 'test') =>
    describeSet({ images: arrays[`${split}-images`].data, labels: arrays[`${split}-labels`].data });
  return {
    name: settings.name,
    content,
    folder,
    files,
    rows,
    columns,
    pool: set('train'),
    test: set('test'),
  };
}

function describeSet({ images, labels }: Pick<ImageSet, 'images' | 'labels'>): SetDescription {
  const counts = new Uint32Array(256);
  for (const label of labels) counts[label]!++;
  const occurring = [...counts.entries()].filter(([, count]) => count > 0);
  return {
    count: labels.length,
    labels: Object.fromEntries(occurring),
    nonZeroShare: nonZeroShare(images),
  };
}
