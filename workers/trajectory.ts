/** A worker thread's entry: load, run one trajectory, hand back what it says. It never sees the store. */
import { workerData } from 'piscina';
import { createEngine } from '../src/engine/index.js';
import { SIGNAL, type WorkerCall, type WorkerData } from '../src/execute/pool.js';
import { runTrajectory } from '../src/run/trajectory.js';
import { InputLibrary, type World } from '../src/run/world.js';

const { engine, datasets, signal } = workerData as WorkerData;

function stopRequested(): boolean {
  while (Atomics.load(signal, 0) === SIGNAL.pause) Atomics.wait(signal, 0, SIGNAL.pause);
  return Atomics.load(signal, 0) === SIGNAL.stop;
}

const world: World = {
  engine: await createEngine(engine),
  inputs: new InputLibrary(datasets),
  stopRequested,
};

export default function run({ task, port }: WorkerCall): void {
  for (const event of runTrajectory(task, world)) {
    if (event.kind === 'snapshot') port.postMessage(event, [event.snapshot.bytes.buffer as ArrayBuffer]);
    else port.postMessage(event);
  }
  port.close();
}
