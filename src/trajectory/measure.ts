/** Loss and accuracy of outputs against labels, the same arithmetic for every engine. */
import type { Loss, Metric } from '../domain/types.js';
import { softplus } from '../math/elementary.js';

/**
 * Sums loss and correct signs over samples in the order in which they are added, in float64.
 * Squared loss: 1/2 (f - y)^2. Logistic loss: log(1 + exp(-y f)). An output of exactly 0 counts as wrong.
 */
export class Measure {
  private lossSum = 0;
  private correct = 0;
  private samples = 0;

  constructor(private readonly loss: Loss) {}

  /** `outputs[i]` belongs to `labels[offset + i]`, which is -1 or +1. */
  add(outputs: Float64Array, labels: Float32Array, offset = 0): void {
    const logistic = this.loss === 'logistic';
    for (let i = 0; i < outputs.length; i++) {
      const f = outputs[i]!;
      const y = labels[offset + i]!;
      this.lossSum += logistic ? softplus(-y * f) : 0.5 * (f - y) * (f - y);
      if (f * y > 0) this.correct++;
    }
    this.samples += outputs.length;
  }

  result(): Metric {
    return { loss: this.lossSum / this.samples, accuracy: this.correct / this.samples };
  }
}

export function measure(outputs: Float64Array, labels: Float32Array, loss: Loss): Metric {
  const sum = new Measure(loss);
  sum.add(outputs, labels);
  return sum.result();
}
