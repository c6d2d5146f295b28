/**
 * Named random streams. A seed and a name alone determine a stream, so draws from one (samples, initial weights,
 * batches) never depend on draws from another.
 *
 * The generator is seedrandom's Alea: double arithmetic only, the same bits on every machine. This file calls no
 * function of `Math` whose last bits may differ between versions of Node.
 */
import seedrandom from 'seedrandom';
import { log, logAll } from './elementary.js';

/** Uniform draws from [0, 1), multiples of 2^-32. */
export type Uniform = () => number;

/** The stream with this name under this seed, e.g. `stream(3, 'weights')`. */
export function stream(seed: number, ...name: readonly (string | number)[]): Uniform {
  return seedrandom.alea(['espalier', seed, ...name].join('/'));
}

/** An integer from 0 to bound - 1; bound <= 2^32. */
export function integerBelow(next: Uniform, bound: number): number {
  return Math.floor(next() * bound);
}

/** A uniformly random permutation of 0..n-1 (Fisher-Yates, from the end). */
export function permutation(next: Uniform, n: number): Int32Array {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = integerBelow(next, i + 1);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}

/** Standard normal draws (Marsaglia's polar method, both values used). */
export function normals(next: Uniform): () => number {
  let spare = 0;
  let hasSpare = false;
  return () => {
    if (hasSpare) {
      hasSpare = false;
      return spare;
    }
    for (;;) {
      const u = 2 * next() - 1;
      const v = 2 * next() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const factor = Math.sqrt((-2 * log(s)) / s);
        spare = v * factor;
        hasSpare = true;
        return u * factor;
      }
    }
  };
}

/** Pairs drawn before any of them is transformed. */
const BLOCK = 512;

/** Fills `values` with the draws of `normals` in order, times `deviation`, in half the time. */
export function fillNormals(next: Uniform, values: Float32Array, deviation: number): void {
  const u = new Float64Array(BLOCK);
  const v = new Float64Array(BLOCK);
  const s = new Float64Array(BLOCK);
  const logs = new Float64Array(BLOCK);
  for (let filled = 0; filled < values.length; filled += 2 * BLOCK) {
    const count = Math.min(BLOCK, Math.ceil((values.length - filled) / 2));
    for (let i = 0; i < count; ) {
      const x = 2 * next() - 1;
      const y = 2 * next() - 1;
      const square = x * x + y * y;
      u[i] = x;
      v[i] = y;
      s[i] = square;
      if (square > 0 && square < 1) i++;
    }
    logs.set(s);
    logAll(logs, count);
    for (let i = 0; i < count; i++) {
      const factor = Math.sqrt((-2 * logs[i]!) / s[i]!);
      values[filled + 2 * i] = deviation * (u[i]! * factor);
      // A typed array ignores a write beyond its end.
      values[filled + 2 * i + 1] = deviation * (v[i]! * factor);
    }
  }
}
