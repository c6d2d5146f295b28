/** Locates data files: in `--data-dir`, then in ESPALIER_DATA_DIR, then in the user's cache. */
import { type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { DataError } from '../base/errors.js';
import { systemReason } from '../base/system-error.js';
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

/** Why a place cannot be searched, e.g. `no permission`; null where it can, or where there is nothing. */
export function placeProblem(dir: string): string | null {
  const { stat, problem } = look(dir);
  if (stat === undefined) return problem;
  // The last step of this path needs the permission to search the folder.
  return stat.isDirectory() ? look(`${dir}/.`).problem : 'this is not a folder';
}

/** The first folder with all four files, or null. A folder that cannot be searched is passed over. */
export function findKnownDataset(name: KnownName, search: DataSearch): DatasetFiles | null {
  for (const folder of searchFolders(name, search)) {
    const { paths, missing } = filesIn(folder);
    if (missing.length === 0) return { folder, paths: paths as Record<FileRole, string> };
  }
  return null;
}

/** The folders of the search that the system refuses to look into, with the reason. */
export function searchProblems(name: KnownName, search: DataSearch): string[] {
  return searchFolders(name, search).flatMap(folder => {
    const { problem } = filesIn(folder);
    return problem === null ? [] : [`${folder}: ${problem}`];
  });
}

/** As `findKnownDataset`. @throws DataError (DATA_MISSING) that lists the folders searched, if none has all files. */
export function locateKnown(name: KnownName, search: DataSearch): DatasetFiles {
  checkDataDir(search);
  const found = findKnownDataset(name, search);
  if (found) return found;
  const tried = searchFolders(name, search).map(folder => {
    const { missing, problem } = filesIn(folder);
    if (problem !== null) return `${folder} (${problem})`;
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
  const { paths, missing, problem } = filesIn(folder);
  if (problem !== null) {
    const message = `dataset.dir: ${folder} cannot be searched (${problem}), expected a folder with data files`;
    throw new DataError('DATA_MISSING', message, folder);
  }
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
  const { stat, problem } = look(folder);
  if (stat?.isDirectory()) return folder;
  const found = stat
    ? 'is not a folder'
    : problem === null
      ? 'does not exist'
      : `cannot be searched (${problem})`;
  throw new DataError(
    'DATA_MISSING',
    `${what}: ${folder} ${found}, expected a folder with data files`,
    folder,
  );
}

interface FoundFiles {
  readonly paths: Partial<Record<FileRole, string>>;
  readonly missing: readonly string[];
  /** Why the system refused to look for one of the missing. */
  readonly problem: string | null;
}

/** Prefers a compressed file to a plain one: some checksums are published for compressed files only. */
function filesIn(folder: string): FoundFiles {
  const paths: Partial<Record<FileRole, string>> = {};
  const missing: string[] = [];
  let problem: string | null = null;
  for (const role of FILE_ROLES) {
    const name = FILE_NAMES[role];
    const dotted = name.replace('-idx', '.idx');
    const looked = [`${name}.gz`, `${dotted}.gz`, name, dotted].map(candidate => {
      const path = join(folder, candidate);
      return { path, ...look(path) };
    });
    const found = looked.find(({ stat }) => stat?.isFile());
    if (found) paths[role] = found.path;
    else {
      missing.push(name);
      problem ??= looked.find(each => each.problem !== null)?.problem ?? null;
    }
  }
  return { paths, missing, problem };
}

/** What is at a path; nothing where there is nothing, and where the system refuses to look, with the reason. */
function look(path: string): { stat: Stats | undefined; problem: string | null } {
  try {
    return { stat: statSync(path, { throwIfNoEntry: false }), problem: null };
  } catch (error) {
    const isNothing = (error as NodeJS.ErrnoException).code === 'ENOTDIR';
    return { stat: undefined, problem: isNothing ? null : systemReason(error) };
  }
}
