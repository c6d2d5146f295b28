/**
 * The log next to a database, `<database>.log`: a line of JSON (pino) for every start and end of a trajectory, every
 * warning and every run. Past LOG_BYTES it replaces `<database>.log.1`, so both together never exceed twice that.
 * Lines are written within a second, without fsync; nothing else depends on them.
 */
import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { describeError } from '../base/errors.js';
import type { RunObserver } from './observer.js';

const LOG_BYTES = 8 * 2 ** 20;
const FLUSH_MS = 1_000;
const BUFFER_BYTES = 8_192;

export class EventLog {
  /** Writes a run's reports as lines. */
  readonly observer: RunObserver;
  private readonly stream: RotatingFile;
  private readonly pino: Logger;
  private readonly flushing: NodeJS.Timeout;

  constructor(database: string, bytes = LOG_BYTES) {
    this.stream = new RotatingFile(`${database}.log`, bytes);
    const options = { base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime };
    this.pino = pino(options, this.stream);
    this.flushing = setInterval(() => this.stream.flush(), FLUSH_MS).unref();
    this.observer = {
      warning: message => this.pino.warn(message),
      changed: changes => this.pino.info({ ...changes }, 'the sweep has changed'),
      started: ({ id, config }, worker, from) => {
        const { datasetSize, width, seed } = config;
        this.pino.info({ trajectory: id, datasetSize, width, seed, worker, from }, 'trajectory started');
      },
      resized: threads => this.pino.info({ threads }, 'number of threads changed'),
      ended: (id, event, seconds) => {
        const what = { trajectory: id, seconds };
        if (event.kind !== 'failed') this.pino.info(what, `trajectory ${event.kind}`);
        else {
          const { code, message, stack } = event;
          this.pino.error({ ...what, code, reason: message, stack }, 'trajectory failed');
        }
      },
    };
  }

  /** Logs an event of the run itself, e.g. its start or end, and flushes. */
  event(what: string, fields: object): void {
    this.pino.info(fields, what);
    this.stream.flush();
  }

  fault(error: unknown): void {
    const { code, message, stack } = describeError(error);
    this.pino.fatal({ code, reason: message, stack }, 'run broke off');
  }

  flush(): void {
    this.stream.flush();
  }

  close(): void {
    clearInterval(this.flushing);
    this.stream.close();
  }
}

/**
 * Drops lines while the file cannot be written or the disk is full: no run ends or waits because of its log. (Pino's
 * own file destination retries forever.)
 */
class RotatingFile implements DestinationStream {
  private file: number | null;
  private size: number;
  private unwritten = '';

  constructor(
    private readonly name: string,
    private readonly maxBytes: number,
  ) {
    this.size = statSync(name, { throwIfNoEntry: false })?.size ?? 0;
    this.file = this.open();
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.size > 0 && this.size + bytes > this.maxBytes) this.rotate();
    this.size += bytes;
    this.unwritten += line;
    if (this.unwritten.length >= BUFFER_BYTES) this.flush();
  }

  flush(): void {
    const text = Buffer.from(this.unwritten);
    this.unwritten = '';
    if (this.file === null || text.length === 0) return;
    try {
      const written = writeSync(this.file, text);
      // Ends a line that was written in part, so that the next one is whole.
      if (written < text.length) this.unwritten = '\n';
    } catch {}
  }

  close(): void {
    this.flush();
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }

  private open(): number | null {
    try {
      return openSync(this.name, 'a');
    } catch {
      return null;
    }
  }

  private rotate(): void {
    this.close();
    try {
      renameSync(this.name, `${this.name}.1`);
    } catch {}
    this.size = 0;
    this.file = this.open();
  }
}
