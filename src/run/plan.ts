/** Predicts what a sweep costs on this machine. */
import { atOnce, type Steps } from '../base/steps.js';
import { countCells } from '../domain/grid.js';
import type { CheckpointTask } from '../domain/messages.js';
import type { PlannedTrajectory, Variant } from '../domain/types.js';
import { samplesPerPick } from '../domain/variant.js';
import { predictionCost } from '../theory/cost.js';
import { targetsOf } from '../theory/targets.js';
import {
  type Arithmetic,
  arithmeticBy,
  arithmeticOf,
  selectionWork,
  snapshotBytes,
  WORK_KINDS,
} from '../trajectory/cost.js';
import { calibrate, type Rates, type TypicalWork } from './calibrate.js';
import { expectedArithmetic, expectedCheckpoints, shareOpen } from './expected-checkpoints.js';
import type { Job } from './job-queue.js';
import { defaultOrder, type Order, rankBy } from './order.js';
import type { PreparedSweep } from './prepare.js';
import { type Schedule, scheduleOf } from './schedule.js';

/** What a sweep costs on this machine, as `espalier plan --json` prints it. */
export interface SweepPlan {
  readonly sweep: string;
  readonly engine: string;
  /** What runs the engine's hot loops here, whose speed was measured; null where there is no choice. */
  readonly kernels: string | null;
  readonly threads: number;
  readonly trajectories: number;
  /** Cells that are known to be needed: where checkpoints are refined, further ones follow from these. */
  readonly cells: number;
  /** Cells that the database already holds with all requested metrics. */
  readonly cellsHeld: number;
  /** Cells in the end, where checkpoints are refined: about two standard deviations around the mean; else null. */
  readonly cellsExpected: { readonly low: number; readonly mean: number; readonly high: number } | null;
  /** Floating-point operations of the whole sweep, by kind of work. */
  readonly arithmetic: Arithmetic;
  /** Peak bytes of the largest trajectory's worker; then of all threads, with the images they share. */
  readonly workerBytes: number;
  readonly totalBytes: number;
  /** How many states the worker of the largest trajectory may keep to go back to; null where nothing is refined. */
  readonly keptStates: number | null;
  /** What `espalier predict` takes for the whole sweep, with the network's own kernel; null without targets for it. */
  readonly prediction: {
    /** Thread seconds; of these, for lambda_0. */
    readonly seconds: number;
    readonly lambda0Seconds: number;
    /** Peak bytes of a worker. */
    readonly workerBytes: number;
  } | null;
  /** Bytes of the largest trajectory's snapshot. */
  readonly snapshotBytes: number;
  /** Wall seconds on these threads: for the missing cells, for the whole sweep, and for the longest trajectory. */
  readonly secondsLeft: number;
  readonly secondsAll: number;
  readonly secondsLongest: number;
  /** The order in which the missing trajectories run. */
  readonly order: Order;
  /** What will be finished when the time is up, earlier results included; null where the time is not limited. */
  readonly byDeadline: {
    readonly seconds: number;
    readonly trajectories: number;
    /** Cells of these trajectories, and those that others have now. */
    readonly cells: number;
    /** Seeds of which every trajectory is finished. */
    readonly seeds: readonly number[];
  } | null;
}

/** Trajectories of the largest size that fit in memory concurrently: at least one, at most `threads`. */
export function threadsThatFit(prepared: PreparedSweep, threads: number): number {
  const fitting = Math.floor((prepared.memoryBytes - prepared.imageBytes) / largestWorker(prepared));
  return Math.max(1, Math.min(threads, fitting));
}

function largestWorker(prepared: PreparedSweep): number {
  return prepared.trajectories.reduce((most, trajectory) => Math.max(most, prepared.bytesOf(trajectory)), 1);
}

const largestOf = ({ trajectories, bytesOf }: PreparedSweep): PlannedTrajectory =>
  trajectories.reduce((a, b) => (bytesOf(b) > bytesOf(a) ? b : a));

/** A small part of the largest trajectory's work, which represents the sweep in the measurement. */
function typicalWork(prepared: PreparedSweep): TypicalWork {
  const largest = largestOf(prepared);
  const { width, datasetSize: n, train } = largest.config;
  const workOf = (variant: Variant): number => selectionWork(variant, { n, width, t: 0, loss: train.loss });
  const costliest = largest.checkpoints
    .flatMap(checkpoint => checkpoint.variants)
    .filter(({ objective }) => objective !== null)
    .reduce<Variant | null>((most, each) => (most && workOf(most) >= workOf(each) ? most : each), null);
  return {
    width: Math.min(MAX_WIDTH, width),
    samples: Math.min(MAX_SAMPLES, n),
    objective: costliest?.objective ?? 'squared',
    sampleSize: samplesPerPick(costliest?.sampleSize ?? null, n),
  };
}

