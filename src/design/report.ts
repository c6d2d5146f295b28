import type { RefinedProposal } from './refined.js';
import type { Assumptions, Trial } from './simulate.js';
import type { BendTrial } from './try-bends.js';

/** The shape of `design --json`; fields are added, never renamed. Times are iterations; ln is natural. */
export interface DesignReport {
  readonly shape: 1;
  readonly sweep: string;
  /** The group that is simulated: the sweep's primary group, with the name that `fit` gives it. */
  readonly group: string;
  readonly sizes: readonly number[];
  readonly seeds: number;
  /** Ascending, without t = 0. */
  readonly checkpoints: readonly number[];
  /** `learntFrom` names the database's group that the values come from; null if they come from no database. */
  readonly assumed: Assumptions & { readonly learntFrom: string | null };
  readonly simulations: number;
  readonly simulationSeed: number;
  readonly laws: readonly Trial[];
  /** How often a bend in the middle of the range would be found; empty where t* is assumed not to grow. */
  readonly bends: readonly BendTrial[];
  /** Wall seconds of the whole sweep from scratch, with this many threads on this machine. */
  readonly cost: { readonly seconds: number; readonly threads: number };
  /** The same crossings from refined checkpoints, with what they would cost; null where there is nothing to gain. */
  readonly refined: {
    readonly pretrainIterations: RefinedProposal['pretrainIterations'];
    /** Expected cells, and those of this sweep. */
    readonly cells: number;
    readonly cellsNow: number;
    readonly seconds: number;
  } | null;
}
