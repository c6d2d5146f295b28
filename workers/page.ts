/** Entry of a child process: serves the live page during a run, and exits when the run ends. */
import { setPriority } from 'node:os';
import { InputError } from '../src/base/errors.js';
import type { FromChildServer, ToChildServer } from '../src/serve/child-server.js';
import { type RunningServer, serve } from '../src/serve/server.js';

const NICE = 10;
try {
  setPriority(NICE);
} catch {
  // A process that may not change its priority keeps the normal one.
}

// Terminals send Ctrl-C to the whole process group. Only the run reacts to it, and ends this process by a message.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});

let served: Promise<RunningServer> | null = null;

async function start(options: Extract<ToChildServer, { kind: 'serve' }>['options']): Promise<void> {
  served = serve(options);
  const send = (message: FromChildServer) => process.connected && process.send!(message);
  try {
    send({ kind: 'listening', url: (await served).url });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    send({ kind: 'refused', message: error.message });
    process.disconnect();
  }
}

async function shutDown(reason: string): Promise<void> {
  await (await served)?.close(reason);
  process.exit();
}

process.on('message', (message: ToChildServer) => {
  void (message.kind === 'serve' ? start(message.options) : shutDown(message.reason));
});
process.once('disconnect', () => void shutDown('the run is gone').catch(() => process.exit()));
