/** Runs a sweep: the only file that joins executor and store. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dataset } from './data/dataset.js';
import type { PlannedTrajectory } from './domain/config.js';
import { axisValuesOf } from './domain/grid.js';
import type { CheckpointTask, TrajectoryEvent } from './domain/task.js';
import type { Executor, TrajectoryTask } from './execute/executor.js';
import { loadData } from './load.js';
import type { PreparedSweep } from './prepare.js';
import { provenance } from './provenance.js';
import { arithmeticOf, totalOf } from './run/cost.js';
import { Snapshots } from './store/snapshots.js';
import { Store, type SweepProgress } from './store/store.js';
import { summariseThresholds, type ThresholdSummary } from './threshold/summary.js';
import { computeThresholds } from './threshold/targets.js';

/** What a run tells while it goes on. */
export interface RunObserver {
  /** After every commit-worthy event; `workDone` is the share of the estimated arithmetic of this run, 0 to 1. */
  progress?(progress: SweepProgress, workDone: number): void;
  warning?(message: string): void;
  failure?(id: string, code: string, message: string): void;
}

export interface RunOptions {
  readonly db: string;
  readonly threads: number;
  /** Makes the executor once the data are loaded; not called where nothing is left to do. */
  readonly executor: (datasets: ReadonlyMap<string, Dataset>) => Executor | Promise<Executor>;
  /** Aborted: finish the step, keep everything finished, return with `stopped`. */
  readonly signal?: AbortSignal;
  readonly observer?: RunObserver;
}

export interface RunOutcome {
  readonly progress: SweepProgress;
  /** Asked to stop with something left to do. */
  readonly stopped: boolean;
  /** Where the curves of finished trajectories cross their targets. */
  readonly thresholds: readonly ThresholdSummary[];
}

export async function runSweep(prepared: PreparedSweep, options: RunOptions): Promise<RunOutcome> {
  const { spec, trajectories } = prepared;
  const { signal, observer = {} } = options;
  const store = Store.open(options.db);
  try {
    store.saveSweep(
      {
        name: spec.name,
        definition: spec.definition,
        evaluate: spec.evaluate,
        thresholds: spec.thresholds,
        axes: (config, variant) => axisValuesOf(spec, config, variant),
      },
      trajectories,
    );
    const left = trajectories.filter(
      trajectory => store.isPending(trajectory.id) && store.unfinished(trajectory, spec.evaluate).length > 0,
    );
    observer.progress?.(store.progress(spec.name), 0);
    if (left.length > 0 && !signal?.aborted) {
      const datasets = await loadUnlessAborted(prepared, options);
      if (datasets) await runAll(prepared, left, store, await options.executor(datasets), options);
    }
    store.flush();
    const largestSize = trajectories.reduce((most, { config }) => Math.max(most, config.datasetSize), 0);
    const thresholds = computeThresholds(spec.thresholds, store.curveRows(spec.name), largestSize);
    store.replaceThresholds(spec.name, thresholds.rows);
    for (const note of thresholds.notes) observer.warning?.(note);
    const configs = new Map(trajectories.map(({ id, config }) => [id, config]));
    const progress = store.progress(spec.name);
    const open = progress.trajectories - progress.trajectoriesDone - progress.trajectoriesFailed;
    return {
      progress,
      stopped: (signal?.aborted ?? false) && open > 0,
      thresholds: summariseThresholds(spec.thresholds, thresholds.rows, configs),
    };
  } finally {
    store.close();
  }
}

