/** Locates data files: in `--data-dir`, then in ESPALIER_DATA_DIR, then in the user's cache. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { DataError } from '../base/errors.js';
import { FILE_NAMES, FILE_ROLES, type FileRole, type KnownName } from './registry.js';

export interface DataSearch {
  /** The value of `--data-dir`. */
  readonly dataDir?: string | undefined;
}

export interface SearchPlace {
  readonly source: '--data-dir' | 'ESPALIER_DATA_DIR' | 'cache';
  readonly dir: string;
}

/** The four files of one data set. */
export interface DatasetFiles {
  readonly folder: string;
  readonly paths: Record<FileRole, string>;
}

/** The parent of the folders `<data set name>/` that `espalier data fetch` writes by default. */
export const cacheDir = (): string => join(envPaths('espalier', { suffix: '' }).cache, 'data');

/** All places in search order, whether or not they exist. */
export function searchPlaces({ dataDir }: DataSearch): SearchPlace[] {
  const places: SearchPlace[] = [];
  if (dataDir !== undefined) places.push({ source: '--data-dir', dir: resolve(dataDir) });
  const fromEnvironment = process.env.ESPALIER_DATA_DIR;
  if (fromEnvironment) places.push({ source: 'ESPALIER_DATA_DIR', dir: resolve(fromEnvironment) });
  places.push({ source: 'cache', dir: cacheDir() });
  return places;
}

/** The folders to search, in order: in each place the subfolder with the data set's name, then the place. */
export const searchFolders = (name: KnownName, search: DataSearch): string[] =>
  searchPlaces(search).flatMap(({ dir }) => [join(dir, name), dir]);

/** Refuses a `--data-dir` that is not a folder, even if the data set needs none. @throws DataError (DATA_MISSING) */
export function checkDataDir({ dataDir }: DataSearch): void {
  if (dataDir !== undefined) requireFolder(dataDir, '--data-dir');
}

/** The first folder with all four files, or null. */
export function findKnownDataset(name: KnownName, search: DataSearch): DatasetFiles | null {
  for (const folder of searchFolders(name, search)) {
    const { paths, missing } = filesIn(folder);
    if (missing.length === 0) return { folder, paths: paths as Record<FileRole, string> };
  }
  return null;
}

/** As `findKnownDataset`. @throws DataError (DATA_MISSING) that lists the folders searched, if none has all files. */
export function locateKnown(name: KnownName, search: DataSearch): DatasetFiles {
  checkDataDir(search);
  const found = findKnownDataset(name, search);
  if (found) return found;
  const tried = searchFolders(name, search).map(folder => {
    const { missing } = filesIn(folder);
    const incomplete = missing.length < FILE_ROLES.length ? ` (without ${missing.join(', ')})` : '';
    return `${folder}${incomplete}`;
  });
  throw new DataError(
    'DATA_MISSING',
    `${name}: not found in ${tried.join(', ')}; \`espalier data fetch ${name}\` downloads it, ` +
      '--data-dir or ESPALIER_DATA_DIR says where it is',
  );
}

/** The four files of the folder in the sweep file's `dataset.dir`. @throws DataError (DATA_MISSING) */
export function locateFolder(dir: string): DatasetFiles {
  const folder = requireFolder(dir, 'dataset.dir');
  const { paths, missing } = filesIn(folder);
  if (missing.length > 0) {
    throw new DataError(
      'DATA_MISSING',
      `${folder}: without ${missing.join(', ')} (plain or .gz), expected four IDX files`,
      folder,
    );
  }
  return { folder, paths: paths as Record<FileRole, string> };
}

function requireFolder(dir: string, what: string): string {
  const folder = resolve(dir);
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return folder;
  const found = stat ? 'is not a folder' : 'does not exist';
  throw new DataError(
    'DATA_MISSING',
    `${what}: ${folder} ${found}, expected a folder with data files`,
    folder,
  );
}

/** Prefers a compressed file to a plain one: some checksums are published for compressed files only. */
function filesIn(folder: string): { paths: Partial<Record<FileRole, string>>; missing: string[] } {
  const paths: Partial<Record<FileRole, string>> = {};
  const missing: string[] = [];
  for (const role of FILE_ROLES) {
    const name = FILE_NAMES[role];
    const dotted = name.replace('-idx', '.idx');
    const found = [`${name}.gz`, `${dotted}.gz`, name, dotted]
      .map(candidate => join(folder, candidate))
      .find(path => statSync(path, { throwIfNoEntry: false })?.isFile());
    if (found) paths[role] = found;
    else missing.push(name);
  }
  return { paths, missing };
}
