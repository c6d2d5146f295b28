/** Locates, reads and checks the four files of a data set. */

import { DataError } from '../base/errors.js';
import { counted } from '../base/units.js';
import type { DatasetSettings } from '../domain/types.js';
import { type IdxArray, readBytes } from './idx.js';
import { type DataSearch, type DatasetFiles, locateFolder, locateKnown } from './locate.js';
import { checkFile, FILE_ROLES, type FileRole, hash, isKnown, KNOWN_DATASETS } from './registry.js';

export interface SourceFile {
  readonly role: FileRole;
  readonly file: string;
  /** SHA-256 of the decompressed content, in hexadecimal digits. */
  readonly sha256: string;
  /** Whether the file matches a published checksum. */
  readonly verified: boolean;
}

/** The four files of a data set, read and checked, but not in shared memory. */
export interface ReadFiles {
  readonly folder: string;
  readonly files: readonly SourceFile[];
  /**
   * SHA-256 over the SHA-256 hashes of the four decompressed files, each as lower-case hexadecimal digits and a line
   * feed. Order: train images, train labels, test images, test labels.
   */
  readonly content: string;
  readonly arrays: Record<FileRole, IdxArray>;
}

/**
 * Reads and checks the four files of a data set that is not generated.
 *
 * @throws DataError (DATA_MISSING, DATA_CORRUPT)
 */
export function readDatasetFiles(settings: DatasetSettings, search: DataSearch): ReadFiles {
  const { name, dir } = settings;
  const known = isKnown(name) ? KNOWN_DATASETS[name] : null;
  const located = known ? locateKnown(known.name, search) : locateFolder(requireDir(dir));
  const files: SourceFile[] = [];
  const arrays: Partial<Record<FileRole, IdxArray>> = {};
  for (const role of FILE_ROLES) {
    const file = located.paths[role];
    const { array, sha256, verified } = checkFile(
      readBytes(file),
      role,
      known?.checksums[role] ?? {},
      known?.title ?? name,
      file,
    );
    arrays[role] = array;
    files.push({ role, file, sha256, verified });
  }
  const complete = arrays as Record<FileRole, IdxArray>;
  checkShapes(complete, located);
  const content = hash('sha256', files.map(({ sha256 }) => `${sha256}\n`).join(''));
  return { folder: located.folder, files, content, arrays: complete };
}

function checkShapes(arrays: Record<FileRole, IdxArray>, { paths }: DatasetFiles): void {
  const refuse = (role: FileRole, what: string, other: FileRole) => {
    throw new DataError('DATA_CORRUPT', `${paths[role]}: ${what} of ${paths[other]}`, paths[role]);
  };
  for (const split of ['train', 'test'] as const) {
    const labels = arrays[`${split}-labels`].dimensions[0];
    const images = arrays[`${split}-images`].dimensions[0];
    if (labels !== images) {
      refuse(
        `${split}-labels`,
        `${counted(labels!, 'label')}, expected ${images} for the images`,
        `${split}-images`,
      );
    }
  }
  const [, rows, columns] = arrays['train-images'].dimensions;
  const [, testRows, testColumns] = arrays['test-images'].dimensions;
  if (rows !== testRows || columns !== testColumns) {
    const what = `images of ${testRows} x ${testColumns}, expected ${rows} x ${columns} like those`;
    refuse('test-images', what, 'train-images');
  }
}

function requireDir(dir: string | undefined): string {
  if (dir !== undefined) return dir;
  throw new DataError('DATA_MISSING', 'dataset.dir: not given, expected the folder with the four IDX files');
}
