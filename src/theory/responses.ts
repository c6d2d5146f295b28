/** sigma and sigma' of the initial neurons. */
import type { Activation } from '../domain/types.js';
import { sigmoid, softplus, tanh } from '../math/elementary.js';

/** sigma(z) */
export function valueAt(activation: Activation, z: number): number {
  if (activation === 'relu') return Math.max(z, 0);
  return activation === 'tanh' ? tanh(z) : softplus(z);
}

/** sigma'(z), where sigma(z) = value */
export function slopeAt(activation: Activation, z: number, value: number): number {
  if (activation === 'relu') return z > 0 ? 1 : 0;
  return activation === 'tanh' ? 1 - value * value : sigmoid(z);
}
