/** Writes a sweep as files whose bytes depend on its results alone, provenance aside. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syncFile, withPart } from '../base/atomic-file.js';
import { makeFolder, removeEmptyFolders } from '../base/folders.js';
import type { SweepSpec } from '../domain/sweep-spec.js';
import type { Reader } from '../store/read/reader.js';
import { type KeptTable, keptColumns } from './columns.js';
import { asCsv, KEPT_FILES } from './files.js';
import { selectKept } from './select.js';

export interface Kept {
  readonly trajectories: number;
  readonly cells: number;
  /** Of all files. */
  readonly bytes: number;
}

/** What `KEPT_FILES.sweep` says of the form of all files. */
export const KEPT_SHAPE = 1;

/** @param folder is made if it is missing. @throws a system error where it cannot be written; no file is changed then. */
export function writeKept(reader: Reader, spec: SweepSpec, folder: string): Kept {
  const { name, description, definition } = spec;
  const columns = keptColumns(spec);
  const tables = selectKept(reader, name, columns);
  const written = (Object.keys(columns) as KeptTable[]).filter(
    table => table !== 'predictions' || tables.predictions.length > 0,
  );
  const about = { shape: KEPT_SHAPE, name, description, definition };
  const files: [string, string][] = [
    [KEPT_FILES.sweep, `${JSON.stringify(about, null, 2)}\n`],
    ...written.map((table): [string, string] => [KEPT_FILES[table], asCsv(tables[table], columns[table])]),
  ];
  const outermost = makeFolder(folder);
  try {
    replaceAll(files.map(([file, text]) => [join(folder, file), text]));
  } catch (error) {
    removeEmptyFolders(folder, outermost);
    throw error;
  }
  return {
    trajectories: tables.trajectories.length,
    cells: tables.results.length,
    bytes: files.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0),
  };
}

/** All files are on the disk before the first one takes its name. */
function replaceAll([first, ...others]: readonly (readonly [file: string, text: string])[]): void {
  if (!first) return;
  const [file, text] = first;
  withPart(file, part => {
    writeFileSync(part, text);
    syncFile(part);
    replaceAll(others);
    renameSync(part, file);
  });
}
