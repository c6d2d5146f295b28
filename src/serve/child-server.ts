/** A live page beside a run: in a process of its own, so that the run never waits for it. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { UsageError } from '../base/errors.js';
import { workerFile } from '../base/paths.js';
import type { ServeOptions } from './options.js';

/** Parent to child: what to serve; then, once, why it ends. */
export type ToChildServer =
  | { readonly kind: 'serve'; readonly options: ServeOptions }
  | { readonly kind: 'close'; readonly reason: string };
/** Child to parent: where it listens, or why it does not. */
export type FromChildServer =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'refused'; readonly message: string };

/** The last look at the database may take so long; then the process is ended. */
const CLOSE_MS = 5_000;

export interface ChildServer {
  readonly url: string;
  /** Shows the end, and lets go. Safe to call twice. */
  close(reason: string): Promise<void>;
}

/**
 * @param lost the process has ended by itself; the run goes on.
 * @throws UsageError where the address cannot be listened on.
 */
export async function startChildServer(
  options: ServeOptions,
  lost: (how: string) => void,
): Promise<ChildServer> {
  const entry = workerFile('page');
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run \`npm run build\``);
  const child = fork(entry, [], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const send = (message: ToChildServer) => child.connected && child.send(message, () => {});
  send({ kind: 'serve', options });
  const url = await listening(child);
  let isClosing = false;
  const ended = new Promise<void>(resolve =>
    child.once('exit', (code, signal) => {
      if (!isClosing) lost(signal ?? `exit code ${code}`);
      resolve();
    }),
  );
  return {
    url,
    close: async reason => {
      isClosing = true;
      send({ kind: 'close', reason });
      const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`the live page's process ended with ${code}`)));
    child.once('message', (message: FromChildServer) => {
      child.removeAllListeners('exit');
      if (message.kind === 'listening') resolve(message.url);
      else reject(new UsageError(message.message));
    });
  });
}
