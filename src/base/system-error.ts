/** Errors of the operating system and of the installation, in plain words. */
import { InstallationError, UsageError } from './errors.js';
import { OLDEST_NODE } from './paths.js';

/** Predicates of a sentence whose subject is the file. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'the system does not permit it',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of this path is not a folder',
  EISDIR: 'this is a folder',
  EEXIST: 'exists already',
  ENOTEMPTY: 'this folder is not empty',
  ENOSPC: 'there is no room on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'larger than the file system allows',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its symbolic links lead in a circle',
  EMFILE: 'this process has too many open files (`ulimit -n`)',
  ENFILE: 'the system has too many open files',
  EIO: 'the disk reports an error',
  EBADF: 'it is not open',
  EBUSY: 'another program uses it',
  ETXTBSY: 'another program uses it',
  EXDEV: 'it lies on another file system',
  ESTALE: 'the network file system has lost it',
  ENODEV: 'no such device',
  ENXIO: 'no such device',
  EINVAL: 'the system cannot do that with it',
  ENOTSUP: 'the file system cannot do that',
  EOPNOTSUPP: 'the file system cannot do that',
  ENOMEM: 'there is no memory left',
  EAGAIN: 'the system has no resources left for it',
  ERR_FS_FILE_TOO_LARGE: 'too large to be read at once',
  ERR_INVALID_ARG_VALUE: 'this is not the name of a file',
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
};

/** @throws InstallationError (INSTALLATION) if `version` is older than the oldest that espalier works with. */
export function refuseOldNode(version = process.versions.node, oldest = OLDEST_NODE): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new InstallationError(`this is Node ${version}, expected ${oldest} or later`);
}

/** Whether the operating system, not espalier, is the reason. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

/** Why the system refused, in words, e.g. `no permission`; the code where it is an uncommon one. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? code ?? String(message ?? error);
}

/** E.g. `results/a.sqlite: no permission`. Names the call where the error names no file. */
export function describeSystemError(error: NodeJS.ErrnoException): string {
  const { path, syscall } = error;
  const { dest, hostname, address } = error as { dest?: string; hostname?: string; address?: string };
  const place = [path, dest].filter(Boolean).join(' -> ') || hostname || address;
  return `${place || `the system refuses ${syscall}`}: ${systemReason(error)}`;
}

/** What the system refuses, e.g. `--output results: cannot be made (no permission)`; any other error as it is. */
export const asUsageError = (error: unknown, name: string, what: string): unknown =>
  isSystemError(error) ? new UsageError(`${name}: cannot be ${what} (${systemReason(error)})`) : error;

/**
 * A package that is missing, or whose compiled part does not load in this Node; null for any other error.
 *
 * Node and the loaders of native packages report these with their search paths. The user needs the package's name and
 * the command that mends it.
 */
export function asInstallationError(error: unknown): InstallationError | null {
  if (!(error instanceof Error)) return null;
  const { code, message } = error as NodeJS.ErrnoException;
  const refuse = (what: string) => new InstallationError(what, { cause: error });
  const here = `Node ${process.version} on ${process.platform} ${process.arch}`;
  if (code === 'ERR_DLOPEN_FAILED') {
    const name = packageIn(message) ?? 'a package';
    const other = /NODE_MODULE_VERSION (\d+)/.exec(message)?.[1];
    const why =
      other === undefined ? `does not load in ${here}` : `is built for another version of Node than ${here}`;
    return refuse(`${name} ${why}: run \`npm rebuild ${name}\``);
  }
  if (message.startsWith('Could not locate the bindings file')) {
    const name = packageIn(message) ?? 'a package';
    return refuse(`${name} is not built for ${here}: run \`npm rebuild ${name}\``);
  }
  if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') return null;
  const missing = /Cannot find (?:module|package) '([^']+)'/.exec(message)?.[1];
  if (missing === undefined) return null;
  // A path is a file of the package itself, or of a dependency that is there in part.
  const isPath = /^(?:[./\\]|\w:|file:)/.test(missing);
  const name = isPath ? packageIn(missing) : missing.split('/', missing.startsWith('@') ? 2 : 1).join('/');
  return name === null
    ? refuse('espalier is not built as a whole: run `npm run build`')
    : refuse(`the package ${name} is missing or incomplete for ${here}: run \`npm ci\``);
}

/** The name of the innermost package in a text with a path, e.g. `better-sqlite3` or `@resvg/resvg-js`. */
const packageIn = (text: string): string | null =>
  /.*node_modules[/\\]((?:@[^/\\\s]+[/\\])?[^/\\\s']+)/.exec(text.split('\n').find(hasPackage) ?? '')?.[1] ??
  null;
const hasPackage = (line: string): boolean => /node_modules[/\\]/.test(line);
