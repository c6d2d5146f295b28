/**
 * Downloads a known data set from public mirrors into a folder of data sets, by default the user's cache.
 *
 * A file is written under another name beside its place, verified, forced to disk and then renamed: its place holds
 * either nothing, what was there before, or a whole and verified file. A failed or stopped download leaves nothing.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import got, { HTTPError, type Request, RequestError, TimeoutError } from 'got';
import { DataError, StoppedError } from '../base/errors.js';
import { readBytes } from './idx.js';
import { cacheDir } from './locate.js';
import { checkFile, FILE_NAMES, type FileRole, type KnownDataset, ROLES } from './registry.js';

export interface FetchProgress {
  /** The file's published name. */
  readonly file: string;
  readonly url: string;
  /** Bytes so far, and in all where the server says so. */
  readonly received: number;
  readonly total: number | null;
}

export interface FetchTimeouts {
  /** Milliseconds to be connected, and to the first byte of the answer. */
  readonly connect: number;
  readonly response: number;
  /** Milliseconds without a byte. */
  readonly stall: number;
}

export interface FetchOptions {
  /** The folder in which a folder with the data set's name is made. Default: the user's cache. */
  readonly dataDir?: string | undefined;
  /** Base addresses to use instead of the public ones. */
  readonly mirrors?: readonly string[] | undefined;
  /** Attempts at each mirror; between them, a pause of `pause` milliseconds, doubled each time. */
  readonly attempts?: number;
  readonly pause?: number;
  readonly timeouts?: FetchTimeouts;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** An attempt failed; there may be another, or another mirror. */
  readonly onFailure?: (failure: { readonly url: string; readonly reason: string }) => void;
  /** A file is in its place, verified. */
  readonly onFile?: (file: FetchedFile) => void;
}

export interface FetchedFile {
  readonly role: FileRole;
  readonly file: string;
  /** Null where the file was there already. */
  readonly url: string | null;
}

/** No file of a known data set is larger. */
const MOST_BYTES = 64 * 2 ** 20;
const TIMEOUTS: FetchTimeouts = { connect: 15_000, response: 30_000, stall: 30_000 };

/**
 * Throws DataError (DATA_DOWNLOAD) with what every mirror answered where a file cannot be had, and StoppedError where
 * `signal` is aborted. Files that were finished before stay.
 */
export async function fetchDataset(known: KnownDataset, options: FetchOptions = {}): Promise<FetchedFile[]> {
  const folder = join(options.dataDir ?? cacheDir(), known.name);
  const outermost = await makeFolder(folder);
  try {
    const files: FetchedFile[] = [];
    for (const role of ROLES) {
      const fetched = await fetchFile(known, role, folder, options);
      files.push(fetched);
      options.onFile?.(fetched);
    }
    return files;
  } catch (error) {
    if (outermost) await removeEmpty(folder, outermost);
    throw error;
  }
}

/** The outermost of the folders that had to be made, if any. */
async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    return await mkdir(folder, { recursive: true });
  } catch (error) {
    throw notWritable(folder, error);
  }
}

async function removeEmpty(folder: string, outermost: string): Promise<void> {
  try {
    for (let path = folder; path.length >= outermost.length; path = dirname(path)) await rmdir(path);
  } catch {
    // One that holds something stays, and so do those around it.
  }
}

function notWritable(folder: string, error: unknown): DataError {
  const { code, message } = error as NodeJS.ErrnoException;
  const line = `${folder}: cannot be written (${code ?? message}), expected a folder for data files`;
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

/** Tries one address several times; null once the file is in its place, else the reason of the last failure. */
async function fetchFrom(
  url: string,
  file: string,
  options: FetchOptions,
  reject: (path: string) => string | null,
): Promise<string | null> {
  const { attempts = 3, pause = 1000, signal, onFailure } = options;
  for (let attempt = 1; ; attempt++) {
    const part = join(dirname(file), `.${randomUUID()}.part`);
    try {
      await download(url, part, options);
      const reason = reject(part);
      if (reason === null) await rename(part, file);
      else onFailure?.({ url, reason });
      return reason;
    } catch (error) {
      if (signal?.aborted) throw new StoppedError();
      if (!(error instanceof RequestError || error instanceof TooLongError)) {
        throw notWritable(dirname(file), error);
      }
      const reason = reasonOf(error);
      onFailure?.({ url, reason });
      if (attempt >= attempts || !isWorthAnotherTry(error)) return reason;
      await sleep(pause * 2 ** (attempt - 1), undefined, signal ? { signal } : {}).catch(() => {
        throw new StoppedError();
      });
    } finally {
      await rm(part, { force: true });
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
  // Decompressing what a server compressed on the way would change the bytes that checksums are of.
  const request: Request = got.stream(url, {
    decompress: false,
    retry: { limit: 0 },
    timeout: { lookup: connect, connect, secureConnect: connect, response, socket: stall },
    maxRedirects: 5,
  });
  // Not got's own option `signal`: that raises errors in requests that have long been finished.
  const stop = () => request.destroy(new StoppedError());
  signal?.addEventListener('abort', stop);
  try {
    let received = 0;
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      await handle.writeFile(chunk);
      received += chunk.length;
      if (received > MOST_BYTES) throw new TooLongError();
      const total = request.downloadProgress.total ?? null;
      onProgress?.({ file: url.slice(url.lastIndexOf('/') + 1), url, received, total });
    }
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

class TooLongError extends Error {
  constructor() {
    super(`longer than ${MOST_BYTES} bytes`);
  }
}

/** Why a file is not the one that it should be; null where it is. */
function reasonToReject({ checksums, title }: KnownDataset, role: FileRole, path: string): string | null {
  try {
    checkFile(readBytes(path), role, checksums[role], title, path);
    return null;
  } catch (error) {
    if (error instanceof DataError) return error.message.replace(`${path}: `, '');
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof HTTPError) return `HTTP ${error.response.statusCode}`;
  if (error instanceof TimeoutError) return `timed out (${error.event})`;
  return error instanceof Error ? error.message : String(error);
}

/** An answer that will not change is not. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof HTTPError) {
    const { statusCode } = error.response;
    return statusCode === 408 || statusCode === 429 || statusCode >= 500;
  }
  return !(error instanceof TooLongError);
}
