import { beforeAll, describe, expect, it } from 'vitest';
import { type WasmInstance, WasmInstancePool } from '../../src/engine/wasm/instance-pool.js';
import { ACTIVATION_KIND } from '../../src/engine/wasm/kernels.js';
import { columnEntryBytes, PANEL } from '../../src/engine/wasm/layout.js';
import { LANES, ROW_BYTES } from '../../src/engine/wasm/layout-parts.js';
import { chi, psiOfNegative } from '../../src/engine/wasm/logistic-bounds.js';
import { sigmoid, softplus, tanh } from '../../src/math/elementary.js';
import { normals, stream } from '../../src/math/random.js';

const MEBIBYTE = 2 ** 20;
let machine: WasmInstance;

beforeAll(async () => {
  machine = (await WasmInstancePool.load()).acquire(8 * MEBIBYTE).machine;
});

/** Allocates addresses for a test's arrays, one after another. */
function place(): (bytes: number) => number {
  let end = 64;
  return bytes => {
    const start = end;
    end += Math.ceil(bytes / 64) * 64;
    return start;
  };
}

describe('activation functions, relative error below 1e-6', () => {
  const points = Float32Array.from({ length: 10 * LANES * 50 }, (_, i) => (i - 12_000) / 150);
  const rows = points.length / LANES;
  const tiny = [-1e-4, -1e-10, 0, 1e-10, 1e-4, 0.6249, 0.6251, -0.6249, -0.6251];
  points.set(tiny);

  function evaluate(run: (z: number, vector: number, slopes: number) => void): Float32Array {
    const take = place();
    const z = take(points.byteLength);
    const vector = take(ROW_BYTES);
    const slopes = take(rows * 4);
    machine.f32.set(points, z / 4);
    machine.f32.fill(1, vector / 4, vector / 4 + LANES);
    machine.f32.fill(1, slopes / 4, slopes / 4 + rows);
    run(z, vector, slopes);
    return machine.f32.slice(z / 4, z / 4 + points.length);
  }

  function expectClose(actual: Float32Array, expected: (z: number) => number): void {
    let worst = 0;
    for (const [i, z] of points.entries()) {
      const value = expected(z);
      // Below this, float32 is subnormal and the kernels return 0.
      if (Math.abs(value) < 1e-37) expect(Math.abs(actual[i]!)).toBeLessThan(1e-37);
      else worst = Math.max(worst, Math.abs(actual[i]! - value) / Math.abs(value));
    }
    expect(worst).toBeLessThan(1e-6);
  }

  const values = { relu: (z: number) => Math.max(z, 0), tanh, softplus };
  const slopes = {
    relu: (z: number) => (z > 0 ? 1 : 0),
    tanh: (z: number) => 4 * sigmoid(2 * z) * sigmoid(-2 * z),
    softplus: sigmoid,
  };
  for (const name of ['relu', 'tanh', 'softplus'] as const) {
    it(name, () => {
      expectClose(
        evaluate((z, ones) => machine.kernels.activate(ACTIVATION_KIND[name], z, rows, ones)),
        values[name],
      );
    });
    it(`${name}'`, () => {
      expectClose(
        evaluate((z, ones, slope) => machine.kernels.deltas(ACTIVATION_KIND[name], z, rows, slope, ones)),
        slopes[name],
      );
    });
  }
});

describe('entries of inputs', () => {
  it('are packed as column offsets and values', () => {
    const { kernels, f32, u16, u32 } = machine;
    const take = place();
    const [columns, values, entries] = [take(64), take(64), take(128)];
    for (let e = 0; e < 11; e++) {
      u16[columns / 2 + e] = 65_535 - 6000 * e;
      f32[values / 4 + e] = e / 7;
    }
    for (const count of [0, 1, 4, 11]) {
      u32.fill(9, entries / 4, entries / 4 + 2 * 12);
      kernels.packEntries(columns, values, count, entries);
      for (let e = 0; e < count; e++) {
        expect(u32[entries / 4 + 2 * e]).toBe((65_535 - 6000 * e) * ROW_BYTES);
        expect(f32[entries / 4 + 2 * e + 1]).toBe(Math.fround(e / 7));
      }
      expect(u32[entries / 4 + 2 * count]).toBe(9);
    }
  });
});

