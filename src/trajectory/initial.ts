/** Initial weights (science.md, "The network"). A wider network starts with the neurons of a narrower one. */
import type { NetworkSettings, Scaling } from '../domain/types.js';
import type { NetworkState } from '../engine/engine.js';
import { fillNormals, stream } from '../math/random.js';

/**
 * a: N x d float32, each coordinate normal with mean 0 and standard deviation initScale * sqrt(2 / d);
 * b: N float32, -1 or +1. With `symmetricInit`, neurons 2i and 2i + 1 have equal a and opposite b.
 */
export function initialState(
  network: NetworkSettings,
  seed: number,
  width: number,
  columns: number,
): NetworkState {
  const weights = new Float32Array(width * columns);
  const signs = new Float32Array(width);
  const step = network.symmetricInit ? 2 : 1;
  const drawn = Math.ceil(width / step);
  const deviation = network.initScale * Math.sqrt(2 / columns);
  fillNormals(stream(seed, 'weights'), weights.subarray(0, drawn * columns), deviation);
  const sign = stream(seed, 'signs');
  for (let i = 0; i < width; i += step) signs[i] = sign() < 0.5 ? 1 : -1;
  if (network.symmetricInit) {
    // Copies from the last neuron down, so that none is overwritten before it is copied.
    for (let i = drawn - 1; i >= 0; i--) {
      for (const to of [2 * i + 1, 2 * i]) weights.copyWithin(to * columns, i * columns, (i + 1) * columns);
      signs[2 * i + 1] = -signs[2 * i]!;
    }
  }
  return { weights, signs, weightVelocity: null, signVelocity: null };
}

/** N^(1 - gamma), the factor of a neuron's output. gamma is 1 for mean-field scaling and 1/2 for NTK scaling. */
export function outputScale(scaling: Scaling, width: number): number {
  return scaling === 'mean-field' ? 1 : Math.sqrt(width);
}

/** N^(gamma - 1), the factor of a gradient. It states the learning rate in function space. */
export function gradientRate(scaling: Scaling, width: number): number {
  return 1 / outputScale(scaling, width);
}
