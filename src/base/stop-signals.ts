/**
 * The signals that ask a process to end. Schedulers send some of them before a job's time is up, often to every process
 * of the job. Unhandled, SIGUSR1 opens Node's debugger and the others kill.
 */
import { constants } from 'node:os';

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXCPU'] as const;

/** Those that this platform has: Windows lacks the last three. */
export const STOP_SIGNALS: readonly NodeJS.Signals[] = NAMES.filter(name =>
  Object.hasOwn(constants.signals, name),
);

/** Calls `listener` at every stop signal, until the function that it returns is called. */
export function onStopSignals(listener: () => void): () => void {
  for (const name of STOP_SIGNALS) process.on(name, listener);
  return () => {
    for (const name of STOP_SIGNALS) process.off(name, listener);
  };
}

/** Calls `listener` at the first stop signal only; the next one is left to earlier listeners. */
export function onFirstStopSignal(listener: () => void): () => void {
  const remove = onStopSignals(() => {
    remove();
    listener();
  });
  return remove;
}

/** For child processes: only the parent reacts, and ends them. */
export function ignoreStopSignals(): void {
  onStopSignals(() => {});
}

/** Exits with `code` at a stop signal that nothing else in this process listens to. */
export function exitOnStopSignals(code: number): void {
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      if (process.listenerCount(name) === 1) process.exit(code);
    });
  }
}
