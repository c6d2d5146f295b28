/** Where data files are looked for: `--data-dir`, then ESPALIER_DATA_DIR, then the user's cache. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { DataError } from '../base/errors.js';
import { FILE_NAMES, type FileRole, type KnownName, ROLES } from './registry.js';

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

/** Where `espalier data fetch` puts files: `<cache>/<data set name>/`. */
export const cacheDir = (): string => join(envPaths('espalier', { suffix: '' }).cache, 'data');

/** The places that exist or not, in the order in which they are looked at. */
export function searchPlaces({ dataDir }: DataSearch): SearchPlace[] {
  const places: SearchPlace[] = [];
  if (dataDir !== undefined) places.push({ source: '--data-dir', dir: resolve(dataDir) });
  const fromEnvironment = process.env.ESPALIER_DATA_DIR;
  if (fromEnvironment) places.push({ source: 'ESPALIER_DATA_DIR', dir: resolve(fromEnvironment) });
  places.push({ source: 'cache', dir: cacheDir() });
  return places;
}

/** In each place, the folder with the data set's name comes first, then the place itself. */
export const searchFolders = (name: KnownName, search: DataSearch): string[] =>
  searchPlaces(search).flatMap(({ dir }) => [join(dir, name), dir]);

/** Refuses a `--data-dir` that is not a folder, whether or not the data set needs one. */
export function checkDataDir({ dataDir }: DataSearch): void {
  if (dataDir !== undefined) requireFolder(dataDir, '--data-dir');
}

/** The first folder that holds all four files, or null. */
export function findKnown(name: KnownName, search: DataSearch): DatasetFiles | null {
  for (const folder of searchFolders(name, search)) {
    const { paths, missing } = filesIn(folder);
    if (missing.length === 0) return { folder, paths: paths as Record<FileRole, string> };
  }
  return null;
}

/** As findKnown; throws DataError (DATA_MISSING) with all that was tried. */
export function locateKnown(name: KnownName, search: DataSearch): DatasetFiles {
  checkDataDir(search);
  const found = findKnown(name, search);
  if (found) return found;
  const tried = searchFolders(name, search).map(folder => {
    const { missing } = filesIn(folder);
    const incomplete = missing.length < ROLES.length ? ` (without ${missing.join(', ')})` : '';
    return `${folder}${incomplete}`;
  });
  throw new DataError(
    'DATA_MISSING',
    `${name}: not found in ${tried.join(', ')}; \`espalier data fetch ${name}\` downloads it, ` +
      '--data-dir or ESPALIER_DATA_DIR says where it is',
  );
}

/** The four files of a folder named by the sweep file's `dataset.dir`. */
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

/** A compressed file comes before a plain one: some checksums are published of the compressed files only. */
function filesIn(folder: string): { paths: Partial<Record<FileRole, string>>; missing: string[] } {
  const paths: Partial<Record<FileRole, string>> = {};
  const missing: string[] = [];
  for (const role of ROLES) {
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
