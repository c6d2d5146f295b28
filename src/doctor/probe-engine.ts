/** Tries engines, each in a process of its own: native code may end the process that loads it. */
import { fork } from 'node:child_process';
import { workerFile } from '../base/paths.js';
import type { EngineName } from '../domain/types.js';

/** What a process that loads an engine sends. */
export type EngineAnswer =
  | { readonly kernels: string | null; readonly warning: string | null }
  | { readonly problem: string };

/** How long an engine may take to load. TensorFlow on a network file system has been seen to take half a minute. */
const LOAD_MS = 60_000;

/** Loads an engine in a child process. Never rejects: what goes wrong is the answer. */
export function probeEngine(name: EngineName): Promise<EngineAnswer> {
  return new Promise(resolve => {
    const child = fork(workerFile('engine'), [name], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: LOAD_MS,
    });
    let answer: EngineAnswer | null = null;
    child.on('message', message => {
      answer = message as EngineAnswer;
    });
    child.on('error', error => resolve({ problem: `no process can be started: ${error.message}` }));
    child.on('close', (code, signal) =>
      resolve(answer ?? { problem: `a process that loads it ends with ${signal ?? `exit code ${code}`}` }),
    );
  });
}
