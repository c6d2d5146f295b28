/** The compiled kernels of this room (assembly) in a memory of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineUnavailableError, TooLargeError } from '../base/errors.js';
import { PACKAGE_ROOT } from '../base/paths.js';
import { formatBytes } from '../base/units.js';
import type { InputMatrix } from '../data/inputs.js';
import { MEMORY_LIMIT } from '../engine/wasm/instance-pool.js';
import { PAGE } from '../engine/wasm/layout.js';
import { compile, Instance, Memory, type WasmModule } from '../engine/wasm/webassembly.js';

/** See assembly: all arguments are addresses or counts, unless they are named otherwise. */
export interface TheoryKernels {
  combine(panel: number, starts: number, columns: number, values: number, count: number, out: number): void;
  scatter(
    panel: number,
    starts: number,
    columns: number,
    values: number,
    count: number,
    coefficients: number,
  ): void;
  spread(gates: number, stride: number, factors: number, count: number, out: number): void;
  reduce(rows: number, factors: number, count: number, sums: number): void;
  overlap(tile: number, gates: number, block: number, words: number, count: number, share: number): void;
  infiniteWidth(tile: number, squares: number, block: number, count: number, second: number): void;
  multiplyTiles(tiles: number, blocks: number, v: number, y: number): void;
}

const FILE = join(PACKAGE_ROOT, 'dist', 'theory.wasm');
const ALIGNMENT = 64;

export const LANES = 32;
/** Bytes of a row of 32 lanes in float32. */
export const ROW_BYTES = 4 * LANES;
/** Blocks of 32 that so many neurons or samples fill. */
export const blocksOf = (count: number): number => Math.ceil(count / LANES);

let loading: Promise<WasmModule> | null = null;

/** @throws EngineUnavailableError if the kernels are not built. */
export function loadKernels(): Promise<WasmModule> {
  loading ??= (async () => {
    try {
      return await compile(readFileSync(FILE));
    } catch (cause) {
      throw new EngineUnavailableError('the kernels of predictions are not built: run `npm run build`', {
        cause,
      });
    }
  })();
  return loading;
}

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Kernels bound to a memory of a fixed size, out of which arrays are taken in turn. */
export class WasmRoom {
  readonly kernels: TheoryKernels;
  readonly buffer: ArrayBuffer;
  #taken = 0;

  /** @throws TooLargeError (TOO_LARGE) */
  constructor(module: WasmModule, bytes: number) {
    if (bytes > MEMORY_LIMIT)
      throw new TooLargeError(
        `the kernel needs ${formatBytes(bytes)}, expected at most ${formatBytes(MEMORY_LIMIT)}`,
      );
    const memory = new Memory({ initial: Math.ceil(bytes / PAGE) });
    this.buffer = memory.buffer;
    this.kernels = new Instance(module, { env: { memory } }).exports as TheoryKernels;
  }

  /** The address of so many bytes, all 0. */
  take(bytes: number): number {
    const address = this.#taken;
    this.#taken += aligned(bytes);
    return address;
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.buffer, address, length);
  }

  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.buffer, address, length);
  }
}

/** Addresses of an input matrix. */
export interface InputAddresses {
  readonly starts: number;
  readonly columns: number;
  readonly values: number;
}

export const inputBytes = (rows: number, entries: number): number =>
  aligned(4 * (rows + 1)) + aligned(2 * entries) + aligned(4 * entries);

export function takeInputs(room: WasmRoom, { rows, rowStart, column, value }: InputMatrix): InputAddresses {
  const entries = rowStart[rows]!;
  const addresses = {
    starts: room.take(4 * (rows + 1)),
    columns: room.take(2 * entries),
    values: room.take(4 * entries),
  };
  new Uint32Array(room.buffer, addresses.starts, rows + 1).set(rowStart.subarray(0, rows + 1));
  new Uint16Array(room.buffer, addresses.columns, entries).set(column.subarray(0, entries));
  room.floats(addresses.values, entries).set(value.subarray(0, entries));
  return addresses;
}
