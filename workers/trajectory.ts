/** A worker thread's entry: load, run one trajectory after the other, hand back what they say. It never sees the store. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { workerData } from 'piscina';
import type { ExecutorEvent } from '../src/domain/messages.js';
import { createEngine } from '../src/engine/index.js';
import { type Numbered, SIGNAL, type WorkerCall, type WorkerData } from '../src/execute/protocol.js';
import { InputLibrary, type World } from '../src/trajectory/environment.js';
import { runTrajectory } from '../src/trajectory/run-trajectory.js';

const { engine, datasets, signal } = workerData as WorkerData;
let port: MessagePort;
let unsaid: ExecutorEvent[] = [];

function isStopping(): boolean {
  while (Atomics.load(signal, 0) === SIGNAL.pause) {
    sayAll();
    Atomics.wait(signal, 0, SIGNAL.pause);
  }
  return Atomics.load(signal, 0) === SIGNAL.stop;
}

/** Before anything that takes long it is asked whether to stop. What there is to say is said then, in one message. */
function stopRequested(): boolean {
  sayAll();
  return isStopping();
}

function sayAll(): void {
  if (unsaid.length === 0) return;
  const said = unsaid;
  unsaid = [];
  const moved = said.flatMap(event => (event.kind === 'snapshot' ? [event.snapshot.bytes.buffer] : []));
  port.postMessage(said, moved as ArrayBuffer[]);
}

const world: World = {
  engine: await createEngine(engine),
  inputs: new InputLibrary(datasets),
  stopRequested,
};

/** For as long as the thread lives. */
export default function run(call: WorkerCall): Promise<never> {
  port = call.port;
  port.on('message', (first: Numbered) => {
    for (let next: Numbered | undefined = first; next; next = receiveMessageOnPort(port)?.message)
      runNumbered(next, call);
    sayAll();
  });
  return new Promise(() => {});
}

function runNumbered({ number, task }: Numbered, { at, lane }: WorkerCall): void {
  const isStopped = isStopping();
  if (Atomics.compareExchange(at, 0, number - 1, number) !== number - 1) return;
  if (!isStopped) unsaid.push({ kind: 'begun', lane });
  for (const event of runTrajectory(task, world)) unsaid.push(event);
}
