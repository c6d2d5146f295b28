import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QueryError } from '../../src/base/errors.js';
import { Destination } from '../../src/cli/destination.js';
import { formatRows } from '../../src/cli/output.js';
import { type QueryBatch, querySql } from '../../src/store/user-sql/query.js';
import { writeFinished } from '../store/fixtures.js';

let home: string;
let db: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-parquet-'));
  db = join(home, 'a.sqlite');
  writeFinished(db);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const NO_LIMIT = { rows: 0, leftOut: () => {} };

async function written(batches: AsyncIterable<QueryBatch>): Promise<ArrayBuffer> {
  const file = join(home, 'r.parquet');
  await Destination.at(file, '--output').write(formatRows(batches, 'parquet', NO_LIMIT));
  return new Uint8Array(readFileSync(file)).buffer;
}

const ask = (sql: string) => querySql(db, sql, { typed: true });
const typesOf = (file: ArrayBuffer) =>
  Object.fromEntries(
    parquetSchema(parquetMetadata(file)).children.map(({ element }) => [
      element.name,
      element.converted_type ?? element.type,
    ]),
  );

describe('Parquet', () => {
  it('has integers, doubles, text and NULL, by the values', async () => {
    const file = await written(
      ask(`SELECT 1 AS i, 0.5 AS x, 'a' AS s, 9007199254740993 AS big, 1 AS mixed, 2 AS odd, x'ff' AS blob, NULL AS none
        UNION ALL SELECT NULL, NULL, NULL, -9223372036854775807 - 1, 2.5, 'é', NULL, NULL`),
    );
    expect(typesOf(file)).toEqual({
      i: 'INT64',
      x: 'DOUBLE',
      s: 'UTF8',
      big: 'INT64',
      mixed: 'DOUBLE',
      odd: 'UTF8',
      blob: 'UTF8',
      none: 'DOUBLE',
    });
    expect(await parquetReadObjects({ file })).toEqual([
      { i: 1n, x: 0.5, s: 'a', big: 9007199254740993n, mixed: 1, odd: '2', blob: 'ff', none: null },
      { i: null, x: null, s: null, big: -9223372036854775808n, mixed: 2.5, odd: 'é', blob: null, none: null },
    ]);
  });

  it('holds a view, with the declared types where all values are NULL', async () => {
    const file = await written(ask('SELECT * FROM results'));
    expect(typesOf(file)).toMatchObject({
      sweep: 'UTF8',
      dataset_size: 'INT64',
      subnet_train_loss: 'DOUBLE',
      retrained_test_loss: 'DOUBLE',
      distinct_neurons: 'INT64',
      config: 'UTF8',
    });
    const rows = await parquetReadObjects({ file });
    expect(
      rows.map(row => [row.pretrain_iterations, row.subnet_train_loss, row.retrained_test_loss]),
    ).toEqual([
      [0n, 3.1, null],
      [5n, 8.1, null],
    ]);
    expect(typesOf(await written(ask('SELECT error, attempts FROM trajectories')))).toEqual({
      error: 'UTF8',
      attempts: 'INT64',
    });
  });

  it('is valid without rows, and with many row groups', async () => {
    const none = await written(ask("SELECT 1 AS a, 'x' AS b WHERE 0"));
    expect(Number(parquetMetadata(none).num_rows)).toBe(0);
    expect(Object.keys(typesOf(none))).toEqual(['a', 'b']);
    const many = await written(
      ask(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)
        SELECT i, CASE WHEN i % 3 THEN i / 7.0 END AS x, 'row ' || i AS s FROM n`),
    );
    expect(parquetMetadata(many).row_groups.length).toBe(3);
    const rows = await parquetReadObjects({ file: many });
    expect(rows).toHaveLength(70_000);
    expect(
      rows.every(({ i, x, s }, at) => {
        const n = at + 1;
        return i === BigInt(n) && x === (n % 3 === 0 ? null : n / 7) && s === `row ${n}`;
      }),
    ).toBe(true);
  });

  it('keeps one row group in memory for any size of result', async () => {
    let ahead = 0;
    async function* endless(): AsyncGenerator<QueryBatch> {
      for (;;) {
        ahead++;
        yield { columns: ['a'], types: ['integer'], rows: Array.from({ length: 1000 }, (_, i) => [i]) };
      }
    }
    const pieces = formatRows(endless(), 'parquet', NO_LIMIT);
    await pieces.next();
    expect(ahead).toBeLessThan(50);
    await pieces.return(undefined);
  });

  it('refuses a query whose second answer differs from its first', async () => {
    async function* changed(): AsyncGenerator<QueryBatch> {
      yield { columns: ['a'], types: ['integer'], rows: [[0.5]] };
    }
    await expect(written(changed())).rejects.toThrow(QueryError);
  });
});
