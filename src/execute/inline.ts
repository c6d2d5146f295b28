/** The simplest executor: one trajectory at a time on the calling thread, which is blocked during each checkpoint. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dataset } from '../data/dataset.js';
import type { EngineName } from '../domain/types.js';
import type { Engine } from '../engine/engine.js';
import { createEngine } from '../engine/index.js';
import { InputLibrary, type TrajectoryEnvironment } from '../trajectory/environment.js';
import { runTrajectory } from '../trajectory/run-trajectory.js';
import type { Executor, ExecutorEvent, TrajectoryTask } from './executor.js';

/** What an executor of this machine computes with. */
export interface ExecutorOptions {
  readonly engine: EngineName;
  /** By key, as `RunOptions.executor` gets them. */
  readonly datasets: ReadonlyMap<string, Dataset>;
}

/** What `createInlineExecutor` computes with. */
export interface InlineOptions extends Omit<ExecutorOptions, 'engine'> {
  /** A name, or an engine that is loaded already: the only way to run one of your own. */
  readonly engine: EngineName | Engine;
}

/**
 * An executor without threads, for engines of one's own, tests and debuggers.
 *
 * @throws EngineUnavailableError (ENGINE_UNAVAILABLE)
 * @example
 * const prepared = await prepareSweep(readSweep('my.yaml'));
 * await runSweep(prepared, {
 *   db: 'results/a.sqlite',
 *   threads: 1,
 *   executor: datasets => createInlineExecutor({ engine: 'reference', datasets }),
 * });
 */
export async function createInlineExecutor({ engine, datasets }: InlineOptions): Promise<Executor> {
  let stopping = false;
  let capacity = 1;
  let finished = 0;
  let running = 0;
  let lastEnded: Promise<void> = Promise.resolve();
  const environment: TrajectoryEnvironment = {
    engine: typeof engine === 'string' ? await createEngine(engine) : engine,
    inputs: new InputLibrary(datasets),
    stopRequested: () => stopping || capacity === 0,
  };

  return {
    get capacity() {
      return capacity;
    },
    /** One trajectory at a time, or none. */
    resize(wanted) {
      capacity = Math.min(1, wanted);
    },
    prefetch: () => 0,
    submit(task: TrajectoryTask): AsyncIterable<ExecutorEvent> {
      const previous = lastEnded;
      let release = () => {};
      lastEnded = new Promise<void>(resolve => {
        release = resolve;
      });
      return (async function* () {
        await previous;
        running++;
        try {
          if (!environment.stopRequested()) yield { kind: 'started', slot: 0 };
          for (const event of runTrajectory(task, environment)) {
            yield event;
            await nextTurn();
          }
        } finally {
          running--;
          finished++;
          release();
        }
      })();
    },
    stop() {
      stopping = true;
    },
    // Nothing runs here while the caller does anything else, so there is nothing to pause.
    pause() {},
    resume() {},
    stats: () => ({ capacity, running, finished }),
    close: () => Promise.resolve(),
  };
}