const MAX_WIDTH = 1000;
const MAX_SAMPLES = 2000;

/** Expected seconds of one thread on one trajectory. */
function secondsOf(arithmetic: Arithmetic, rates: Rates): number {
  return WORK_KINDS.reduce((sum, kind) => sum + arithmetic[kind] / rates[kind], TRAJECTORY_START_S);
}

/** Seconds until a new thread starts to train (modules, kernels, inputs), and per trajectory. */
const THREAD_START_S = 0.5;
const TRAJECTORY_START_S = 0.05;

const secondsIn = ({ duration }: Schedule): number => (duration > 0 ? THREAD_START_S + duration : 0);

/** What a plan is made for. Without the functions: for a sweep of which nothing is finished. */
export interface PlanOptions {
  readonly threads: number;
  /** The checkpoints that lack cells; default: all that are planned. */
  readonly unfinished?: (trajectory: PlannedTrajectory) => readonly CheckpointTask[];
  /** Number of cells that are known to be needed; default: those of the planned checkpoints. */
  readonly cellsKnown?: (trajectory: PlannedTrajectory) => number;
  /** The iteration to resume from, by trajectory id; default: 0. */
  readonly snapshots?: ReadonlyMap<string, number>;
  /** Speed of this machine. By default it is measured. */
  readonly rates?: Rates;
  /** Seconds that the run may take; default: any number. */
  readonly secondsAvailable?: number | undefined;
  /** By default as the time that is available suggests (order.ts). */
  readonly order?: Order | undefined;
}

/** Measures what this machine makes of the sweep's work, for about two seconds. */
export function* measureSpeed(prepared: PreparedSweep): Steps<Rates> {
  // An empty part of a sweep needs no speed.
  if (prepared.trajectories.length === 0) return { training: 1, activations: 1, selection: 1, evaluation: 1 };
  return yield* calibrate(prepared.engine, typicalWork(prepared));
}

/**
 * Adds up the sweep's work and simulates its schedule. A trajectory with new checkpoints trains again from its snapshot,
 * or from 0 without one. Without `rates` it computes for about two seconds, to measure them.
 *
 * @example
 * const plan = planSweep(await prepareSweep(readSweep('my.yaml')), { threads: 4 });
 * console.log(plan.cells, 'cells', plan.secondsLeft, 's', plan.totalBytes, 'bytes');
 */