async function loadUnlessAborted(
  prepared: PreparedSweep,
  { threads, signal }: RunOptions,
): Promise<Map<string, Dataset> | null> {
  try {
    return await loadData(prepared, threads, signal);
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}

/** Keeps the executor busy, the longest trajectories first, until all are done or a stop is asked for. */
async function runAll(
  prepared: PreparedSweep,
  left: readonly PlannedTrajectory[],
  store: Store,
  executor: Executor,
  { db, signal, observer = {} }: RunOptions,
): Promise<void> {
  const snapshots = new Snapshots(db);
  const { name, evaluate } = prepared.spec;
  const workOf = (trajectory: PlannedTrajectory, checkpoints: readonly CheckpointTask[], from: number) =>
    totalOf(arithmeticOf({ ...trajectory, checkpoints }, evaluate, prepared.sizesOf(trajectory), from));
  const work = new Map(
    left.map(trajectory => {
      const checkpoints = store.unfinished(trajectory, evaluate);
      const from = snapshots.startFor(trajectory.id, checkpoints[0]?.t ?? 0);
      return [trajectory.id, workOf(trajectory, checkpoints, from)];
    }),
  );
  const queue = [...left].sort((a, b) => work.get(b.id)! - work.get(a.id)!);
  const total = queue.reduce((sum, { id }) => sum + work.get(id)!, 0);
  // Counted here as events come: asking the database each time would cost more the larger the sweep.
  const progress = { ...store.progress(name) };
  const repeated = new Map<string, { message: string; trajectories: number }>();
  const warn = (topic: string, message: string) => {
    const said = repeated.get(topic);
    if (said) said.trajectories++;
    else {
      repeated.set(topic, { message, trajectories: 0 });
      observer.warning?.(message);
    }
  };
  let done = 0;
  let fault: { readonly error: unknown } | null = null;
  const afterwards = (committed: Promise<void>, work: () => void) =>
    void committed.then(work).catch((error: unknown) => {
      fault ??= { error };
      executor.stop();
    });
  const stop = () => executor.stop();
  signal?.addEventListener('abort', stop);

  const attempt = provenance(executor.capacity);

  const runOne = async (trajectory: PlannedTrajectory, lane: number) => {
    const { id, config } = trajectory;
    const checkpoints = store.unfinished(trajectory, evaluate);
    const snapshot = snapshots.read(id, checkpoints[0]!.t);
    let t = snapshot?.t ?? 0;
    let checkpoint = 0;
    const task: TrajectoryTask = {
      id,
      config,
      checkpoints,
      evaluate,
      snapshot,
      memoryBytes: prepared.bytesOf(trajectory),
      snapshotEveryMs: null,
    };
    store.started(id, { ...attempt, worker: `${attempt.host}/${attempt.process}/${lane}` });
    for await (const event of executor.submit(task)) {
      if (event.kind === 'warning') {
        warn(event.topic, event.message);
        continue;
      }
      const committed = record(id, event, store, snapshots, observer);
      let worked = 0;
      if (event.kind === 'rows') {
        worked = workOf(trajectory, [checkpoints[checkpoint++]!], t);
        t = event.checkpoint.t;
      }
      // What is said to be done is on the disk.
      afterwards(committed, () => {
        done += worked;
        if (event.kind === 'rows') progress.cellsDone += event.cells.length;
        else if (event.kind === 'done') progress.trajectoriesDone++;
        else if (event.kind === 'failed') progress.trajectoriesFailed++;
        else return;
        // Another sweep may ask for more of it.
        if (event.kind === 'done' && !store.isPending(id)) snapshots.remove(id);
        observer.progress?.(progress, done / total);
      });
    }
  };
  const runLane = async (_: unknown, lane: number) => {
    for (let next = queue.shift(); next && !signal?.aborted; next = queue.shift()) await runOne(next, lane);
  };
  try {
    await Promise.all(Array.from({ length: executor.capacity }, runLane));
    store.flush();
    await nextTurn();
    if (fault) throw (fault as { error: unknown }).error;
  } catch (error) {
    // What runs beside a lane that broke is stopped, not failed.
    executor.stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await executor.close();
    for (const { message, trajectories } of repeated.values()) {
      if (trajectories > 0) observer.warning?.(`${message}; likewise for ${trajectories} more trajectories`);
    }
  }
}

/** Resolves when what the event tells is on the disk. */
function record(
  id: string,
  event: Exclude<TrajectoryEvent, { kind: 'warning' }>,
  store: Store,
  snapshots: Snapshots,
  observer: RunObserver,
): Promise<void> {
  switch (event.kind) {
    case 'rows':
      return store.rows(id, event.checkpoint, event.cells);
    case 'snapshot':
      snapshots.write(id, event.snapshot);
      return Promise.resolve();
    case 'failed':
      observer.failure?.(id, event.code, event.message);
      return store.finished(id, event);
    default:
      return store.finished(id, event);
  }
}
