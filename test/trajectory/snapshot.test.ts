import { expect, it } from 'vitest';
import { decodeSnapshot, encodeSnapshot } from '../../src/trajectory/snapshot.js';

const float32 = {
  weights: Float32Array.of(1.5, -2, 3e-40),
  signs: Float32Array.of(-1),
  weightVelocity: Float32Array.of(1, 2, 3),
  signVelocity: null,
};

it('decodes to the encoded state, equal in bits and types', () => {
  expect(decodeSnapshot('abc', encodeSnapshot('abc', 70, float32))).toEqual({ t: 70, state: float32 });
  const float64 = { ...float32, weights: Float64Array.of(Math.PI, 1 / 3), weightVelocity: null };
  expect(decodeSnapshot('abc', encodeSnapshot('abc', 1, float64))).toEqual({ t: 1, state: float64 });
});

it('refuses another trajectory, and any damage', () => {
  const bytes = encodeSnapshot('abc', 70, float32);
  expect(decodeSnapshot('abd', bytes)).toBeNull();
  for (let i = 0; i < bytes.length; i++) {
    const damaged = bytes.slice();
    damaged[i]! ^= 4;
    expect(decodeSnapshot('abc', damaged), `byte ${i}`).toBeNull();
  }
  for (const length of [0, 7, 43, bytes.length - 1]) {
    expect(decodeSnapshot('abc', bytes.slice(0, length)), `cut to ${length}`).toBeNull();
  }
});
