/** What every native kernel is held to: the bits of its twin in WebAssembly, on random calls of every shape. */
import { describe, expect, it } from 'vitest';
import type { WasmInstancePool } from '../../../src/engine/wasm/instance-pool.js';
import {
  bytesWritten,
  type CallShape,
  kernelCall,
  NATIVE_NAMES,
} from '../../../src/engine/wasm/kernel-twins.js';
import type { Kernels } from '../../../src/engine/wasm/kernels.js';
import type { Uniform } from '../../../src/math/random.js';

export interface BoundKernels {
  readonly kernels: Kernels;
  readonly buffer: ArrayBuffer;
}

/** The kernels of a pool, on memories of at least so many bytes. */
export const boundBy =
  (pool: WasmInstancePool) =>
  (bytes: number): BoundKernels => {
    const { machine, release } = pool.acquire(bytes);
    release();
    return { kernels: machine.kernels, buffer: machine.f32.buffer as ArrayBuffer };
  };

const shape = (rows: number, columns: number, share: number, more: Partial<CallShape> = {}): CallShape => ({
  rows,
  columns,
  share,
  momentum: 0,
  decay: 0,
  ...more,
});

/** Numbers whose sums and products overflow, underflow, cancel or are not numbers. */
const SPECIAL = [
  ...[0, -0, 1, -1, 1e-45, -1e-45, 1e-38, 1.1754944e-38, 3.4028235e38, -3.4028235e38, 1e20, -1e20, 1e-20],
  ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
];
const special = (next: Uniform): number => SPECIAL[Math.floor(next() * SPECIAL.length)]!;
const denormal = (next: Uniform): number => (next() - 0.5) * 1e-38;

const SHAPES: Readonly<Record<string, CallShape>> = {
  'one sample, one column': shape(1, 1, 1),
  'a tail of each group': shape(67, 13, 0.3),
  'a segment, exactly': shape(64, 16, 0.5),
  'several segments, and a tail': shape(300, 17, 0.2),
  'long columns': shape(1100, 5, 0.9),
  'empty rows and columns': shape(40, 40, 0.02),
  'dense inputs': shape(37, 50, 1),
  momentum: shape(50, 20, 0.4, { momentum: 0.9 }),
  decay: shape(50, 20, 0.4, { decay: 0.01 }),
  'momentum and decay, long columns': shape(600, 9, 0.8, { momentum: 0.5, decay: 0.001 }),
  denormals: shape(90, 12, 0.5, { momentum: 0.9, draw: denormal }),
  'infinities and extremes': shape(90, 12, 0.5, { momentum: 0.9, decay: 0.1, draw: special }),
};

/** NaN has one pattern: which of its bits are set says nothing, and machines differ in it. */
function canonical(bytes: Uint8Array, isWide: boolean): Uint8Array {
  const numbers = isWide ? new Float64Array(bytes.slice().buffer) : new Float32Array(bytes.slice().buffer);
  for (const [i, value] of numbers.entries()) if (Number.isNaN(value)) numbers[i] = Number.NaN;
  return new Uint8Array(numbers.buffer);
}

/** Kernels whose sums are float64. */
const WIDE: ReadonlySet<string> = new Set([
  ...['addOutputs', 'gram', 'sketchProducts', 'logisticMoments', 'logisticLosses', 'logisticLoss'],
  ...['dotRows', 'candidateMoments', 'panelProducts', 'panelSquares'],
]);
/** Kernels of which only the first result is float64. */
const WIDE_FIRST: ReadonlySet<string> = new Set(['logisticPoint']);

export function kernelConformance(
  name: string,
  wasm: (bytes: number) => BoundKernels,
  native: (bytes: number) => BoundKernels,
): void {
  describe(`kernels ${name}`, () => {
    describe.each(NATIVE_NAMES)('%s', kernel => {
      it.each(Object.entries(SHAPES))('%s', (_, called) => {
        for (let seed = 0; seed < 3; seed++) {
          const call = kernelCall(kernel, called, seed);
          const [twin, own] = [wasm(call.memory.length), native(call.memory.length)];
          const expected = bytesWritten(call, twin.kernels, twin.buffer);
          const actual = bytesWritten(call, own.kernels, own.buffer);
          for (const [i, bytes] of expected.entries()) {
            // The first two of `addStatistics` are float64, the peaks are not.
            const isWide =
              WIDE.has(kernel) ||
              (kernel === 'addStatistics' && i < 2) ||
              (WIDE_FIRST.has(kernel) && i === 0);
            expect(Buffer.compare(canonical(actual[i]!, isWide), canonical(bytes, isWide))).toBe(0);
          }
        }
      });
    });
  });
}
