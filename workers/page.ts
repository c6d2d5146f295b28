/** A child process's entry: serves the live page beside a run, until that ends. */
import { setPriority } from 'node:os';
import { InputError } from '../src/base/errors.js';
import type { FromChildServer, ToChildServer } from '../src/serve/child-server.js';
import { type Served, serve } from '../src/serve/server.js';

const NICE = 10;
try {
  setPriority(NICE);
} catch {
  // Where a process may not say so, it is as important as others.
}

// Ctrl-C reaches the whole group; the run says what it means.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});

let served: Promise<Served> | null = null;

async function begin(options: Extract<ToChildServer, { kind: 'serve' }>['options']): Promise<void> {
  served = serve(options);
  const tell = (message: FromChildServer) => process.connected && process.send!(message);
  try {
    tell({ kind: 'listening', url: (await served).url });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    tell({ kind: 'refused', message: error.message });
    process.disconnect();
  }
}

async function end(reason: string): Promise<void> {
  await (await served)?.close(reason);
  process.exit();
}

process.on('message', (message: ToChildServer) => {
  void (message.kind === 'serve' ? begin(message.options) : end(message.reason));
});
process.once('disconnect', () => void end('the run is gone').catch(() => process.exit()));
