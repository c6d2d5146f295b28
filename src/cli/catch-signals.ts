/** Imported first by the entry: until a command installs its own handler, an immediate exit loses nothing. */
import { EXIT } from '../base/errors.js';
import { exitOnStopSignals } from '../base/stop-signals.js';

exitOnStopSignals(EXIT.stopped);
