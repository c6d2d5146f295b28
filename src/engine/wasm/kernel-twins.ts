/**
 * Small random calls of every kernel that has a native twin. The self-test at load makes one of each, and the conformance
 * suite of the kernels many, of every shape (test/engine/kernels).
 */
import { integerBelow, stream, type Uniform } from '../../math/random.js';
import { Arena } from './call-arena.js';
import { ACTIVATION_KIND, type Kernels } from './kernels.js';
import { GRAM_DEPTH, PANEL } from './layout.js';
import { ENTRY_BYTES, GROUP, LANES, paddedSamples, ROW_BYTES, TILE_COLUMNS } from './layout-parts.js';

/** The kernels that have a native twin. */
export const NATIVE_NAMES = [
  'preactivate',
  'preactivateHalf',
  'descend',
  'sumRows',
  'addOutputs',
  'deltas',
  'activate',
  'addStatistics',
  'gram',
  'sketchProducts',
  'logisticPoint',
  'logisticMoments',
  'logisticLosses',
  'logisticLoss',
  'sampleLosses',
  'dotRows',
  'subtractRows',
  'candidateMoments',
  'panelProducts',
  'panelSquares',
  'sumSubsets',
  'descendTile',
] as const;
export type NativeName = (typeof NATIVE_NAMES)[number];

/** One call: the bytes of the memory before it, its arguments, and what it writes. */
export interface KernelCall {
  readonly name: NativeName;
  readonly memory: Uint8Array;
  readonly args: readonly number[];
  readonly written: readonly { readonly address: number; readonly bytes: number }[];
}

export interface CallShape {
  /** Samples, and columns of the inputs. */
  readonly rows: number;
  readonly columns: number;
  /** Share of entries that are stored; 1 for dense inputs. */
  readonly share: number;
  readonly momentum: number;
  readonly decay: number;
  /** Draws a float32; by default standard normal numbers, a tenth of them 0. */
  readonly draw?: (next: Uniform) => number;
}

const TABLE_BYTES = TILE_COLUMNS * 4 * (1 << GROUP);

type Build = (arena: Arena, shape: CallShape) => Omit<KernelCall, 'name' | 'memory'>;

const WIDE_BYTES = 2 * ROW_BYTES;

