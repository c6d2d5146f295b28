/** Entry of a child process: serves the live page during a run, and exits when the run ends. */
import { setPriority } from 'node:os';
import { EspalierError } from '../src/base/errors.js';
import { ignoreStopSignals } from '../src/base/stop-signals.js';
import { asInstallationError } from '../src/base/system-error.js';
import type { FromChildServer, ToChildServer } from '../src/serve/child-server.js';
import type { RunningServer } from '../src/serve/server.js';

// Terminals and schedulers signal every process of a job. Only the run reacts, and ends this process by a message.
ignoreStopSignals();

const NICE = 10;
try {
  setPriority(NICE);
} catch {
  // A process that may not change its priority keeps the normal one.
}

let served: Promise<RunningServer> | null = null;

async function start(options: Extract<ToChildServer, { kind: 'serve' }>['options']): Promise<void> {
  // Loaded here: signals are handled before, and a package that does not load is reported to the run.
  served = import('../src/serve/server.js').then(({ serve }) => serve(options));
  const send = (message: FromChildServer) => process.connected && process.send!(message);
  try {
    send({ kind: 'listening', url: (await served).url });
  } catch (error) {
    const refusal = error instanceof EspalierError ? error : asInstallationError(error);
    if (!refusal) throw error;
    send({ kind: 'refused', message: refusal.message });
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
