/** Runs a sweep: the only file that joins executor and store. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { refreshThresholds } from '../analysis/thresholds.js';
import { provenance } from '../base/provenance.js';
import type { Dataset } from '../data/dataset.js';
import type { Executor, ResultCheck } from '../execute/executor.js';
import { createInlineExecutor } from '../execute/inline.js';
import { createPoolExecutor } from '../execute/pool.js';
import { Snapshots } from '../store/file/snapshots.js';
import { takeThreadRequest } from '../store/file/thread-request.js';
import { describeSlowReader } from '../store/file/write-ahead-log.js';
import { Store } from '../store/write/store.js';
import { summariseThresholds, type ThresholdSummary } from '../threshold/summary.js';
import { EventLog } from './event-log.js';
import { loadData } from './load-data.js';
import { combineObservers, type RunObserver, type RunOptions, type RunOutcome } from './observer.js';
import type { PreparedSweep } from './prepare.js';
import { refineFromStored } from './refinement.js';
import { createResultCheck } from './result-check.js';
import { Scheduler } from './scheduler.js';
import { storedSweep } from './stored-sweep.js';

/** After a stop, thresholds are refreshed up to this many finished cells, which takes a fraction of a second. */
const CELLS_AT_A_STOP = 50_000;

/** How often a run looks whether its database is in its place, and whether another number of threads is asked for. */
const LOOK_MS = 1_000;

/**
 * Runs what is not finished of a sweep, and stores every result in a database. The same sweep gives the same bits at any
 * number of threads, stopped and run again or not.
 *
 * If the database is removed or moved away meanwhile, the trajectories stop at their next step, everything is written
 * back, and they go on. A trajectory that fails is a number of `progress`, not a throw.
 *
 * @example
 * const prepared = await prepareSweep(readSweep('my.yaml'));
 * const { progress, thresholds } = await runSweep(prepared, { db: 'results/my.sqlite', threads: 4 });
 *
 * @throws StoreError (DATABASE_HELD by another run, DATABASE_REPLACED if another file is in its place, DATABASE_IO,
 *   DISK_FULL, NETWORK_FILESYSTEM, NOT_A_DATABASE, NOT_OURS, NEWER_SCHEMA); DataError for data that have changed
 */
export async function runSweep(prepared: PreparedSweep, options: RunOptions): Promise<RunOutcome> {
  const wish: ThreadWish = { threads: null };
  const folder = process.cwd();
  const path = resolve(options.db);
  let { db } = options;
  for (;;) {
    const outcome = await runInPlace(prepared, { ...options, db }, wish);
    if (outcome) return outcome;
    options.observer?.warning?.(`${options.db} is written back; the run goes on`);
    db = path;
    returnTo(folder);
  }
}

/** Enters the working directory anew if it went with the database: no thread starts in one that is removed. */
function returnTo(folder: string): void {
  try {
    if (statSync('.').ino !== statSync(folder).ino) process.chdir(folder);
  } catch {
    // It is not there again: the database lies elsewhere.
  }
}

/** The number of threads that was asked for last (thread-request.ts); null before. */
interface ThreadWish {
  threads: number | null;
}

