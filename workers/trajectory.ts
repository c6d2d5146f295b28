/** Entry of a worker thread: runs one trajectory after the other and sends their events. It never sees the store. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { workerData } from 'piscina';
import type { ExecutorEvent } from '../src/domain/messages.js';
import { createEngine } from '../src/engine/index.js';
import { type NumberedTask, SIGNAL, type WorkerCall, type WorkerData } from '../src/execute/protocol.js';
import { InputLibrary, type TrajectoryEnvironment } from '../src/trajectory/environment.js';
import { runTrajectory } from '../src/trajectory/run-trajectory.js';

const { engine, datasets, signal } = workerData as WorkerData;
let port: MessagePort;
let retired: Int32Array;
let stopped: Int32Array;
/** The number of the task at work. */
let current = 0;
let pendingEvents: ExecutorEvent[] = [];

function isStopping(): boolean {
  const isRetired = () => Atomics.load(retired, 0) === 1;
  while (Atomics.load(signal, 0) === SIGNAL.pause && !isRetired()) {
    flushEvents();
    Atomics.wait(signal, 0, SIGNAL.pause);
  }
  return Atomics.load(signal, 0) === SIGNAL.stop || isRetired() || Atomics.load(stopped, 0) === current;
}

/** Called before any long work, so it also sends the pending events, in one message. */
function stopRequested(): boolean {
  flushEvents();
  return isStopping();
}

function flushEvents(): void {
  if (pendingEvents.length === 0) return;
  const events = pendingEvents;
  pendingEvents = [];
  const transferred = events.flatMap(event =>
    event.kind === 'snapshot' ? [event.snapshot.bytes.buffer] : [],
  );
  port.postMessage(events, transferred as ArrayBuffer[]);
}

const environment: TrajectoryEnvironment = {
  engine: await createEngine(engine),
  inputs: new InputLibrary(datasets),
  stopRequested,
};

/** Never resolves: the call lasts as long as the thread. */
export default function run(call: WorkerCall): Promise<never> {
  ({ port, retired, stopped } = call);
  port.on('message', (first: NumberedTask) => {
    for (let next: NumberedTask | undefined = first; next; next = receiveMessageOnPort(port)?.message)
      runNumbered(next, call);
    flushEvents();
  });
  return new Promise(() => {});
}

function runNumbered({ number, task }: NumberedTask, { claimed, slot }: WorkerCall): void {
  current = number;
  const isStopped = isStopping();
  if (Atomics.compareExchange(claimed, 0, number - 1, number) !== number - 1) return;
  if (!isStopped) pendingEvents.push({ kind: 'started', slot });
  for (const event of runTrajectory(task, environment)) pendingEvents.push(event);
}
