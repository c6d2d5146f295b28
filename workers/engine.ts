/** Entry of a child process: loads the engine that its argument names, and sends what it is, or why it is not there. */
import { describeError } from '../src/base/errors.js';
import { asInstallationError } from '../src/base/system-error.js';
import type { EngineAnswer } from '../src/doctor/probe-engine.js';
import type { EngineName } from '../src/domain/types.js';
import { createEngine } from '../src/engine/index.js';

const send = (answer: EngineAnswer) => process.send!(answer, () => process.exit());
try {
  const { kernels, warning } = await createEngine(process.argv[2] as EngineName);
  send({ kernels, warning });
} catch (error) {
  send({ problem: describeError(asInstallationError(error) ?? error).message });
}
