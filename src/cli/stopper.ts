/** Stops a run on signals. */
import { EXIT } from '../base/errors.js';
import { onStopSignals } from '../base/stop-signals.js';
import type { ProgressDisplay } from './progress.js';

export interface Stopper {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Aborted right before the process ends in the middle of the run: by the second signal, or by a defect. */
  readonly abandon: AbortSignal;
  dispose(): void;
}

/** The first signal requests a stop, the second ends the process immediately. Both keep what is finished. */
export function stopOnSignals(display: ProgressDisplay): Stopper {
  const stop = new AbortController();
  const abandon = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) {
      display.end();
      process.exit(EXIT.stopped);
    }
    display.printLine(
      'stopping after the present step; everything finished is kept, and running again goes on from here',
    );
    stop.abort();
  };
  const release = () => abandon.abort();
  process.prependListener('exit', release);
  const ignoreSignals = onStopSignals(onSignal);
  return {
    signal: stop.signal,
    abandon: abandon.signal,
    dispose: () => {
      ignoreSignals();
      process.off('exit', release);
    },
  };
}
