/** Runs a user's command when a run ends: `espalier run --on-end COMMAND`. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { describeError, EXIT, type ExitCode, InputError } from '../base/errors.js';
import { onStopSignals } from '../base/stop-signals.js';
import { counted } from '../base/units.js';
import { failureLine, reportFailure } from './failure.js';
import { type RunResult, resultJson, resultLine } from './run-result.js';

/** The command is killed after this time. */
const BOUND_MS = 60_000;
/** The same where the process ends at once (the second signal, a defect) and reacts to nothing meanwhile. */
const BOUND_AT_EXIT_MS = 10_000;

/** ESPALIER_STATE by exit code. */
const STATES: Readonly<Record<ExitCode, string>> = {
  [EXIT.done]: 'finished',
  [EXIT.someFailed]: 'failed',
  [EXIT.stopped]: 'stopped',
  [EXIT.badInput]: 'error',
  [EXIT.defect]: 'error',
};

/** Adds what has become known to the result. */
export type Learn = (known: Partial<RunResult>) => void;

/**
 * Runs `work`, reports its failure, and then runs the command, whose own failure is a warning. It also runs where the
 * process exits before `work` ends. Without a command, just runs `work`.
 *
 * @throws InputError where the command is empty.
 */
export async function withOnEnd(
  { command, isVerbose }: { command: string | undefined; isVerbose: boolean },
  work: (learn: Learn) => Promise<void>,
): Promise<void> {
  if (command === undefined) return work(() => {});
  if (command.trim() === '')
    throw new InputError({ path: '--on-end', value: command, expected: 'a command for the shell' });
  const began = performance.now();
  let known: Partial<RunResult> = {};
  const learn: Learn = more => {
    known = { ...known, ...more };
  };
  const result = (): RunResult => {
    const exitCode = Number(process.exitCode ?? EXIT.done) as ExitCode;
    const seconds = (performance.now() - began) / 1000;
    const end = { stopped: exitCode === EXIT.stopped, seconds, progress: null, thresholds: [], exitCode };
    return { sweep: null, db: null, ...end, error: null, ...known, exitCode };
  };
  const learnError = (error: unknown) =>
    learn({ error: { code: describeError(error).code, message: failureLine(error) } });
  const atExit = () => warn(runOnEndNow(command, result()));
  // Before the entry closes the standard streams of a terminal that has gone; what listens later is called first.
  process.once('uncaughtExceptionMonitor', learnError).prependOnceListener('exit', atExit);
  try {
    await work(learn);
  } catch (error) {
    learnError(error);
    process.exitCode = reportFailure(error, isVerbose);
  }
  // If the reader of stdout has gone, the process exits here.
  await new Promise(resolve => process.stdout.write('', () => setImmediate(resolve)));
  process.off('uncaughtExceptionMonitor', learnError).off('exit', atExit);
  warn(await runOnEnd(command, result()));
}

function warn(fault: string | null): void {
  if (fault !== null) process.stderr.write(`warning: --on-end: the command ${fault}\n`);
}

/** Its own process group, so that all of it can be killed. What it prints must not mix with the result on stdout. */
const optionsFor = (result: RunResult): SpawnOptions => ({
  shell: true,
  detached: process.platform !== 'win32',
  windowsHide: true,
  stdio: ['pipe', process.stderr.fd, process.stderr.fd],
  env: {
    ...process.env,
    ESPALIER_SWEEP: result.sweep ?? '',
    ESPALIER_DB: result.db ?? '',
    ESPALIER_EXIT: String(result.exitCode),
    ESPALIER_STATE: STATES[result.exitCode],
    ESPALIER_MESSAGE: resultLine(result),
  },
});

/**
 * Runs the command with the result as JSON on its standard input. Returns what went wrong, null if nothing did. A stop
 * signal, or the end of the time, kills its process group.
 */
export async function runOnEnd(
  command: string,
  result: RunResult,
  boundMs = BOUND_MS,
): Promise<string | null> {
  let child: ChildProcess;
  try {
    child = spawn(command, optionsFor(result));
  } catch (error) {
    return notStarted(error);
  }
  return new Promise(resolve => {
    let killed: string | null = null;
    const kill = (why: string) => {
      killed ??= why;
      killGroup(child.pid);
    };
    const timer = setTimeout(() => kill(tooLong(boundMs)), boundMs);
    const ignoreSignals = onStopSignals(() => kill('was killed by a signal to this run'));
    const end = (fault: string | null) => {
      clearTimeout(timer);
      ignoreSignals();
      child.stdin?.destroy();
      resolve(fault);
    };
    child.once('error', error => end(notStarted(error)));
    child.once('exit', (code, signal) => end(killed ?? faultOf(code, signal)));
    // A command that does not read is no fault (EPIPE).
    child.stdin?.on('error', () => {}).end(resultJson(result));
  });
}

/** The same for a process that is about to exit: blocks it. */
export function runOnEndNow(command: string, result: RunResult, boundMs = BOUND_AT_EXIT_MS): string | null {
  const options = { ...optionsFor(result), input: resultJson(result), timeout: boundMs } as const;
  try {
    const { pid, status, signal, error } = spawnSync(command, { ...options, killSignal: 'SIGKILL' });
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    if (code === 'ETIMEDOUT') {
      killGroup(pid);
      return tooLong(boundMs);
    }
    return error && code !== 'EPIPE' ? notStarted(error) : faultOf(status, signal);
  } catch (error) {
    return notStarted(error);
  }
}

const notStarted = (error: unknown): string => `could not be started (${(error as Error).message})`;

const tooLong = (boundMs: number): string =>
  `was killed: it took more than ${counted(boundMs / 1000, 'second')}`;

const faultOf = (code: number | null, signal: NodeJS.Signals | null): string | null => {
  if (signal) return `was killed by ${signal}`;
  return code === 0 ? null : `ended with exit code ${code}`;
};

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    // A negative number means the group of that process; Windows has none.
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
