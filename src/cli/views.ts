/** `espalier query DB --views`: lists the relations that SQL can query. */

import type { Reader } from '../store/read/reader.js';
import type { RelationInfo } from '../store/schema/column-info.js';
import { RELATIONS } from '../store/schema/columns.js';
import type { QueryBatch } from '../store/user-sql/query.js';
import type { Piece } from './output.js';

/** The documented relations, then views that users have added to the database. */
export function describedViews(reader: Reader): RelationInfo[] {
  const documented = new Set(RELATIONS.map(({ name }) => name));
  const added = reader.relations().filter(({ name, type }) => type === 'view' && !documented.has(name));
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

/** Text for people, relation by relation. */
export async function* viewsText(views: readonly RelationInfo[]): AsyncGenerator<Piece> {
  for (const { name, type, meaning, columns } of views) {
    const width = Math.max(...columns.map(column => column.name.length));
    const lines = columns.map(column => `  ${column.name.padEnd(width)}  ${column.meaning}`.trimEnd());
    yield `${name} (${type}): ${meaning}\n${lines.join('\n')}\n\n`;
  }
}

/** Rows for programs, one for each column. */
export async function* viewRows(views: readonly RelationInfo[]): AsyncGenerator<QueryBatch> {
  yield {
    columns: ['view', 'column', 'meaning'],
    types: ['text', 'text', 'text'],
    rows: views.flatMap(({ name, columns }) =>
      columns.map(column => [name, column.name, column.meaning] as const),
    ),
  };
}
