/** The limit of the learning rate, as science.md derives it. */
import type { Loss } from './types.js';

/** The highest eta * lambda_max at which gradient descent on this loss is stable. */
export function stabilityLimit(loss: Loss): number {
  return loss === 'squared' ? 2 : 8;
}
