/** Small kernel problems. */
import type { InputMatrix } from '../../src/data/inputs.js';
import { normals, stream } from '../../src/math/random.js';
import type { KernelProblem } from '../../src/theory/kernel.js';

/** The matrix without its zeros. */
export function inputMatrix(rows: readonly (readonly number[])[]): InputMatrix {
  const rowStart = [0];
  const column: number[] = [];
  const value: number[] = [];
  for (const row of rows) {
    row.forEach((entry, c) => {
      if (entry === 0) return;
      column.push(c);
      value.push(entry);
    });
    rowStart.push(column.length);
  }
  return {
    rows: rows.length,
    columns: rows[0]!.length,
    rowStart: Uint32Array.from(rowStart),
    column: Uint16Array.from(column),
    // Float64, so that exact decimals of golden values stay what they are.
    value: Float64Array.from(value) as unknown as Float32Array,
  };
}

/** A problem around these rows; without neurons if none are given. */
export function kernelProblem(
  rows: readonly (readonly number[])[],
  changes: Partial<KernelProblem> & { neurons?: readonly (readonly number[])[] } = {},
): KernelProblem {
  const { neurons = [rows[0]!.map(() => 0)], ...rest } = changes;
  return {
    kind: 'initial',
    inputs: inputMatrix(rows),
    weights: Float32Array.from(neurons.flat()),
    signs: new Float32Array(neurons.length).fill(1),
    width: neurons.length,
    activation: 'relu',
    layers: 'first',
    outputScale: 1,
    initScale: 1,
    ...rest,
  };
}

/** Inputs of which about half are 0, in float32, and random neurons. */
export function randomProblem(
  n: number,
  columns: number,
  width: number,
  changes: Partial<KernelProblem> = {},
  isSigned = false,
): KernelProblem {
  const next = stream(7, 'theory', n, columns, width);
  const normal = normals(next);
  const rows = Array.from({ length: n }, () =>
    Array.from({ length: columns }, () => {
      const entry = Math.fround(normal());
      return next() < 0.5 ? 0 : isSigned ? entry : Math.abs(entry);
    }),
  );
  const inputs = inputMatrix(rows);
  return {
    ...kernelProblem(rows),
    inputs: { ...inputs, value: Float32Array.from(inputs.value) },
    weights: Float32Array.from({ length: width * columns }, () => normal() * Math.sqrt(2 / columns)),
    signs: Float32Array.from({ length: width }, () => (next() < 0.5 ? 1 : -1)),
    width,
    ...changes,
  };
}

/** The dense matrix of a kernel, by its products with unit vectors. */
export function matrixOf(n: number, multiply: (v: Float64Array, out: Float64Array) => void): number[][] {
  return Array.from({ length: n }, (_, i) => {
    const unit = new Float64Array(n);
    unit[i] = 1;
    const out = new Float64Array(n);
    multiply(unit, out);
    return [...out];
  });
}
