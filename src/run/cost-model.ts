/**
 * Predicts the thread seconds of work from its arithmetic. The model is linear: it starts with the rates of a common
 * machine and learns those of this one by a Kalman filter on relative errors, whose state is a slow random walk.
 */
import type { Arithmetic } from '../trajectory/cost.js';

/** Amounts of work that are known before it is done. Additive. */
export type Work = readonly [
  training: number,
  activations: number,
  selection: number,
  evaluation: number,
  starts: number,
];

/** Seconds per unit of work on a common machine: per operation, and per start of a trajectory. */
const COMMON_SECONDS: Work = [1e-10, 1e-10, 5e-11, 2e-10, 0.05];
/** Prior and largest variance of a factor. The variance of an observation is 1. */
const MAX_VARIANCE = 10;
/** Growth of a factor's variance per observation: other programs on the machine start and end. */
const DRIFT = 1e-3;

export const NO_WORK: Work = [0, 0, 0, 0, 0];

export function workOf({ training, activations, selection, evaluation }: Arithmetic, starts = 0): Work {
  return [training, activations, selection, evaluation, starts];
}

export function addWork(a: Work, b: Work, times = 1): Work {
  return a.map((amount, i) => amount + times * b[i]!) as unknown as Work;
}

/** The larger amount of each kind. */
export function largerWork(a: Work, b: Work): Work {
  return a.map((amount, i) => Math.max(amount, b[i]!)) as unknown as Work;
}

export class CostModel {
  /** For each kind of work, time on this machine relative to the common machine. */
  readonly #factors = COMMON_SECONDS.map(() => 1);
  readonly #covariance: number[][] = COMMON_SECONDS.map((_, i) =>
    COMMON_SECONDS.map((__, j) => (i === j ? MAX_VARIANCE : 0)),
  );

  /** Expected seconds; never negative. */
  seconds(work: Work): number {
    return work.reduce(
      (sum, amount, i) => sum + amount * COMMON_SECONDS[i]! * Math.max(0, this.#factors[i]!),
      0,
    );
  }

  /** Learns that `work` took so many seconds. */
  observe(work: Work, seconds: number): void {
    const expected = work.map((amount, i) => amount * COMMON_SECONDS[i]!);
    const scale = expected.reduce((sum, part) => sum + part, 0);
    if (!(scale > 0)) return;
    const x = expected.map(part => part / scale);
    for (const [i, row] of this.#covariance.entries()) row[i] = Math.min(MAX_VARIANCE, row[i]! + DRIFT);
    const spread = this.#covariance.map(row => dot(row, x));
    const gain = spread.map(part => part / (1 + dot(spread, x)));
    const error = seconds / scale - dot(this.#factors, x);
    for (let i = 0; i < x.length; i++) {
      this.#factors[i]! += gain[i]! * error;
      for (let j = 0; j < x.length; j++) {
        this.#covariance[i]![j]! -= gain[i]! * spread[j]!;
      }
    }
  }
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);
