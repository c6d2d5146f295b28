/** The last resort of a command: one line for every failure. */
import { EspalierError, EXIT, type ExitCode } from '../base/errors.js';
import { asInstallationError, describeSystemError, isSystemError } from '../base/system-error.js';

/** What went wrong, as one line. */
export const failureLine = (error: unknown): string => explain(error).message.replaceAll(/\s*\n\s*/g, ' ');

/** Prints what went wrong as one line, with `isVerbose` also the stack. Returns the exit code. */
export function reportFailure(error: unknown, isVerbose: boolean): ExitCode {
  process.stderr.write(`espalier: ${failureLine(error)}\n`);
  if (isVerbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return explain(error).exitCode;
}

function explain(error: unknown): { readonly message: string; readonly exitCode: ExitCode } {
  const known = error instanceof EspalierError ? error : asInstallationError(error);
  if (known) return known;
  // A full disk or a folder without write permission is not a defect of espalier either.
  if (isSystemError(error)) return { message: describeSystemError(error), exitCode: EXIT.badInput };
  const message = error instanceof Error ? error.message : String(error);
  return { message: `a defect of espalier (--verbose shows where): ${message}`, exitCode: EXIT.defect };
}
