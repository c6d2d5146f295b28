/** Initial weights (science.md, "The network"), drawn so that a wider network begins with the narrower one's neurons. */
import type { NetworkSettings, Scaling } from '../domain/config.js';
import type { NetworkState } from '../engine/engine.js';
import { normals, stream } from '../math/random.js';

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
  const normal = normals(stream(seed, 'weights'));
  const sign = stream(seed, 'signs');
  const deviation = network.initScale * Math.sqrt(2 / columns);
  const step = network.symmetricInit ? 2 : 1;
  for (let i = 0; i < width; i += step) {
    const row = i * columns;
    for (let c = 0; c < columns; c++) weights[row + c] = deviation * normal();
    signs[i] = sign() < 0.5 ? 1 : -1;
    if (network.symmetricInit) {
      weights.copyWithin(row + columns, row, row + columns);
      signs[i + 1] = -signs[i]!;
    }
  }
  return { weights, signs, weightVelocity: null, signVelocity: null };
}

/** N^(1 - gamma): what multiplies a neuron's output. gamma is 1 for mean-field scaling and 1/2 for NTK scaling. */
export function outputScale(scaling: Scaling, width: number): number {
  return scaling === 'mean-field' ? 1 : Math.sqrt(width);
}

/** N^(gamma - 1): what multiplies a gradient, so that the learning rate is stated in function space. */
export function gradientRate(scaling: Scaling, width: number): number {
  return 1 / outputScale(scaling, width);
}
