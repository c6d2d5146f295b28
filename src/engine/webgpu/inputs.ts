/** Inputs on the device, compressed as they come, and slices of their rows with every column stored. */
import type { InputMatrix } from '../../data/inputs.js';
import { Buffers } from './buffers.js';
import type { Device, DeviceBuffer } from './device.js';
import { EXPAND } from './kernels/expand.js';
import { FLOAT, padded } from './layout.js';

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly rowStart: DeviceBuffer;
  readonly column: DeviceBuffer;
  readonly value: DeviceBuffer;
}

/** Rows with every column stored, in both orders (kernels/expand.ts), for at most so many rows. */
export interface Slice {
  readonly byRow: DeviceBuffer;
  readonly byColumn: DeviceBuffer;
}

export function createSlice(buffers: Buffers, rows: number, columns: number): Slice {
  const bytes = FLOAT * padded(rows) * padded(columns);
  return { byRow: buffers.create(bytes), byColumn: buffers.create(bytes) };
}

/** Which rows a slice takes: those from `first` on, of the matrix or of the list. */
export interface Rows {
  readonly list: DeviceBuffer | null;
  readonly first: number;
  readonly count: number;
}

export class DeviceInputs {
  readonly rows: number;
  readonly #device: Device;
  readonly #buffers: Buffers;
  readonly #pieces: Piece[] = [];
  readonly #columns: number;
  readonly #shift: { readonly offset: number; readonly pixels: number } | undefined;

  constructor(device: Device, inputs: InputMatrix) {
    const { rows, columns, rowStart, column, value, shift } = inputs;
    this.rows = rows;
    this.#device = device;
    this.#buffers = new Buffers(device);
    this.#columns = columns;
    this.#shift = shift;
    const mostEntries = Math.floor(device.maxBufferBytes / FLOAT);
    for (let from = 0, to = 0; from < rows; from = to) {
      const first = rowStart[from]!;
      for (to = from + 1; to < rows && rowStart[to + 1]! - first <= mostEntries; ) to++;
      this.#pieces.push({
        from,
        to,
        rowStart: this.#buffers.createFrom(rowStart.slice(from, to + 1).map(start => start - first)),
        column: this.#buffers.createFrom(column.slice(first, rowStart[to])),
        value: this.#buffers.createFrom(value.subarray(first, rowStart[to])),
      });
    }
  }

  /** Writes rows into a slice. Returns the rows that it then has, in whole tiles. */
  expand({ list, first, count }: Rows, { byRow, byColumn }: Slice): number {
    const paddedRows = padded(count);
    const paddedColumns = padded(this.#columns);
    for (const { from, to, rowStart, column, value } of this.#pieces) {
      this.#device.dispatch(
        EXPAND,
        { list: list ?? rowStart, rowStart, column, value, byRow, byColumn },
        {
          ...{
            rows: count,
            paddedRows,
            paddedColumns,
            listed: Number(list !== null),
            first,
            begin: from,
            end: to,
          },
          ...{ offset: this.#shift?.offset ?? 0, pixels: this.#shift?.pixels ?? 0 },
          dropped: this.#shift ? 1 : 0,
        },
        [paddedRows],
        paddedRows * paddedColumns,
      );
    }
    return paddedRows;
  }

  release(): void {
    this.#buffers.release();
  }
}
