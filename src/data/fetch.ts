/**
 * Downloads a known data set from public mirrors into a folder of data sets, by default the user's cache.
 *
 * A file is written under a temporary name in the same folder, flushed to disk, verified, and then renamed. Its final
 * path therefore holds nothing, the previous file, or a complete and verified one. A failed or stopped download
 * leaves nothing behind.
 */

import { existsSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import got, { type Request, RequestError } from 'got';
import { withPart } from '../base/atomic-file.js';
import { DataError, StoppedError } from '../base/errors.js';
import { makeFolder, removeEmptyFolders } from '../base/folders.js';
import { systemReason } from '../base/system-error.js';
import { lastingReason, reasonOf, TooLongError } from './download-failure.js';
import { readBytes } from './idx.js';
import { cacheDir } from './locate.js';
import { checkFile, FILE_NAMES, FILE_ROLES, type FileRole, type KnownDataset } from './registry.js';

export interface FetchProgress {
  /** The file's published name. */
  readonly file: string;
  readonly url: string;
  /** Bytes received so far. */
  readonly received: number;
  /** Bytes in total, if the server states them. */
  readonly total: number | null;
}

export interface FetchTimeouts {
  /** Milliseconds for each of: DNS lookup, TCP connection, TLS handshake. */
  readonly connect: number;
  /** Milliseconds from the request to the start of the response. */
  readonly response: number;
  /** Milliseconds without a byte on the socket. */
  readonly stall: number;
}

export interface FetchOptions {
  /** The parent of the folder with the data set's name. Default: the user's cache. */
  readonly dataDir?: string | undefined;
  /** Base URLs to use instead of the public ones. */
  readonly mirrors?: readonly string[] | undefined;
  /** Attempts per mirror. Default: 3. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt at a mirror, doubled before each further one. Default: 1000. */
  readonly pause?: number;
  readonly timeouts?: FetchTimeouts;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Called after a failed attempt; another attempt or another mirror may follow. */
  readonly onFailure?: (failure: { readonly url: string; readonly reason: string }) => void;
  /** Called when a file is in place and verified. */
  readonly onFile?: (file: FetchedFile) => void;
}

export interface FetchedFile {
  readonly role: FileRole;
  readonly file: string;
  /** Null if the file already existed. */
  readonly url: string | null;
}

/** An upper bound on the size of any file of a known data set. */
const MAX_BYTES = 64 * 2 ** 20;
const TIMEOUTS: FetchTimeouts = { connect: 15_000, response: 30_000, stall: 30_000 };

/**
 * Downloads the four files of a data set, except those that already exist and are verified. After an error, finished
 * files remain.
 *
 * @throws DataError (DATA_DOWNLOAD) if a folder cannot be written or no mirror has a file; the message then lists the
 * reason for each mirror.
 * @throws StoppedError (STOPPED) if `signal` is aborted.
 */
export async function fetchDataset(known: KnownDataset, options: FetchOptions = {}): Promise<FetchedFile[]> {
  const folder = join(options.dataDir ?? cacheDir(), known.name);
  const outermost = makeWritable(folder);
  try {
    const files: FetchedFile[] = [];
    for (const role of FILE_ROLES) {
      const fetched = await fetchFile(known, role, folder, options);
      files.push(fetched);
      options.onFile?.(fetched);
    }
    return files;
  } catch (error) {
    removeEmptyFolders(folder, outermost);
    throw error;
  }
}

/** Creates a folder and its parents. Returns the outermost folder that it created, or null. */
function makeWritable(folder: string): string | null {
  try {
    return makeFolder(folder);
  } catch (error) {
    throw notWritable(folder, error);
  }
}

function notWritable(folder: string, error: unknown): DataError {
  const line = `${folder}: cannot be written (${systemReason(error)}), expected a folder for data files`;
  return new DataError('DATA_DOWNLOAD', line, folder, { cause: error });
}

async function fetchFile(
  known: KnownDataset,
  role: FileRole,
  folder: string,
  options: FetchOptions,
): Promise<FetchedFile> {
  const file = join(folder, `${FILE_NAMES[role]}.gz`);
  if (existsSync(file) && reasonToReject(known, role, file) === null) return { role, file, url: null };
  const failures: string[] = [];
  for (const mirror of options.mirrors ?? known.mirrors) {
    const url = `${mirror.replace(/\/*$/, '/')}${FILE_NAMES[role]}.gz`;
    const reason = await fetchFrom(url, file, options, path => reasonToReject(known, role, path));
    if (reason === null) return { role, file, url };
    failures.push(`${url}: ${reason}`);
  }
  throw new DataError(
    'DATA_DOWNLOAD',
    `${FILE_NAMES[role]}.gz: no mirror had it: ${failures.join('; ')}`,
    file,
  );
}

/**
 * Tries one URL up to `attempts` times. Returns null once the file is in place, else the reason of the last failure.
 * A complete download that fails verification is not retried.
 */
async function fetchFrom(
  url: string,
  file: string,
  options: FetchOptions,
  reject: (path: string) => string | null,
): Promise<string | null> {
  const { attempts = 3, pause = 1000, signal, onFailure } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await withPart(file, async part => {
        await download(url, part, options);
        const reason = reject(part);
        if (reason === null) await rename(part, file);
        else onFailure?.({ url, reason });
        return reason;
      });
    } catch (error) {
      if (signal?.aborted) throw new StoppedError();
      if (!(error instanceof RequestError || error instanceof TooLongError)) {
        throw notWritable(dirname(file), error);
      }
      const reason = reasonOf(error);
      onFailure?.({ url, reason });
      if (attempt >= attempts || lastingReason(error) !== null) return reason;
      await sleep(pause * 2 ** (attempt - 1), undefined, signal ? { signal } : {}).catch(() => {
        throw new StoppedError();
      });
    }
  }
}

async function download(url: string, part: string, options: FetchOptions): Promise<void> {
  const handle = await open(part, 'wx');
  try {
    await receive(url, handle, options);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function receive(url: string, handle: FileHandle, options: FetchOptions): Promise<void> {
  const { timeouts = TIMEOUTS, signal, onProgress } = options;
  const { connect, response, stall } = timeouts;
  if (signal?.aborted) throw new StoppedError();
  // Checksums apply to the published bytes, so got must not undo a Content-Encoding.
  const request: Request = got.stream(url, {
    decompress: false,
    retry: { limit: 0 },
    timeout: { lookup: connect, connect, secureConnect: connect, response, socket: stall },
    maxRedirects: 5,
  });
  // got's own option `signal` raises errors in requests that have already finished.
  const stop = () => request.destroy(new StoppedError());
  signal?.addEventListener('abort', stop);
  try {
    let received = 0;
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      await handle.writeFile(chunk);
      received += chunk.length;
      if (received > MAX_BYTES) throw new TooLongError(MAX_BYTES);
      const total = request.downloadProgress.total ?? null;
      onProgress?.({ file: url.slice(url.lastIndexOf('/') + 1), url, received, total });
    }
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** The reason why a file fails verification; null if it passes. */
function reasonToReject({ checksums, title }: KnownDataset, role: FileRole, path: string): string | null {
  try {
    checkFile(readBytes(path), role, checksums[role], title, path);
    return null;
  } catch (error) {
    if (error instanceof DataError) return error.message.replace(`${path}: `, '');
    throw error;
  }
}
