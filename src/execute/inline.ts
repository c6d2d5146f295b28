/** The plainest executor: one trajectory at a time, in this thread. Its caller waits while a checkpoint is computed. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dataset } from '../data/dataset.js';
import type { EngineName } from '../domain/types.js';
import { createEngine } from '../engine/index.js';
import { InputLibrary, type TrajectoryEnvironment } from '../trajectory/environment.js';
import { runTrajectory } from '../trajectory/run-trajectory.js';
import type { Executor, ExecutorEvent, TrajectoryTask } from './executor.js';

export interface ExecutorOptions {
  readonly engine: EngineName;
  /** By imagesKey. */
  readonly datasets: ReadonlyMap<string, Dataset>;
}

export async function createInlineExecutor({ engine, datasets }: ExecutorOptions): Promise<Executor> {
  let stopping = false;
  let finished = 0;
  let running = 0;
  let last: Promise<void> = Promise.resolve();
  const world: TrajectoryEnvironment = {
    engine: await createEngine(engine),
    inputs: new InputLibrary(datasets),
    stopRequested: () => stopping,
  };

  return {
    capacity: 1,
    prefetch: () => 0,
    submit(task: TrajectoryTask): AsyncIterable<ExecutorEvent> {
      const before = last;
      let free = () => {};
      last = new Promise<void>(resolve => {
        free = resolve;
      });
      return (async function* () {
        await before;
        running++;
        try {
          if (!stopping) yield { kind: 'started', slot: 0 };
          for (const event of runTrajectory(task, world)) {
            yield event;
            await nextTurn();
          }
        } finally {
          running--;
          finished++;
          free();
        }
      })();
    },
    stop() {
      stopping = true;
    },
    // Nothing runs here while its caller does anything else.
    pause() {},
    resume() {},
    stats: () => ({ capacity: 1, running, finished }),
    close: () => Promise.resolve(),
  };
}