export function planSweep(prepared: PreparedSweep, options: PlanOptions): SweepPlan {
  const { trajectories, spec, engine } = prepared;
  const rates = options.rates ?? atOnce(measureSpeed(prepared));
  let arithmetic = arithmeticBy(() => 0);
  const plan = { cells: 0, cellsHeld: 0, longest: 0, snapshot: 0 };
  const expected = new ExpectedCells();
  const all: Job[] = [];
  const missing: Job[] = [];
  for (const trajectory of trajectories) {
    const sizes = prepared.sizesOf(trajectory);
    const evaluate = spec.evaluate;
    const own = addArithmetic(
      arithmeticOf(trajectory, evaluate, sizes),
      expectedArithmetic(trajectory, trajectory.checkpoints, evaluate, sizes),
    );
    arithmetic = addArithmetic(arithmetic, own);
    const checkpoints = options.unfinished?.(trajectory) ?? trajectory.checkpoints;
    const cells = options.cellsKnown?.(trajectory) ?? countCells([trajectory]);
    plan.cells += cells;
    expected.add(trajectory, cells, shareOpen(trajectory, checkpoints));
    plan.cellsHeld += cells - countCells([{ checkpoints }]);
    const job = {
      trajectory,
      checkpoints,
      bytes: prepared.bytesOf(trajectory),
      rank: 0,
      failures: 0,
      wasTried: false,
    };
    all.push({ ...job, cost: secondsOf(own, rates) });
    plan.longest = Math.max(plan.longest, all.at(-1)!.cost);
    plan.snapshot = Math.max(plan.snapshot, snapshotBytes(trajectory, sizes));
    if (checkpoints.length === 0) continue;
    const snapshot = options.snapshots?.get(trajectory.id) ?? 0;
    const from = snapshot > checkpoints[0]!.t ? 0 : snapshot;
    const work = addArithmetic(
      arithmeticOf({ ...trajectory, checkpoints }, evaluate, sizes, from),
      expectedArithmetic(trajectory, checkpoints, evaluate, sizes),
    );
    missing.push({ ...job, cost: secondsOf(work, rates) });
  }
  const budget = prepared.memoryBytes - prepared.imageBytes;
  const { threads, secondsAvailable = Number.POSITIVE_INFINITY } = options;
  const whole = scheduleOf(all, threads, budget);
  const longestFirst = scheduleOf(missing, threads, budget);
  const order = options.order ?? defaultOrder(secondsIn(longestFirst), secondsAvailable);
  const rankOf = rankBy(order, spec);
  const ranked = missing.map(job => ({ ...job, rank: rankOf(job.trajectory.config) }));
  const rest = order === 'longest' ? longestFirst : scheduleOf(ranked, threads, budget);
  return {
    sweep: spec.name,
    engine: engine.name,
    kernels: engine.kernels,
    threads: (missing.length > 0 ? rest : whole).threads,
    trajectories: trajectories.length,
    cells: plan.cells,
    cellsHeld: plan.cellsHeld,
    cellsExpected: expected.range(),
    arithmetic,
    workerBytes: largestWorker(prepared),
    totalBytes: whole.bytes + prepared.imageBytes,
    keptStates: trajectories.some(({ refinement }) => refinement)
      ? prepared.keptStatesOf(largestOf(prepared))
      : null,
    prediction: predictionOf(prepared),
    snapshotBytes: plan.snapshot,
    secondsLeft: secondsIn(rest),
    secondsAll: secondsIn(whole),
    secondsLongest: plan.longest,
    order,
    byDeadline: Number.isFinite(secondsAvailable)
      ? finishedWithin(secondsAvailable, rest, trajectories, plan.cellsHeld)
      : null,
  };
}

const addArithmetic = (a: Arithmetic, b: Arithmetic): Arithmetic => arithmeticBy(kind => a[kind] + b[kind]);

/** Adds up the cells of trajectories whose checkpoints are refined. */
class ExpectedCells {
  private isRefined = false;
  private readonly sum = { low: 0, mean: 0, high: 0 };

  /** @param share of the trajectory that is open. */
  add(trajectory: PlannedTrajectory, known: number, share: number): void {
    const added = expectedCheckpoints(trajectory);
    const variants = trajectory.checkpoints[0]?.variants.length ?? 0;
    this.isRefined ||= added !== null;
    for (const key of ['low', 'mean', 'high'] as const)
      this.sum[key] += known + Math.round((added?.[key] ?? 0) * share * variants);
  }

  range(): SweepPlan['cellsExpected'] {
    return this.isRefined ? { ...this.sum } : null;
  }
}

function predictionOf({ trajectories, spec, sizesOf }: PreparedSweep): SweepPlan['prediction'] {
  const asked = trajectories.filter(
    ({ config }) => targetsOf(spec.thresholds, config.datasetSize).length > 0,
  );
  if (asked.length === 0) return null;
  const costs = asked.map(trajectory =>
    predictionCost(trajectory.config, 'initial', sizesOf(trajectory), trajectory.checkpoints.at(-1)?.t ?? 0),
  );
  return costs.reduce(
    (sum, cost) => ({
      seconds: sum.seconds + cost.seconds,
      lambda0Seconds: sum.lambda0Seconds + cost.lambda0Seconds,
      workerBytes: Math.max(sum.workerBytes, cost.bytes),
    }),
    { seconds: 0, lambda0Seconds: 0, workerBytes: 0 },
  );
}

function finishedWithin(
  seconds: number,
  { ended }: Schedule,
  trajectories: readonly PlannedTrajectory[],
  cellsHeld: number,
): NonNullable<SweepPlan['byDeadline']> {
  const isInTime = ({ end }: { end: number }) => THREAD_START_S + end <= seconds;
  const unfinished = ended.filter(job => !isInTime(job)).map(({ job }) => job);
  const openSeeds = new Set(unfinished.map(({ trajectory }) => trajectory.config.seed));
  const seeds = new Set(trajectories.map(({ config }) => config.seed));
  return {
    seconds,
    trajectories: trajectories.length - unfinished.length,
    cells: cellsHeld + countCells(ended.filter(isInTime).map(({ job }) => job)),
    seeds: [...seeds].filter(seed => !openSeeds.has(seed)),
  };
}