const BUILD: Readonly<Record<NativeName, Build>> = {
  preactivate(arena, { rows, columns, share }) {
    const [weights, runs] = [arena.rows(columns), arena.sparse(rows, columns, share)];
    const out = arena.take(rows * ROW_BYTES);
    return { args: [weights, runs, rows, out], written: [{ address: out, bytes: rows * ROW_BYTES }] };
  },
  preactivateHalf: (arena, shape) => BUILD.preactivate(arena, shape),
  descend(arena, { rows, columns, share, momentum, decay }) {
    const weights = arena.rows(columns);
    const velocity = momentum > 0 ? arena.rows(columns) : 0;
    const deltas = arena.rows(rows);
    const runs = arena.sparse(columns, rows, share);
    const places = arena.take(12 * columns);
    for (let c = 0; c < columns; c++) {
      arena.u32[places / 4 + 3 * c] = c * ROW_BYTES;
      arena.u32.copyWithin(places / 4 + 3 * c + 1, runs / 4 + 2 * c, runs / 4 + 2 * c + 2);
    }
    const shift = columns % 2 === 1 ? arena.rows(1) : 0;
    const scratch = arena.take(WIDE_BYTES + ROW_BYTES);
    const bytes = columns * ROW_BYTES;
    return {
      args: [weights, velocity, deltas, places, columns, momentum, decay, 0.25, shift, scratch],
      written: [weights, velocity].filter(address => address > 0).map(address => ({ address, bytes })),
    };
  },
  sumRows(arena, { columns }) {
    const [rows, sum] = [arena.rows(columns), arena.take(ROW_BYTES)];
    return {
      args: [rows, columns, -0.25, sum, arena.take(WIDE_BYTES)],
      written: [{ address: sum, bytes: ROW_BYTES }],
    };
  },
  addOutputs(arena, { rows }) {
    const [z, coefficients] = [arena.rows(rows), arena.numbers(LANES)];
    const f = arena.take(8 * rows);
    return {
      args: [ACTIVATION_KIND.relu, z, rows, coefficients, f],
      written: [{ address: f, bytes: 8 * rows }],
    };
  },
  deltas(arena, { rows }) {
    const [z, slopes, factors] = [arena.rows(rows), arena.numbers(rows), arena.numbers(LANES)];
    return {
      args: [ACTIVATION_KIND.relu, z, rows, slopes, factors],
      written: [{ address: z, bytes: rows * ROW_BYTES }],
    };
  },
  activate(arena, { rows }) {
    const [z, gains] = [arena.rows(rows), arena.numbers(LANES)];
    return {
      args: [ACTIVATION_KIND.relu, z, rows, gains],
      written: [{ address: z, bytes: rows * ROW_BYTES }],
    };
  },
  addStatistics(arena, { rows }) {
    const [phi, labels] = [arena.rows(rows), arena.numbers(rows)];
    const [projections, norms, peaks] = [
      arena.take(WIDE_BYTES),
      arena.take(WIDE_BYTES),
      arena.take(ROW_BYTES),
    ];
    return {
      args: [phi, labels, rows, projections, norms, peaks],
      written: [
        { address: projections, bytes: WIDE_BYTES },
        { address: norms, bytes: WIDE_BYTES },
        { address: peaks, bytes: ROW_BYTES },
      ],
    };
  },
  gram(arena, { rows, columns, share }) {
    const count = Math.min(PANEL, columns);
    const phi = arena.rows(rows);
    const segments = Math.ceil(rows / GRAM_DEPTH);
    const runs = arena.take(8 * PANEL * segments);
    for (let c = 0; c < count; c++) {
      const vector = arena.sparse(1, rows, share);
      const end = arena.u32[vector / 4 + 1]!;
      let at = arena.u32[vector / 4]!;
      for (let segment = 0; segment < segments; segment++) {
        const run = runs / 4 + 2 * (segment * PANEL + c);
        arena.u32[run] = at;
        while (at < end && arena.u32[at / 4]! < (segment + 1) * GRAM_DEPTH * ROW_BYTES) at += ENTRY_BYTES;
        arena.u32[run + 1] = at;
      }
    }
    const targets = arena.take(4 * count);
    const written = Array.from({ length: count }, () => ({
      address: arena.take(WIDE_BYTES),
      bytes: WIDE_BYTES,
    }));
    for (const [c, { address }] of written.entries()) arena.u32[targets / 4 + c] = address;
    return { args: [phi, rows, runs, targets, count, arena.take(ROW_BYTES)], written };
  },
  sketchProducts(arena, { rows }) {
    const [sketch, values] = [arena.rows(rows), arena.numbers(rows)];
    const products = arena.take(WIDE_BYTES);
    return {
      args: [sketch, values, rows, products],
      written: [{ address: products, bytes: WIDE_BYTES }],
    };
  },
  logisticPoint(arena, { rows }) {
    const [z, labels] = [arena.wide(rows), arena.numbers(rows)];
    const derivatives = arena.take(12 * rows);
    const loss = arena.take(8);
    return {
      args: [z, labels, rows, 3, derivatives, 4 * rows, loss],
      written: [
        { address: loss, bytes: 8 },
        { address: derivatives, bytes: 12 * rows },
      ],
    };
  },
  logisticMoments(arena, { rows }) {
    // It reads up to 64 rows past the block.
    const [phi, derivatives] = [arena.rows(rows + 64), arena.numbers(3 * rows)];
    const moments = arena.take(4 * WIDE_BYTES);
    return {
      args: [phi, derivatives, 4 * rows, rows, moments],
      written: [{ address: moments, bytes: 4 * WIDE_BYTES }],
    };
  },
  logisticLosses(arena, { rows }) {
    const [phi, margins] = [arena.rows(rows), arena.numbers(2 * rows)];
    const losses = arena.take(WIDE_BYTES);
    return {
      args: [phi, margins, rows, losses, arena.take(WIDE_BYTES)],
      written: [{ address: losses, bytes: WIDE_BYTES }],
    };
  },
  logisticLoss(arena, { rows }) {
    const [outputs, z, labels] = [arena.numbers(rows), arena.wide(rows), arena.numbers(rows)];
    const loss = arena.take(8);
    return { args: [outputs, z, labels, rows, 3, loss], written: [{ address: loss, bytes: 8 }] };
  },
  sampleLosses(arena, { rows, columns }) {
    const [phi, z, labels] = [arena.rows(rows), arena.wide(rows), arena.numbers(rows)];
    const places = arena.take(4 * rows);
    for (let s = 0; s < rows; s++) arena.u32[places / 4 + s] = integerBelow(arena.next, rows) * ROW_BYTES;
    const losses = arena.wide(LANES);
    return {
      args: [columns % 3, phi, places, z, labels, rows, 3, losses],
      written: [{ address: losses, bytes: WIDE_BYTES }],
    };
  },
  dotRows(arena, { rows, columns }) {
    const padded = paddedSamples(rows);
    const [matrix, vector] = [arena.numbers(columns * padded), arena.numbers(padded)];
    const products = arena.take(8 * columns);
    return {
      args: [matrix, vector, padded, columns, products],
      written: [{ address: products, bytes: 8 * columns }],
    };
  },
  subtractRows(arena, { rows, columns }) {
    const padded = paddedSamples(rows);
    const [matrix, coefficients] = [arena.numbers(columns * padded), arena.numbers(columns)];
    const vector = arena.numbers(padded);
    return {
      args: [matrix, coefficients, padded, columns, vector],
      written: [{ address: vector, bytes: 4 * padded }],
    };
  },
  candidateMoments(arena, { rows }) {
    const padded = paddedSamples(rows);
    const [outputs, derivatives] = [arena.numbers(padded), arena.numbers(3 * padded)];
    const moments = arena.take(32);
    return {
      args: [outputs, derivatives, padded, moments],
      written: [{ address: moments, bytes: 32 }],
    };
  },
  panelProducts: panelCall,
  panelSquares: panelCall,
  sumSubsets(arena, { rows }) {
    const groups = Math.ceil(Math.min(rows, 64) / GROUP);
    const panel = arena.numbers(groups * GROUP * TILE_COLUMNS);
    const slopes = arena.numbers(groups * GROUP);
    const tables = arena.take(groups * TABLE_BYTES);
    return {
      args: [panel, slopes, groups, tables],
      written: [{ address: tables, bytes: groups * TABLE_BYTES }],
    };
  },
  descendTile(arena, { rows, columns, momentum, decay }) {
    const groups = Math.ceil(Math.min(rows, 64) / GROUP);
    const count = ((columns - 1) % TILE_COLUMNS) + 1;
    const weights = arena.rows(count);
    const velocity = momentum > 0 ? arena.rows(count) : 0;
    const masks = arena.take(4 * groups * LANES);
    for (let i = 0; i < groups * LANES; i++)
      arena.u32[masks / 4 + i] = integerBelow(arena.next, 1 << GROUP) * TILE_COLUMNS * 4;
    const tables = arena.numbers((groups * TABLE_BYTES) / 4);
    const factors = arena.numbers(LANES);
    const scratch = arena.take(LANES * TILE_COLUMNS * 4);
    const bytes = count * ROW_BYTES;
    return {
      args: [weights, velocity, masks, tables, groups, count, factors, momentum, decay, 0.25, scratch],
      written: [weights, velocity].filter(address => address > 0).map(address => ({ address, bytes })),
    };
  },
};

function panelCall(arena: Arena, { rows, columns }: CallShape): Omit<KernelCall, 'name' | 'memory'> {
  const [phi, vectors] = [arena.rows(rows), arena.numbers(PANEL * rows)];
  const products = arena.take(PANEL * WIDE_BYTES);
  return {
    args: [phi, vectors, rows, 4 * (1 + (columns % 3)), products],
    written: [{ address: products, bytes: PANEL * WIDE_BYTES }],
  };
}

/** A random call of a kernel. Equal arguments give equal calls. */
export function kernelCall(name: NativeName, shape: CallShape, seed: number): KernelCall {
  const arena = new Arena(stream(seed, 'kernel-call', name), shape.draw);
  const built = BUILD[name](arena, shape);
  return { name, memory: arena.memory, ...built };
}

/** Makes the call on a memory that is large enough. Returns what it wrote. */
export function bytesWritten(
  { name, memory, args, written }: KernelCall,
  kernels: Pick<Kernels, NativeName>,
  buffer: ArrayBuffer,
): Uint8Array[] {
  const target = new Uint8Array(buffer);
  target.set(memory);
  (kernels[name] as (...values: number[]) => unknown)(...args);
  return written.map(({ address, bytes }) => target.slice(address, address + bytes));
}
