/** Writes a result as a Parquet file, piece by piece. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { QueryError } from '../base/errors.js';
import { TOOL_VERSION } from '../base/paths.js';
import type { ColumnType, QueryBatch, Value } from '../store/user-sql/query.js';

/** A row group holds this many batches (of at most 1,000 rows and about 1 MiB each, see query-server.ts). */
const GROUP_BATCHES = 32;

const STORED = {
  integer: { type: 'INT64' },
  real: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
} as const;

/**
 * Columns are 64-bit integers, doubles or UTF-8 text, and nullable. Row groups have at most 32,000 rows, and memory
 * holds one of them.
 *
 * @param batches must have their types.
 * @throws QueryError QUERY_INVALID where a value does not fit its column's type.
 */
export async function* asParquet(batches: AsyncIterable<QueryBatch>): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter();
  let file: ParquetWriter | null = null;
  let shape: Shape | null = null;
  let group: (readonly Value[])[] = [];
  let batchesInGroup = 0;
  for await (const { columns, types, rows } of batches) {
    if (!types) throw new Error('Parquet needs the types of a result');
    shape ??= { columns, types };
    file ??= new ParquetWriter({
      writer: bytes,
      schema: schemaOf(shape),
      createdBy: `espalier ${TOOL_VERSION}`,
    });
    group = group.length === 0 ? [...rows] : group.concat(rows);
    if (++batchesInGroup < GROUP_BATCHES) continue;
    writeGroup(file, shape, group);
    yield takeBytes(bytes);
    group = [];
    batchesInGroup = 0;
  }
  if (!file || !shape) throw new Error('a result without a batch');
  writeGroup(file, shape, group);
  file.finish();
  yield takeBytes(bytes);
}

interface Shape {
  readonly columns: readonly string[];
  readonly types: readonly ColumnType[];
}

const schemaOf = ({ columns, types }: Shape) => [
  { name: 'result', num_children: columns.length },
  ...columns.map((name, i) => ({ name, repetition_type: 'OPTIONAL' as const, ...STORED[types[i]!] })),
];

function writeGroup(
  file: ParquetWriter,
  { columns, types }: Shape,
  rows: readonly (readonly Value[])[],
): void {
  if (rows.length === 0) return;
  const columnData = columns.map((name, i) => ({
    name,
    data: rows.map(row => stored(row[i]!, types[i]!, name)),
  }));
  void file.write({ columnData, rowGroupSize: rows.length });
}

function stored(value: Value, type: ColumnType, column: string): Value {
  if (value === null) return null;
  if (type === 'text') return String(value);
  const fits =
    type === 'real' ? typeof value !== 'string' : typeof value === 'bigint' || Number.isInteger(value);
  if (!fits) {
    throw new QueryError(
      'QUERY_INVALID',
      `SQL: ${column} has other values when it is asked again, expected the same`,
    );
  }
  return type === 'real' ? Number(value) : BigInt(value);
}

/** Takes the bytes written since the last call. */
function takeBytes(bytes: ByteWriter): Uint8Array {
  const piece = bytes.getBytes().slice();
  bytes.index = 0;
  return piece;
}
