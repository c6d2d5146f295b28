/** Gradient descent on the logistic loss in function space. It has no closed form, so it is iterated. */
import { LOSS } from '../engine/reference/functions.js';
import type { Descent } from './bracket.js';
import type { Kernel } from './kernel.js';

/**
 * f <- f - eta v, v <- mu v + K l'(f, y) / n, from the outputs at t = 0, until all targets are met or the horizon is
 * passed. Returns the first iteration with a mean loss at most each target; null for none.
 */
export function logisticCrossings(
  kernel: Kernel,
  labels: Float32Array,
  { learningRate, momentum, horizon }: Descent,
  targets: readonly number[],
): (number | null)[] {
  const { n } = kernel;
  const outputs = kernel.outputs.slice();
  const slope = new Float64Array(n);
  const image = new Float64Array(n);
  const step = new Float64Array(n);
  const found = targets.map((): number | null => null);
  for (let t = 0; ; t++) {
    let sum = 0;
    for (let s = 0; s < n; s++) {
      const y = labels[s]!;
      sum += LOSS.logistic.value(outputs[s]!, y);
      slope[s] = LOSS.logistic.slope(outputs[s]!, y);
    }
    targets.forEach((target, i) => {
      if (found[i] === null && sum / n <= target) found[i] = t;
    });
    if (t === horizon || !found.includes(null) || !Number.isFinite(sum)) return found;
    kernel.multiply(slope, image);
    for (let s = 0; s < n; s++) {
      step[s] = momentum * step[s]! + image[s]! / n;
      outputs[s] = outputs[s]! - learningRate * step[s]!;
    }
  }
}
