import type { Assumptions, Trial } from './simulate.js';

/** The shape of `design --json`; fields are added, never renamed. Times are iterations; ln is natural. */
export interface DesignReport {
  readonly shape: 1;
  readonly sweep: string;
  /** The curves that are simulated: the sweep's primary group, as `fit` names it. */
  readonly group: string;
  readonly sizes: readonly number[];
  readonly seeds: number;
  /** After t = 0, ascending. */
  readonly checkpoints: readonly number[];
  /** `learntFrom`: the group of the database that they were learnt from, null for none. */
  readonly assumed: Assumptions & { readonly learntFrom: string | null };
  readonly simulations: number;
  readonly simulationSeed: number;
  readonly laws: readonly Trial[];
  /** Wall seconds of the whole sweep from nothing, on these threads of this machine. */
  readonly cost: { readonly seconds: number; readonly threads: number };
}
