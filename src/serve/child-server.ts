/** The live page of a run. A child process serves it, so the run never waits for it. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { InstallationError, UsageError } from '../base/errors.js';
import { workerFile } from '../base/paths.js';
import type { ServeOptions } from './options.js';

/** Parent to child: first one `serve`, then one `close` with the reason that the page shows. */
export type ToChildServer =
  | { readonly kind: 'serve'; readonly options: ServeOptions }
  | { readonly kind: 'close'; readonly reason: string };
/** Child to parent: the URL that it listens on, or why it cannot listen. */
export type FromChildServer =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'refused'; readonly message: string };

/** Time for the child's last poll of the database. After it the child is killed. */
const CLOSE_MS = 5_000;

export interface ChildServer {
  readonly url: string;
  /** Shows the reason on every page and ends the process. Safe to call twice. */
  close(reason: string): Promise<void>;
}

/**
 * @param onLost called with the signal or exit code if the process ends by itself. The run continues.
 * @throws UsageError where the page cannot be served, e.g. where the address is taken. InstallationError where it is not
 *   built. Error where the process ends before it listens.
 */
export async function startChildServer(
  options: ServeOptions,
  onLost: (how: string) => void,
): Promise<ChildServer> {
  const entry = workerFile('page');
  if (!existsSync(entry)) throw new InstallationError('the live page is not built: run `npm run build`');
  const child = fork(entry, [], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const send = (message: ToChildServer) => child.connected && child.send(message, () => {});
  send({ kind: 'serve', options });
  const url = await listening(child);
  let isClosing = false;
  const ended = new Promise<void>(resolve =>
    child.once('exit', (code, signal) => {
      if (!isClosing) onLost(signal ?? `exit code ${code}`);
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
