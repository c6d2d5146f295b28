/** Joins databases by content into one that is new, or that replaces one of them. */
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { syncFile, withPart } from '../../base/atomic-file.js';
import { StoreError } from '../../base/errors.js';
import { makeFolder, removeEmptyFolders } from '../../base/folders.js';
import { publishDatabase } from '../file/companions.js';
import { refuseNetworkFilesystem } from '../file/filesystem.js';
import { ioGuard } from '../file/open.js';
import { type Built, buildMerged } from './build.js';
import { Replaceable } from './replace.js';
import { keepSnapshots, stageSnapshots } from './snapshots.js';
import { Source } from './source.js';

export interface MergeOptions {
  readonly equalBits: ReadonlySet<string>;
  /** Completes the joined database before anybody sees it. */
  readonly complete: (file: string) => void;
  readonly unsafeFilesystem?: boolean | undefined;
}

export interface Merged extends Built {
  /** The databases that were joined, each once; `out` first if it was there. */
  readonly files: readonly string[];
}

/**
 * @param out created, or replaced by what it and the others have together.
 * @throws StoreError; nothing is written then. DATABASE_HELD, NOT_A_DATABASE, NOT_OURS, NEWER_SCHEMA, DATABASE_MISSING,
 *   DATABASE_IO, NETWORK_FILESYSTEM, DISK_FULL; BITS_DIFFER if two databases have different numbers of one thing.
 */
export function mergeFiles(out: string, inputs: readonly string[], options: MergeOptions): Merged {
  if (!options.unsafeFilesystem) refuseNetworkFilesystem(out);
  const replaceable = existsSync(out) ? Replaceable.open(out, options.unsafeFilesystem) : null;
  const sources: Source[] = [];
  const folder = dirname(resolve(out));
  let outermost: string | null = null;
  const close = () => {
    for (const source of sources.splice(0)) source.close();
  };
  try {
    const files = different(replaceable ? [out, ...inputs] : inputs);
    // Before the rows: a run writes rows before the snapshot that follows them.
    const staged = () => stageSnapshots(files, out);
    for (const file of files) sources.push(Source.open(file));
    outermost = ioGuard(out, () => makeFolder(folder));
    return withPart(out, part => {
      const snapshots = staged();
      try {
        for (const source of sources) source.renew();
        const { equalBits } = options;
        const built = buildMerged(part, sources, { equalBits, replaces: replaceable ? 0 : null });
        close();
        options.complete(part);
        if (replaceable) replaceable.replaceWith(part);
        else publish(part, out);
        keepSnapshots(out, snapshots, built.unfinished);
        return { ...built, files };
      } finally {
        snapshots.remove();
      }
    });
  } finally {
    close();
    replaceable?.close();
    removeEmptyFolders(folder, outermost);
  }
}

/** Each file once, by what the names lead to. @throws StoreError DATABASE_IO */
function different(files: readonly string[]): string[] {
  const seen = new Set<string>();
  return files.filter(file => {
    const stat = ioGuard(file, () => statSync(file, { throwIfNoEntry: false }));
    const name = stat ? `${stat.dev}/${stat.ino}` : file;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

function publish(part: string, out: string): void {
  ioGuard(out, () => {
    syncFile(part);
    if (publishDatabase(part, out)) return;
    throw new StoreError(
      'DATABASE_HELD',
      out,
      `${out}: another program has made it meanwhile; it is left as it is, merge again`,
    );
  });
}
