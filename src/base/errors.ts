/**
 * Every error class, its stable code, its exit code and its fields.
 *
 * A message is one line: what is wrong, where, the offending value, what was expected.
 */

/** Exit codes of the command line (docs/errors.md). */
export type ExitCode = 0 | 1 | 2 | 3 | 70;
export const EXIT = { done: 0, someFailed: 1, badInput: 2, stopped: 3, defect: 70 } as const satisfies Record<
  string,
  ExitCode
>;

/**
 * Base class of all errors that espalier throws deliberately. Its message is one line.
 *
 * @example
 * try {
 *   readSweep('my.yaml');
 * } catch (error) {
 *   if (!(error instanceof EspalierError)) throw error;
 *   console.error(error.code, error.message);
 * }
 */
export abstract class EspalierError extends Error {
  /** Stable, in capitals, e.g. `BAD_INPUT`. */
  abstract readonly code: string;
  /** What the command line exits with. */
  abstract readonly exitCode: ExitCode;
  override get name(): string {
    return this.constructor.name;
  }
}

/** Formats a value for an error message: JSON (numbers as text, since JSON has no NaN), cut to 80 characters. */
export function formatValue(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** An unusable sweep file, `--set` or option. `path` is the place, e.g. `train.learningRate`. */
export class InputError extends EspalierError {
  override readonly code = 'BAD_INPUT';
  override readonly exitCode = EXIT.badInput;
  readonly path: string;
  /** The offending value. */
  readonly value: unknown;
  readonly expected: string;
  /** The file; null for text without a name, and for options. */
  readonly source: string | null;
  constructor(at: { path: string; value: unknown; expected: string; source?: string | null; what?: string }) {
    const where = [at.source, at.path].filter(Boolean).join(': ');
    const what = at.what ?? `found ${formatValue(at.value)}`;
    super(`${where}: ${what}, expected ${at.expected}`);
    this.path = at.path;
    this.value = at.value;
    this.expected = at.expected;
    this.source = at.source ?? null;
  }
}

/** A command line that cannot be understood. */
export class UsageError extends EspalierError {
  override readonly code = 'USAGE';
  override readonly exitCode = EXIT.badInput;
}

/** A data set that is missing, truncated, corrupt, or not the one that its name promises. */
export class DataError extends EspalierError {
  override readonly code: 'DATA_MISSING' | 'DATA_CORRUPT' | 'DATA_DOWNLOAD';
  override readonly exitCode = EXIT.badInput;
  /** Null where no single file is at fault. */
  readonly file: string | null;
  constructor(code: DataError['code'], message: string, file: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.file = file;
  }
}

/** An unusable database: not SQLite, not espalier's, of a newer schema, locked by another run, unreadable, or contradictory. */
export class StoreError extends EspalierError {
  override readonly code:
    | 'NOT_A_DATABASE'
    | 'NOT_OURS'
    | 'NEWER_SCHEMA'
    | 'DATABASE_HELD'
    | 'DATABASE_MISSING'
    | 'DATABASE_REPLACED'
    | 'BITS_DIFFER'
    | 'NO_RUN'
    | 'DATABASE_IO'
    | 'DISK_FULL'
    | 'NETWORK_FILESYSTEM';
  override readonly exitCode = EXIT.badInput;
  /** The database. */
  readonly file: string;
  constructor(code: StoreError['code'], file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.file = file;
  }
}

/** A query that writes, returns no rows, is not SQL, or exceeds its time limit. */
export class QueryError extends EspalierError {
  override readonly code: 'QUERY_INVALID' | 'QUERY_WRITES' | 'QUERY_TIMEOUT';
  override readonly exitCode = EXIT.badInput;
  constructor(code: QueryError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A queue server that cannot be reached or refuses, or a queue name that another run uses. */
export class QueueError extends EspalierError {
  override readonly code: 'QUEUE_UNREACHABLE' | 'QUEUE_REFUSED' | 'QUEUE_IN_USE';
  override readonly exitCode = EXIT.badInput;
  constructor(code: QueueError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A trajectory whose outputs are no longer finite. It is not retried, because it would diverge again. */
export class DivergedError extends EspalierError {
  override readonly code = 'DIVERGED';
  override readonly exitCode = EXIT.someFailed;
  /** The gradient step whose batch outputs are not finite, counted from 1 since the session was opened. */
  readonly step: number;
  constructor(step: number, message = `the network's outputs are no longer finite at step ${step}`) {
    super(message);
    this.step = step;
  }
}

/** A problem larger than an engine can address, or than this machine can hold. */
export class TooLargeError extends EspalierError {
  override readonly code = 'TOO_LARGE';
  override readonly exitCode = EXIT.badInput;
}

/** An engine that is not installed. */
export class EngineUnavailableError extends EspalierError {
  override readonly code = 'ENGINE_UNAVAILABLE';
  override readonly exitCode = EXIT.badInput;
}

/** A device of an engine that was reset, removed or does not carry out what it is told. */
export class DeviceError extends EspalierError {
  override readonly code = 'DEVICE_LOST';
  override readonly exitCode = EXIT.someFailed;
}

/** A part of espalier or a package that is missing, not built, or built for another Node. */
export class InstallationError extends EspalierError {
  override readonly code = 'INSTALLATION';
  override readonly exitCode = EXIT.badInput;
}

/** Thrown from an engine's `pulse` to unwind a trajectory after a stop request. */
export class StoppedError extends EspalierError {
  override readonly code = 'STOPPED';
  override readonly exitCode = EXIT.stopped;
  constructor() {
    super('stopped on request');
  }
}

/** The code, message and stack to record for any thrown value. */
export function describeError(error: unknown): { code: string; message: string; stack: string | null } {
  if (error instanceof EspalierError)
    return { code: error.code, message: error.message, stack: error.stack ?? null };
  if (error instanceof Error) {
    const code = isOutOfMemory(error) ? 'OUT_OF_MEMORY' : 'ERROR';
    return { code, message: error.message, stack: error.stack ?? null };
  }
  return { code: 'ERROR', message: String(error), stack: null };
}

/** V8 throws such a RangeError when it cannot allocate an array, a string or a WebAssembly memory. */
const isOutOfMemory = ({ name, message }: Error): boolean =>
  name === 'RangeError' && /allocation failed|could not allocate|out of memory|grow memory/i.test(message);