/** Returns null where the database was not in its place: it was written back, and all may not be finished. */
async function runInPlace(
  prepared: PreparedSweep,
  options: RunOptions,
  wish: ThreadWish,
): Promise<RunOutcome | null> {
  const { spec, trajectories } = prepared;
  const store = Store.open(options.db, {
    unsafeFilesystem: options.unsafeFilesystem,
    slowReader: reader =>
      reader
        ? observer.warning?.(describeSlowReader(reader))
        : log.event('the reader is gone; the write-ahead log can be emptied again', {}),
  });
  const log = new EventLog(options.db);
  const observer = combineObservers(options.observer ?? {}, log.observer);
  const displaced = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, displaced.signal]) : displaced.signal;
  let scheduler: Scheduler | null = null;
  const isInPlace = () => {
    if (!displaced.signal.aborted && !store.isInPlace()) {
      observer.warning?.(
        `${options.db} was removed, moved or replaced while it is written; what was recorded is being saved`,
      );
      displaced.abort();
    }
    return !displaced.signal.aborted;
  };
  const looking = setInterval(() => {
    const threads = takeThreadRequest(options.db, store.token);
    if (threads !== null) {
      wish.threads = threads;
      scheduler?.resize(threads);
    }
    scheduler?.publishQueue();
    isInPlace();
  }, LOOK_MS);
  const abandon = () => {
    store.close();
    log.event('run ended at once', {});
  };
  const stop = () => log.event('stop requested', {});
  options.abandon?.addEventListener('abort', abandon);
  options.signal?.addEventListener('abort', stop);
  const began = performance.now();
  try {
    const sweep = storedSweep(spec);
    const changes = store.saveSweep(sweep, trajectories);
    if (changes) observer.changed?.(changes);
    const known = refineFromStored(store, sweep, trajectories);
    const left = store.unfinishedTrajectories(known, spec.evaluate);
    log.event('run began', {
      sweep: spec.name,
      left: left.length,
      ...provenance(options.threads),
      ...engineOf(prepared),
    });
    const needed = new Set(left.map(({ trajectory }) => trajectory.id));
    const snapshots = new Snapshots(options.db);
    // `retry` may resume failed trajectories, and other sweeps may resume pending ones.
    snapshots.keepOnly(id => needed.has(id) || ['pending', 'failed'].includes(store.status(id) ?? ''));
    const check = createResultCheck(store, observer);
    let isStored = true;
    let progress = store.progress(spec.name);
    observer.progress?.(progress, { workDone: 0, secondsLeft: null });
    if (left.length > 0 && !signal.aborted) {
      const datasets = await loadUnlessAborted(prepared, options.threads, signal);
      if (datasets) {
        const executor = await createExecutor(prepared, options, datasets, check);
        scheduler = new Scheduler(prepared, left, store, snapshots, executor, {
          ...options,
          signal,
          observer,
        });
        if (wish.threads !== null) scheduler.resize(wish.threads);
        await scheduler.run();
        progress = check.failures > 0 && scheduler.isStored ? store.progress(spec.name) : scheduler.progress;
        isStored = scheduler.isStored;
      }
    }
    const open = progress.trajectories - progress.trajectoriesDone - progress.trajectoriesFailed;
    const stopped = (options.signal?.aborted ?? false) && open > 0;
    log.event('run ended', { stopped, ...progress, seconds: (performance.now() - began) / 1000 });
    // A stop must not wait for the curves of a large sweep.
    const isShort = !stopped || progress.cellsDone <= CELLS_AT_A_STOP;
    const thresholds = isShort && isStored && isInPlace() ? summariseStored(prepared, store, observer) : [];
    return isInPlace() || stopped ? { progress, stopped, thresholds } : null;
  } catch (error) {
    log.fault(error);
    throw error;
  } finally {
    clearInterval(looking);
    options.abandon?.removeEventListener('abort', abandon);
    options.signal?.removeEventListener('abort', stop);
    try {
      store.close();
    } finally {
      log.close();
    }
  }
}

/** The executor that the options ask for, else a pool of threads. */
function createExecutor(
  { engine }: PreparedSweep,
  { executor, threads }: RunOptions,
  datasets: ReadonlyMap<string, Dataset>,
  check: ResultCheck,
): Executor | Promise<Executor> {
  if (executor) return executor(datasets, check);
  // Only this thread has an engine that a program has passed.
  if (engine.name.startsWith('own:')) return createInlineExecutor({ engine, datasets });
  return createPoolExecutor({ engine: engine.name, datasets, threads });
}

const engineOf = ({ engine: { name, numerics, kernels } }: PreparedSweep) => ({
  engine: name,
  numerics,
  kernels,
});

/** Stores the thresholds of finished trajectories and summarises them. */
function summariseStored(
  { spec, trajectories }: PreparedSweep,
  store: Store,
  observer: RunObserver,
): ThresholdSummary[] {
  const sweep = store.toReader().sweep(spec.name);
  const { rows, notes } = refreshThresholds(store, sweep);
  for (const note of notes) observer.warning?.(note);
  const configs = new Map(trajectories.map(({ id, config }) => [id, config]));
  return summariseThresholds(spec.thresholds, rows, configs);
}

async function loadUnlessAborted(
  prepared: PreparedSweep,
  threads: number,
  signal: AbortSignal,
): Promise<Map<string, Dataset> | null> {
  if (threads === 0) return new Map();
  try {
    return await loadData(prepared, threads, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
