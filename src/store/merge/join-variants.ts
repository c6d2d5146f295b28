import type { Database } from 'better-sqlite3';
import type { Inserts } from './inserts.js';
import { compareRows } from './order.js';
import type { Source } from './source.js';
import { columnNames } from './tables.js';

/**
 * Fills the table `variants`, ordered by content.
 *
 * @returns for each source: its key of a variant -> the key here.
 */
export function joinVariants(
  db: Database,
  sources: readonly Source[],
  inserts: Inserts,
): readonly ReadonlyMap<number, number>[] {
  const columns = columnNames(db, 'variants').filter(name => name !== 'key');
  const rows = sources.map(source =>
    source.table('variants', ['key', ...columns]).map(row => ({
      key: row.key as number,
      content: columns.map(column => row[column]!),
    })),
  );
  const keys = new Map<string, number>();
  const contents = rows.flat().map(({ content }) => content);
  for (const content of contents.sort(compareRows)) {
    const text = JSON.stringify(content);
    if (keys.has(text)) continue;
    keys.set(text, keys.size + 1);
    const named = Object.fromEntries(columns.map((column, i) => [column, content[i]!]));
    inserts.one('variants', { key: keys.size, ...named });
  }
  return rows.map(of => new Map(of.map(({ key, content }) => [key, keys.get(JSON.stringify(content))!])));
}
