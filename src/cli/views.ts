/** `espalier query DB --views`: what can be asked of a database. */

import type { Reader } from '../store/read/reader.js';
import type { RelationInfo } from '../store/schema/column-info.js';
import { RELATIONS } from '../store/schema/columns.js';
import type { QueryBatch } from '../store/user-sql/query.js';
import type { Piece } from './output.js';

/** The documented relations, then views that somebody has added to the database. */
export function describedViews(reader: Reader): RelationInfo[] {
  const known = new Set(RELATIONS.map(({ name }) => name));
  const added = reader.relations().filter(({ name, type }) => type === 'view' && !known.has(name));
  return [
    ...RELATIONS,
    ...added.map(({ name, type }) => ({
      name,
      type,
      meaning: 'added to this database',
      columns: reader.columns(name).map(column => ({ name: column, meaning: '' })),
    })),
  ];
}

/** For people: relation by relation. */
export async function* viewsText(views: readonly RelationInfo[]): AsyncGenerator<Piece> {
  for (const { name, type, meaning, columns } of views) {
    const width = Math.max(...columns.map(column => column.name.length));
    const lines = columns.map(column => `  ${column.name.padEnd(width)}  ${column.meaning}`.trimEnd());
    yield `${name} (${type}): ${meaning}\n${lines.join('\n')}\n\n`;
  }
}

/** For programs: one row for each column. */
export async function* viewRows(views: readonly RelationInfo[]): AsyncGenerator<QueryBatch> {
  yield {
    columns: ['view', 'column', 'meaning'],
    types: ['text', 'text', 'text'],
    rows: views.flatMap(({ name, columns }) =>
      columns.map(column => [name, column.name, column.meaning] as const),
    ),
  };
}
