/** Predicts the trajectories of sweeps in a database: what is stored is not computed again. */
import { Piscina } from 'piscina';
import { TooLargeError } from '../base/errors.js';
import { workerFile } from '../base/paths.js';
import { formatBytes } from '../base/units.js';
import type { Dataset } from '../data/dataset.js';
import type { DatasetIdentity, ThresholdSpec, TrajectoryConfig } from '../domain/types.js';
import {
  datasetFolders,
  type PredictableTrajectory,
  predictableTrajectories,
  storedPredictions,
} from '../store/read/predictions.js';
import type { Reader } from '../store/read/reader.js';
import type { PredictionScope, StoredPrediction } from '../store/schema/predictions.js';
import type { SweepRow } from '../store/schema/rows.js';
import type { Store } from '../store/write/store.js';
import { predictionCost } from '../theory/cost.js';
import type { KernelKind } from '../theory/kernel.js';
import type { PredictedTrajectory, Prediction, PredictionTask } from '../theory/predict.js';
import { targetsOf } from '../theory/targets.js';
import { InputLibrary, imagesKey } from '../trajectory/environment.js';
import { loadIdentified } from './load-identified.js';
import type { PreparedSweep } from './prepare.js';

export interface PredictOptions {
  readonly kernel: KernelKind;
  readonly threads: number;
  readonly dataDir?: string | undefined;
  readonly memoryBytes: number;
  readonly signal: AbortSignal;
  /** Largest trajectories first, which ends soonest, or smallest, so that a stop leaves whole sizes. */
  readonly order: 'largest' | 'smallest';
  /** Called as trajectories are finished, those that were stored before included. */
  readonly progress?: (done: number, all: number) => void;
}

export interface PredictOutcome {
  readonly trajectories: number;
  /** Of these, computed now; the others were stored. */
  readonly computed: number;
  readonly stopped: boolean;
  /** Core seconds of brackets with lambda_max and theorems, and of lambda_0. */
  readonly bracketS: number;
  readonly lambda0S: number;
}

interface Job {
  readonly sweep: string;
  readonly trajectory: PredictableTrajectory;
  readonly task: PredictionTask;
  readonly scope: PredictionScope;
}

/**
 * Computes what is missing in worker threads, and stores each trajectory when it is finished. The rows do not depend on
 * threads or order.
 *
 * @throws DataError, TooLargeError (TOO_LARGE), StoreError
 */
export async function predictSweeps(
  store: Store,
  sweeps: readonly SweepRow[],
  options: PredictOptions,
): Promise<PredictOutcome> {
  const reader = store.toReader();
  const jobs: Job[] = [];
  let trajectories = 0;
  for (const { name, thresholds } of sweeps) {
    const stored = storedPredictions(reader, name, options.kernel);
    for (const trajectory of predictableTrajectories(reader, name)) {
      const job = jobOf(name, trajectory, thresholds, options.kernel);
      if (job.task.targets.length === 0) continue;
      trajectories++;
      if (!isStored(job, stored.get(trajectory.id))) jobs.push(job);
    }
  }
  const outcome = { trajectories, computed: 0, stopped: false, bracketS: 0, lambda0S: 0 };
  const report = () => options.progress?.(trajectories - jobs.length + outcome.computed, trajectories);
  report();
  if (jobs.length === 0 || options.signal.aborted) return { ...outcome, stopped: jobs.length > 0 };

  try {
    const datasets = await loadAll(reader, jobs, options);
    await computeAll(jobs, datasets, options, (job, { predictions, bracketS, lambda0S }) => {
      const rows = predictions.map(p => rowOf(p, job));
      store.replacePredictions(job.sweep, job.trajectory.id, job.scope, rows);
      outcome.computed++;
      outcome.bracketS += bracketS;
      outcome.lambda0S += lambda0S;
      report();
    });
  } catch (error) {
    if (!options.signal.aborted) throw error;
    outcome.stopped = true;
  }
  return outcome;
}

/** Rejects where it is stopped. */
async function computeAll(
  jobs: readonly Job[],
  datasets: Map<string, Dataset>,
  options: PredictOptions,
  onDone: (job: Job, predicted: PredictedTrajectory) => void,
): Promise<void> {
  const { signal, order } = options;
  const threads = threadsFor(jobs, datasets, options);
  const pool = new Piscina<PredictionTask, PredictedTrajectory>({
    filename: workerFile('predict'),
    workerData: datasets,
    minThreads: 0,
    maxThreads: threads,
    // Each thread keeps the inputs that it has scaled.
    idleTimeout: 1000,
  });
  const stop = () => void pool.destroy();
  signal.addEventListener('abort', stop);
  const size = ({ trajectory: { config } }: Job) => config.datasetSize * config.width;
  const waiting = [...jobs].sort((a, b) => (order === 'smallest' ? size(a) - size(b) : size(b) - size(a)));
  // One task at a time for each thread: piscina runs what waits in its queue in another order.
  const computeWaiting = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      signal.throwIfAborted();
      const predicted = await pool.run(job.task);
      signal.throwIfAborted();
      onDone(job, predicted);
    }
  };
  try {
    await Promise.all(Array.from({ length: threads }, computeWaiting));
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.destroy();
  }
}

