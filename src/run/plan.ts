/** What a sweep would cost on this machine, before it is run. */

import { countCells } from '../domain/grid.js';
import type { CheckpointTask } from '../domain/messages.js';
import type { PlannedTrajectory } from '../domain/types.js';
import { type Arithmetic, arithmeticOf, snapshotBytes, WORK_KINDS } from '../trajectory/cost.js';
import { calibrate, type Rates } from './calibrate.js';
import type { PreparedSweep } from './prepare.js';

export interface SweepPlan {
  readonly sweep: string;
  readonly engine: string;
  readonly threads: number;
  readonly trajectories: number;
  readonly cells: number;
  /** Cells that the database already holds with all metrics asked for. */
  readonly cellsHeld: number;
  /** Floating-point operations of the whole sweep, by kind of work. */
  readonly arithmetic: Arithmetic;
  /** Peak bytes of the largest trajectory's worker, and of all threads with the images they share. */
  readonly workerBytes: number;
  readonly totalBytes: number;
  /** Bytes of the largest trajectory's snapshot. */
  readonly snapshotBytes: number;
  /** Wall seconds for what is not held yet, on these threads; for the whole sweep; and of the longest trajectory. */
  readonly secondsLeft: number;
  readonly secondsAll: number;
  readonly secondsLongest: number;
}

/** As many of `threads` as fit in memory at once with the largest trajectories, at least one. */
export function threadsThatFit(prepared: PreparedSweep, threads: number): number {
  const fitting = Math.floor((prepared.memoryBytes - prepared.imageBytes) / largestWorker(prepared));
  return Math.max(1, Math.min(threads, fitting));
}

function largestWorker(prepared: PreparedSweep): number {
  return prepared.trajectories.reduce((most, trajectory) => Math.max(most, prepared.bytesOf(trajectory)), 1);
}

/** Expected seconds of one thread on one trajectory. */
function secondsOf(arithmetic: Arithmetic, rates: Rates): number {
  return WORK_KINDS.reduce((sum, kind) => sum + arithmetic[kind] / rates[kind], 0);
}

/**
 * Measures this machine for about a second (calibrate.ts) and adds up.
 * Training is paid again from the nearest snapshot, else from 0, where checkpoints are added to a trajectory.
 */
export function planSweep(
  prepared: PreparedSweep,
  options: {
    readonly threads: number;
    readonly unfinished: (trajectory: PlannedTrajectory) => readonly CheckpointTask[];
    /** By trajectory id: the iteration of its snapshot, from which it goes on. */
    readonly snapshots: ReadonlyMap<string, number>;
  },
): SweepPlan {
  const { trajectories, spec, engine } = prepared;
  const largest = trajectories.reduce((a, b) => (prepared.bytesOf(b) > prepared.bytesOf(a) ? b : a));
  const rates = calibrate(
    engine,
    Math.min(1000, largest.config.width),
    Math.min(2000, largest.config.datasetSize),
  );
  const arithmetic = { training: 0, activations: 0, selection: 0, evaluation: 0 };
  const plan = { cells: 0, cellsHeld: 0, all: 0, left: 0, longest: 0, snapshot: 0 };
  for (const trajectory of trajectories) {
    const sizes = prepared.sizesOf(trajectory);
    const own = arithmeticOf(trajectory, spec.evaluate, sizes);
    for (const kind of WORK_KINDS) arithmetic[kind] += own[kind];
    const seconds = secondsOf(own, rates);
    const checkpoints = options.unfinished(trajectory);
    const cells = countCells([trajectory]);
    plan.cells += cells;
    plan.cellsHeld += cells - countCells([{ checkpoints }]);
    plan.all += seconds;
    const snapshot = options.snapshots.get(trajectory.id) ?? 0;
    const from = snapshot > (checkpoints[0]?.t ?? 0) ? 0 : snapshot;
    const left = arithmeticOf({ ...trajectory, checkpoints }, spec.evaluate, sizes, from);
    plan.left += secondsOf(left, rates);
    plan.longest = Math.max(plan.longest, seconds);
    plan.snapshot = Math.max(plan.snapshot, snapshotBytes(trajectory, sizes));
  }
  const threads = threadsThatFit(prepared, options.threads);
  const workerBytes = largestWorker(prepared);
  return {
    sweep: spec.name,
    engine: engine.name,
    threads,
    trajectories: trajectories.length,
    cells: plan.cells,
    cellsHeld: plan.cellsHeld,
    arithmetic,
    workerBytes,
    totalBytes: threads * workerBytes + prepared.imageBytes,
    snapshotBytes: plan.snapshot,
    secondsLeft: plan.left / threads,
    secondsAll: plan.all / threads,
    secondsLongest: plan.longest,
  };
}
