/**
 * Seconds of a thread for work that is described by its arithmetic: a linear model that starts from what a common
 * machine does and learns from what this one took: a Kalman filter on relative errors, whose state wanders slowly.
 */
import type { Arithmetic } from '../trajectory/cost.js';

/** Amounts of work that are known before it is done. They add up. */
export type Work = readonly [
  training: number,
  activations: number,
  selection: number,
  evaluation: number,
  starts: number,
];

/** Seconds of each unit of work: operations, and the start of a trajectory. */
const COMMON: Work = [1e-10, 1e-10, 5e-11, 2e-10, 0.05];
/** Variance of a factor that was never observed, that of an observation being 1. */
const DOUBT = 10;
/** What a factor's variance grows by from one observation to the next: another program may come or go. */
const DRIFT = 1e-3;

export const NO_WORK: Work = [0, 0, 0, 0, 0];

export function workOf({ training, activations, selection, evaluation }: Arithmetic, starts = 0): Work {
  return [training, activations, selection, evaluation, starts];
}

export function addWork(a: Work, b: Work, times = 1): Work {
  return a.map((amount, i) => amount + times * b[i]!) as unknown as Work;
}

export class CostModel {
  /** Of each kind, how many times as long as on the common machine. */
  readonly #factors = COMMON.map(() => 1);
  readonly #covariance: number[][] = COMMON.map((_, i) => COMMON.map((__, j) => (i === j ? DOUBT : 0)));

  /** Expected seconds; never negative. */
  seconds(work: Work): number {
    return work.reduce((sum, amount, i) => sum + amount * COMMON[i]! * Math.max(0, this.#factors[i]!), 0);
  }

  /** This work took so many seconds. */
  observe(work: Work, seconds: number): void {
    const common = work.map((amount, i) => amount * COMMON[i]!);
    const scale = common.reduce((sum, part) => sum + part, 0);
    if (!(scale > 0)) return;
    const x = common.map(part => part / scale);
    for (const [i, row] of this.#covariance.entries()) row[i] = Math.min(DOUBT, row[i]! + DRIFT);
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