function jobOf(
  sweep: string,
  trajectory: PredictableTrajectory,
  thresholds: readonly ThresholdSpec[],
  kernel: KernelKind,
): Job {
  const { config, horizon, subnetSize } = trajectory;
  const targets = targetsOf(thresholds, config.datasetSize);
  return {
    sweep,
    trajectory,
    task: { config, kernel, targets, lastIteration: horizon, subnetSize },
    scope: { kernel, horizon, subnetSize },
  };
}

function isStored(
  { scope, task }: Job,
  stored: { scope: PredictionScope; targets: readonly number[] } | undefined,
): boolean {
  return (
    stored !== undefined &&
    stored.scope.horizon === scope.horizon &&
    stored.scope.subnetSize === scope.subnetSize &&
    stored.targets.length === task.targets.length &&
    task.targets.every(target => stored.targets.includes(target))
  );
}

/** By imagesKey. */
async function loadAll(
  reader: Reader,
  jobs: readonly Job[],
  options: PredictOptions,
): Promise<Map<string, Dataset>> {
  const needed = new Map<string, { identity: DatasetIdentity; id: string }>();
  for (const { trajectory } of jobs)
    needed.set(imagesKey(trajectory.config.dataset), {
      identity: trajectory.config.dataset,
      id: trajectory.id,
    });
  const datasets = new Map<string, Dataset>();
  for (const [key, { identity, id }] of needed) {
    const folders = identity.name === 'idx' ? datasetFolders(reader, id) : [];
    datasets.set(key, await loadIdentified(identity, folders, options));
  }
  return datasets;
}

/** As many threads as fit in memory. @throws TooLargeError if not even one does. */
function threadsFor(
  jobs: readonly Job[],
  datasets: ReadonlyMap<string, Dataset>,
  { threads, memoryBytes, kernel }: PredictOptions,
): number {
  const library = new InputLibrary(datasets);
  const images = [...datasets.values()].reduce(
    (sum, { pool, test }) => sum + (pool.count + test.count) * pool.pixels,
    0,
  );
  let largest = 0;
  for (const { trajectory } of jobs) {
    const { config } = trajectory;
    const { source } = library.open(config.dataset, config.inputs.scaling, config.network.bias);
    const { bytes } = predictionCost(config, kernel, source, trajectory.horizon);
    refuseTooLarge(config, images + bytes, memoryBytes);
    largest = Math.max(largest, bytes);
  }
  return Math.max(1, Math.min(threads, jobs.length, Math.floor((memoryBytes - images) / largest)));
}

/** Checks a sweep before anything is written. @throws TooLargeError (TOO_LARGE) */
export function checkPredictionMemory(
  { trajectories, spec, imageBytes, sizesOf }: PreparedSweep,
  kernel: KernelKind,
  memoryBytes: number,
): void {
  for (const trajectory of trajectories) {
    const { config, checkpoints } = trajectory;
    if (targetsOf(spec.thresholds, config.datasetSize).length === 0) continue;
    const { bytes } = predictionCost(config, kernel, sizesOf(trajectory), checkpoints.at(-1)?.t ?? 0);
    refuseTooLarge(config, imageBytes + bytes, memoryBytes);
  }
}

function refuseTooLarge({ datasetSize, width }: TrajectoryConfig, bytes: number, memoryBytes: number): void {
  if (bytes <= memoryBytes) return;
  throw new TooLargeError(
    `the kernel of datasetSize ${datasetSize} with width ${width} needs ${formatBytes(bytes)}, expected at most ` +
      `${formatBytes(memoryBytes)}`,
  );
}

const rowOf = (p: Prediction, { scope }: Job): StoredPrediction => ({
  target: p.target,
  kernel: scope.kernel,
  predicted: p.predicted,
  predicted_lower: p.lower,
  predicted_upper: p.upper,
  floor: p.floor,
  lanczos_steps: p.lanczosSteps,
  bound_kind: p.boundKind,
  lambda_max: p.lambdaMax,
  lambda_0_upper: p.lambda0Upper,
  lambda_0_exact: p.lambda0Exact,
  t_lambda0_sharp: p.sharp,
  t_lambda0_half: p.half,
  t_theorem3_c1: p.theorem3,
  t_theorem10_c1: p.theorem10,
  reason: p.reason,
});
