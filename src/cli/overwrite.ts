/** Which files an output may replace: those that the same command could have written. */
import { closeSync, openSync, readSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { UsageError } from '../base/errors.js';
import type { Destination } from './destination.js';
import type { Format } from './output.js';

export type Content = Format | 'html' | 'svg' | 'png' | 'sweep';

const HEAD_BYTES = 4_096;
const GZIP = '\x1f\x8b';
const PNG = '\x89PNG\r\n';
const SQLITE = 'SQLite format 3\0';

/** Names of SWEEP files, whatever they hold: a text of ours (CSV, a table) is no YAML. */
const SWEEP_NAME = /\.ya?ml$/i;
/** What SQLite and a run keep beside a database. */
const COMPANION_NAME = /^(.+?)(?:-wal|-shm|-journal|\.log(?:\.1)?)$/;

const isText = (head: string): boolean => !head.includes('\0') && !head.startsWith(GZIP);
const startsWith = (start: RegExp) => (head: string) => isText(head) && start.test(head);

/** Whether a file may hold this content, by its first bytes as Latin-1. */
const MAY_HOLD: Readonly<Record<Content, (head: string) => boolean>> = {
  table: isText,
  csv: isText,
  json: startsWith(/^\s*\[/),
  ndjson: startsWith(/^\s*\{/),
  parquet: head => head.startsWith('PAR1'),
  html: startsWith(/^(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b/i),
  svg: startsWith(/^\s*<(?:\?xml|svg)\b/),
  png: head => head.startsWith(PNG),
  sweep: isText,
};
const NOUNS: Readonly<Record<Content, string>> = {
  table: 'text',
  csv: 'CSV',
  json: 'a JSON array',
  ndjson: 'lines of JSON objects',
  parquet: 'Parquet',
  html: 'HTML',
  svg: 'SVG',
  png: 'PNG',
  sweep: 'a sweep file',
};

/**
 * Refuses to write `content` over what this tool could not have written there: a sweep file, a database or what lies
 * beside one, a data file, somebody's program. An empty file may always be replaced. Reads, changes nothing.
 *
 * @throws UsageError
 */
export function refuseForeign({ name, file, holdsData }: Destination, content: Content): void {
  if (file === null) return;
  const refuse = (what: string) => {
    throw new UsageError(
      `${name}: this is ${what}, expected a new file, or one that holds ${NOUNS[content]}`,
    );
  };
  const [, database] = COMPANION_NAME.exec(file) ?? [];
  if (database !== undefined && headOf(database).startsWith(SQLITE))
    refuse(`a file of the database ${basename(database)}`);
  if (!holdsData) return;
  const head = headOf(file);
  if (head.startsWith(SQLITE)) refuse('a database');
  const isSweep = SWEEP_NAME.test(file);
  if (content === 'sweep' ? !isSweep : isSweep)
    refuse(
      isSweep
        ? 'a sweep file'
        : `a file ${extname(file) ? `that ends in ${extname(file)}` : 'without .yaml'}`,
    );
  if (!MAY_HOLD[content](head)) refuse(`a file that holds something else`);
}

/** The first bytes of a file; empty where it cannot be read. */
function headOf(file: string): string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(HEAD_BYTES);
      return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, HEAD_BYTES, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return '';
  }
}
