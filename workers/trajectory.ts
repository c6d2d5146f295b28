/** A worker thread's entry: load, run one trajectory after the other, hand back what they say. It never sees the store. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { workerData } from 'piscina';
import type { ExecutorEvent } from '../src/domain/messages.js';
import { createEngine } from '../src/engine/index.js';
import { type NumberedTask, SIGNAL, type WorkerCall, type WorkerData } from '../src/execute/protocol.js';
import { InputLibrary, type TrajectoryEnvironment } from '../src/trajectory/environment.js';
import { runTrajectory } from '../src/trajectory/run-trajectory.js';

const { engine, datasets, signal } = workerData as WorkerData;
let port: MessagePort;
let pendingEvents: ExecutorEvent[] = [];

function isStopping(): boolean {
  while (Atomics.load(signal, 0) === SIGNAL.pause) {
    flushEvents();
    Atomics.wait(signal, 0, SIGNAL.pause);
  }
  return Atomics.load(signal, 0) === SIGNAL.stop;
}

/** Before anything that takes long it is asked whether to stop. What there is to say is said then, in one message. */
function stopRequested(): boolean {
  flushEvents();
  return isStopping();
}

function flushEvents(): void {
  if (pendingEvents.length === 0) return;
  const said = pendingEvents;
  pendingEvents = [];
  const moved = said.flatMap(event => (event.kind === 'snapshot' ? [event.snapshot.bytes.buffer] : []));
  port.postMessage(said, moved as ArrayBuffer[]);
}

const environment: TrajectoryEnvironment = {
  engine: await createEngine(engine),
  inputs: new InputLibrary(datasets),
  stopRequested,
};

/** For as long as the thread lives. */
export default function run(call: WorkerCall): Promise<never> {
  port = call.port;
  port.on('message', (first: NumberedTask) => {
    for (let next: NumberedTask | undefined = first; next; next = receiveMessageOnPort(port)?.message)
      runNumbered(next, call);
    flushEvents();
  });
  return new Promise(() => {});
}

function runNumbered({ number, task }: NumberedTask, { claimed, slot }: WorkerCall): void {
  const isStopped = isStopping();
  if (Atomics.compareExchange(claimed, 0, number - 1, number) !== number - 1) return;
  if (!isStopped) pendingEvents.push({ kind: 'started', slot });
  for (const event of runTrajectory(task, environment)) pendingEvents.push(event);
}
