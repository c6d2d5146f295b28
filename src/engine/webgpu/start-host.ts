/** Starts the host of the devices, once for each process, from the main thread. */
import { tmpdir } from 'node:os';
import { getEnvironmentData, isMainThread, setEnvironmentData, Worker } from 'node:worker_threads';
import { workerFile } from '../../base/paths.js';
import { type Control, HOST_RUNS, type HostData } from './protocol.js';

/** How long a host may take to start, and to end its work when the process exits. */
const START_MS = 60_000;
const STOP_MS = 15_000;

let isStarted = false;

/** @throws Error in a worker thread whose main thread has not started the host */
export function ensureHost(): void {
  if (isStarted) return;
  if (!isMainThread) {
    if (getEnvironmentData(HOST_RUNS) !== true)
      throw new Error('the main thread has not created it: call createEngine("webgpu") there first');
    isStarted = true;
    return;
  }
  // Vulkan drivers ask for it, and write to stderr if it is not set.
  if (process.platform === 'linux') process.env.XDG_RUNTIME_DIR ||= tmpdir();
  const state = new Int32Array(new SharedArrayBuffer(4));
  const host = new Worker(workerFile('gpu'), { workerData: { state } satisfies HostData });
  host.unref();
  if (Atomics.wait(state, 0, 0, START_MS) === 'timed-out') throw new Error('its thread does not start');
  const tell = (message: Control) => host.postMessage(message);
  process.on('worker', worker => {
    const { threadId } = worker;
    worker.once('exit', () => tell({ kind: 'threadEnded', threadId }));
  });
  process.once('exit', () => {
    tell({ kind: 'stop' });
    Atomics.wait(state, 0, 1, STOP_MS);
  });
  setEnvironmentData(HOST_RUNS, true);
  isStarted = true;
}