it('half a block has the pre-activations of the whole one, and 0 for its padding', () => {
  const { kernels, f32, u32 } = machine;
  const normal = normals(stream(1, 'test', 'half'));
  const take = place();
  const [columns, rows] = [9, 3];
  const weights = take(columns * ROW_BYTES);
  const entries = take(columns * rows * 8);
  const runs = take(rows * 8);
  const [whole, half] = [take(rows * ROW_BYTES), take(rows * ROW_BYTES)];
  for (let i = 0; i < columns * LANES; i++) f32[weights / 4 + i] = normal();
  for (let e = 0; e < columns * rows; e++) {
    u32[entries / 4 + 2 * e] = (e % columns) * ROW_BYTES;
    f32[entries / 4 + 2 * e + 1] = normal();
  }
  // A full row, an empty one and a short one.
  [0, columns, columns, columns, 2 * columns, 2 * columns + 2].forEach((e, i) => {
    u32[runs / 4 + i] = entries + 8 * e;
  });
  f32.fill(Number.NaN, half / 4, half / 4 + rows * LANES);
  kernels.preactivate(weights, runs, rows, whole);
  kernels.preactivateHalf(weights, runs, rows, half);
  for (let row = 0; row < rows; row++) {
    const [expected, actual] = [whole, half].map(at =>
      f32.slice(at / 4 + row * LANES, at / 4 + (row + 1) * LANES),
    );
    expect(actual).toEqual(expected!.fill(0, LANES / 2));
    expect(expected!.every(value => value === 0)).toBe(row === 1);
  }
});

describe('Gram columns', () => {
  const n = 300;
  const normal = normals(stream(1, 'test', 'gram'));
  // Half of the outputs are 0, as with relu.
  const phi = Float32Array.from({ length: n * LANES }, () => Math.max(0, normal()));

  /** Gram columns of neurons of the block. */
  function columns(neurons: readonly number[]): Float64Array[] {
    const { kernels, f32, f64, u32 } = machine;
    const take = place();
    const block = take(n * ROW_BYTES);
    const entries = take(PANEL * columnEntryBytes(n));
    const runs = take(Math.ceil(n / 256) * PANEL * 8);
    const sums = take(ROW_BYTES);
    const targets = take(PANEL * 4);
    const out = take((PANEL + 1) * LANES * 8);
    f32.set(phi, block / 4);
    f64.fill(Number.NaN, out / 8, out / 8 + (PANEL + 1) * LANES);
    neurons.forEach((neuron, c) => {
      kernels.gatherColumn(block + 4 * neuron, ROW_BYTES, n, entries + c * columnEntryBytes(n), runs, c);
      u32[targets / 4 + c] = out + c * LANES * 8;
    });
    kernels.gram(block, n, runs, targets, neurons.length, sums);
    expect(f64[out / 8 + neurons.length * LANES]).toBeNaN();
    return neurons.map((_, c) => f64.slice(out / 8 + c * LANES, out / 8 + (c + 1) * LANES));
  }

  it('are the products of the outputs', () => {
    const [column] = columns([5]);
    for (let q = 0; q < LANES; q++) {
      let product = 0;
      for (let s = 0; s < n; s++) product += phi[s * LANES + q]! * phi[s * LANES + 5]!;
      expect(Math.abs(column![q]! - product)).toBeLessThan(1e-6 * n);
    }
  });

  it('have bits that do not depend on their place in the group or on the size of the group', () => {
    const neurons = [3, 17, 0, 47, 8, 24, 10, 23, 12, 1, 46, 5];
    expect(neurons).toHaveLength(PANEL);
    const alone = neurons.map(neuron => columns([neuron])[0]);
    expect(columns(neurons)).toEqual(alone);
    expect(columns(neurons.toReversed())).toEqual(alone.toReversed());
    expect(columns(neurons.slice(0, 5))).toEqual(alone.slice(0, 5));
  });

  it('agree with single products', () => {
    const { kernels, f32 } = machine;
    const take = place();
    const block = take(n * ROW_BYTES);
    const [a, b] = [take(n * 4), take(n * 4)];
    f32.set(phi, block / 4);
    for (const count of [1, 4, 63, 64, 67, n]) {
      f32.fill(Number.NaN, a / 4, b / 4 + n);
      kernels.copyNeuron(block + 4 * 7, count, a);
      kernels.copyNeuron(block + 4 * 40, count, b);
      let product = 0;
      for (let s = 0; s < count; s++) product += phi[s * LANES + 7]! * phi[s * LANES + 40]!;
      expect(Math.abs(kernels.dot(a, b, count) - product)).toBeLessThan(1e-6 * count);
      if (count < n) expect(f32[a / 4 + count]).toBeNaN();
    }
  });
});

