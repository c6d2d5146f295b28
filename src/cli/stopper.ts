/** Stops a run on signals. */
import { EXIT } from '../base/errors.js';
import type { ProgressDisplay } from './progress.js';

export interface Stopper {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Aborted by the second signal, right before the process ends. */
  readonly abandon: AbortSignal;
  dispose(): void;
}

/** The first signal requests a stop, the second ends the process immediately. Both keep what is finished. */
export function stopOnSignals(display: ProgressDisplay): Stopper {
  const stop = new AbortController();
  const abandon = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = () => {
    if (stop.signal.aborted) {
      display.end();
      abandon.abort();
      process.exit(EXIT.stopped);
    }
    display.printLine(
      'stopping after the present step; everything finished is kept, and running again goes on from here',
    );
    stop.abort();
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: stop.signal,
    abandon: abandon.signal,
    dispose: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
