/** The simplest executor: one trajectory at a time on the calling thread, which is blocked during each checkpoint. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dataset } from '../data/dataset.js';
import type { EngineName } from '../domain/types.js';
import { createEngine } from '../engine/index.js';
import { InputLibrary, type TrajectoryEnvironment } from '../trajectory/environment.js';
import { runTrajectory } from '../trajectory/run-trajectory.js';
import type { Executor, ExecutorEvent, TrajectoryTask } from './executor.js';

export interface ExecutorOptions {
  readonly engine: EngineName;
  /** Keyed by imagesKey. */
  readonly datasets: ReadonlyMap<string, Dataset>;
}

export async function createInlineExecutor({ engine, datasets }: ExecutorOptions): Promise<Executor> {
  let stopping = false;
  let capacity = 1;
  let finished = 0;
  let running = 0;
  let lastEnded: Promise<void> = Promise.resolve();
  const environment: TrajectoryEnvironment = {
    engine: await createEngine(engine),
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