describe('logistic losses', () => {
  for (const n of [1, 2, 64, 255, 1000, 2049]) {
    it(`are right for ${n} samples`, () => {
      const { kernels, f32, f64 } = machine;
      const normal = normals(stream(n, 'test', 'logistic'));
      const take = place();
      const phi = take((n + 128) * ROW_BYTES);
      const z = take(n * 8);
      const labels = take(n * 4);
      const margins = take(n * 8);
      const outputs = take(n * 4);
      const losses = take(LANES * 8);
      const scratch = take(LANES * 8);
      const j = 7;
      for (let s = 0; s < n; s++) {
        f64[z / 8 + s] = 40 * normal();
        f32[labels / 4 + s] = normal() < 0 ? -1 : 1;
        for (let q = 0; q < LANES; q++) f32[phi / 4 + s * LANES + q] = q === 3 ? 4000 * normal() : normal();
      }
      kernels.logisticMargins(z, labels, n, j, margins);
      kernels.logisticLosses(phi, margins, n, losses, scratch);
      for (let q = 0; q < LANES; q++) {
        let expected = 0;
        for (let s = 0; s < n; s++) {
          const u = (f64[z / 8 + s]! + f32[phi / 4 + s * LANES + q]!) / j;
          expected += softplus(-f32[labels / 4 + s]! * u);
        }
        kernels.copyNeuron(phi + 4 * q, n, outputs);
        kernels.logisticLoss(outputs, z, labels, n, j, scratch);
        const exact = f64[scratch / 8]!;
        expect(Math.abs(exact - expected)).toBeLessThanOrEqual(1e-12 * expected + 1e-15 * n);
        const narrow = f64[losses / 8 + q]!;
        expect(Math.abs(narrow - expected)).toBeLessThanOrEqual(1e-5 * expected + 1e-6 * n);
      }
    });
  }

  it('have remainders that are continuous where the formula changes', () => {
    expect(psiOfNegative(0)).toBe(0.5);
    expect(psiOfNegative(0.001) - psiOfNegative(0.000999999)).toBeCloseTo(0, 9);
    expect(psiOfNegative(2)).toBeCloseTo((Math.exp(-2) - 1 + 2) / 4, 14);
    expect(chi(0)).toBe(1 / 24);
    expect(chi(0.5000001) - chi(0.5)).toBeCloseTo(0, 8);
    expect(chi(0.4)).toBeCloseTo((Math.exp(0.4) - 1 - 0.4 - 0.08 - 0.064 / 6) / 0.4 ** 4, 12);
    expect(chi(3)).toBeCloseTo((Math.exp(3) - 1 - 3 - 4.5 - 4.5) / 81, 14);
  });
});
