/** Where the path of an option leads, and writing there: to a file, a pipe, a device or a descriptor. */
import { once as event } from 'node:events';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  createWriteStream,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { withPart } from '../base/atomic-file.js';
import { InputError, StoppedError, UsageError } from '../base/errors.js';
import { asUsageError } from '../base/system-error.js';
import { type Piece, writeToStream } from './output.js';

/** As many symbolic links as Linux follows. */
const MAX_LINKS = 40;
const READER_POLL_MS = 50;

type Place =
  /** A regular file, or a name that is free. `path` is free of links. */
  | { readonly kind: 'file'; readonly path: string; readonly present: Stats | null }
  /** A descriptor that this process was given. */
  | { readonly kind: 'descriptor'; readonly fd: number }
  | { readonly kind: 'pipe' | 'device'; readonly path: string };

/** A content in one piece. */
export async function* once(content: Piece): AsyncGenerator<Piece> {
  yield content;
}

/** A path for output, looked at but not changed. */
export class Destination {
  private constructor(
    /** What messages begin with: the option, if one names the path, and the path as given. */
    readonly name: string,
    private readonly place: Place,
  ) {}

  /**
   * @param path `-` is standard output.
   * @param option with its dashes; null where no option names the path.
   * @throws UsageError, InputError where nothing can be written there.
   */
  static at(path: string, option: string | null): Destination {
    if (path === '') throw new InputError({ path: option ?? '', value: path, expected: 'a file' });
    const name = option !== null ? `${option} ${path}` : path === '-' ? 'standard output' : path;
    try {
      return new Destination(name, placeOf(path, name));
    } catch (error) {
      throw asUsageError(error, name, 'written');
    }
  }

  /** The file, free of links; null for a pipe, a device and a descriptor: these are written in place. */
  get file(): string | null {
    return this.place.kind === 'file' ? this.place.path : null;
  }

  get exists(): boolean {
    return this.place.kind === 'file' && this.place.present !== null;
  }

  /** Whether a file of some bytes is there, which `write` would replace. */
  get holdsData(): boolean {
    return this.place.kind === 'file' && this.place.present !== null && this.place.present.size > 0;
  }

  /** Whether it is the same existing file as another path, or as an open descriptor. */
  is(other: string | number): boolean {
    if (this.place.kind !== 'file' || this.place.present === null) return false;
    const { dev, ino } = this.place.present;
    try {
      const stat = typeof other === 'number' ? fstatSync(other) : statSync(other);
      return stat.dev === dev && stat.ino === ino;
    } catch {
      return false;
    }
  }

  get isTerminal(): boolean {
    return this.place.kind === 'descriptor' && isatty(this.place.fd);
  }

  /**
   * A file appears, or is replaced, when it is complete; it keeps the mode of the one before, and links to it. Anything
   * else is written in place. A reader that has gone is no error.
   *
   * @param signal ends the wait for a reader of a named pipe.
   * @throws UsageError where it cannot be written, and whatever `pieces` throws.
   */
  async write(pieces: AsyncIterable<Piece>, signal?: AbortSignal): Promise<void> {
    try {
      if (this.place.kind === 'file') await replaceFile(pieces, this.place.path, this.place.present);
      else await writeInPlace(pieces, this.place, signal);
    } catch (error) {
      throw asUsageError(error, this.name, 'written');
    }
  }
}

