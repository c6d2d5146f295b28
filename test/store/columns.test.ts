import { describe, expect, it } from 'vitest';
import { openReader } from '../../src/store/read/reader.js';
import { RELATIONS } from '../../src/store/schema/columns.js';
import { Store } from '../../src/store/write/store.js';
import { temporaryFolders } from './fixtures.js';

describe('the columns that users query', () => {
  const folder = temporaryFolders();

  it('are described, all of them, in their order', () => {
    const file = `${folder()}/a.sqlite`;
    Store.open(file).close();
    const reader = openReader(file);
    try {
      const views = reader.relations().filter(({ type }) => type === 'view');
      const described = RELATIONS.filter(({ type }) => type === 'view').map(({ name }) => name);
      expect(views.map(({ name }) => name).sort()).toEqual(described.sort());
      for (const { name, columns } of RELATIONS) {
        expect([name, columns.map(column => column.name)]).toEqual([name, reader.columns(name)]);
      }
    } finally {
      reader.close();
    }
  });
});