/** @throws UsageError, or a system error. */
function placeOf(path: string, name: string): Place {
  if (path === '-') return { kind: 'descriptor', fd: 1 };
  const isFolder = () => new UsageError(`${name}: this is a folder, expected a file`);
  if (path.endsWith('/')) throw isFolder();
  let at = resolve(path);
  for (let links = 0; links <= MAX_LINKS; links++) {
    const folder = dirname(at);
    const file = join(realFolder(folder, links === 0 ? dirname(path) : folder, name), basename(at));
    const descriptor = descriptorOf(file);
    if (descriptor !== null) return placeOfDescriptor(descriptor, file);
    const present = lstatSync(file, { throwIfNoEntry: false }) ?? null;
    if (!present?.isSymbolicLink()) {
      if (present?.isDirectory()) throw isFolder();
      if (present && !present.isFile()) return { kind: present.isFIFO() ? 'pipe' : 'device', path: file };
      for (const needed of present ? [file, dirname(file)] : [dirname(file)])
        accessSync(needed, constants.W_OK);
      return { kind: 'file', path: file, present };
    }
    // A descriptor of another process: a link whose target must be opened through it.
    if (file.startsWith('/proc/')) return { kind: statSync(file).isFIFO() ? 'pipe' : 'device', path: file };
    at = resolve(dirname(file), readlinkSync(file));
  }
  throw new UsageError(`${name}: cannot be written (too many symbolic links)`);
}

function realFolder(folder: string, shown: string, name: string): string {
  try {
    const real = realpathSync(folder);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  }
  throw new UsageError(`${name}: there is no folder ${shown}`);
}

/** The descriptor behind /dev/stdout, /dev/fd/N, /proc/self/fd/N, whose folders Linux resolves to /proc/<pid>/fd. */
function descriptorOf(file: string): number | null {
  const [, pid, fd] = /^(?:\/proc\/(\d+)(?:\/task\/\d+)?|\/dev)\/fd\/(\d+)$/.exec(file) ?? [];
  return fd === undefined || (pid !== undefined && Number(pid) !== process.pid) ? null : Number(fd);
}

function placeOfDescriptor(fd: number, path: string): Place {
  // A pipe is opened again: writes that do not block would not block for all who share the descriptor.
  const isPipe = fstatSync(fd).isFIFO() && fd > 2;
  return isPipe ? { kind: 'pipe', path } : { kind: 'descriptor', fd };
}

async function replaceFile(pieces: AsyncIterable<Piece>, file: string, present: Stats | null): Promise<void> {
  await withPart(file, async part => {
    const stream = createWriteStream(part);
    // A stream that is destroyed earlier would still create the file, after its removal.
    await event(stream, 'open');
    await pipeline(pieces, stream);
    if (present) keepOwnerAndMode(part, present);
    renameSync(part, file);
  });
}

function keepOwnerAndMode(file: string, { uid, gid, mode }: Stats): void {
  try {
    chownSync(file, uid, gid);
  } catch {
    // Only root may give files away.
  }
  chmodSync(file, mode & 0o777);
}

async function writeInPlace(
  pieces: AsyncIterable<Piece>,
  place: Exclude<Place, { kind: 'file' }>,
  signal?: AbortSignal,
): Promise<void> {
  if (place.kind === 'descriptor' && place.fd === 1) return writeToStream(pieces, process.stdout);
  if (place.kind === 'descriptor' && place.fd === 2) return writeToStream(pieces, process.stderr);
  try {
    await pipeline(pieces, await openInPlace(place, signal));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

async function openInPlace(
  place: Exclude<Place, { kind: 'file' }>,
  signal: AbortSignal | undefined,
): Promise<Writable> {
  if (place.kind === 'pipe') return openPipe(place.path, signal);
  // Without a position, so that it goes on where the shell's redirection is.
  if (place.kind === 'descriptor') return createWriteStream('', { fd: place.fd, autoClose: false });
  return createWriteStream(place.path, { flags: 'a' });
}

/** Opens a pipe once it has a reader. An `open` that blocks would occupy a thread that Node waits for when it exits. */
async function openPipe(path: string, signal: AbortSignal | undefined): Promise<Writable> {
  for (;;) {
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return new Socket({ fd, readable: false, writable: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    }
    await wait(READER_POLL_MS, undefined, signal ? { signal } : {}).catch(() => {
      throw new StoppedError();
    });
  }
}
