/** The last resort of a command: one line for every failure. */
import { EspalierError, EXIT, type ExitCode } from '../base/errors.js';

/** Prints what went wrong as one line, with `isVerbose` also the stack. Returns the exit code. */
export function reportFailure(error: unknown, isVerbose: boolean): ExitCode {
  // A system error (a full disk, a folder without write permission) is not a defect of espalier either.
  const isDefect = !(error instanceof EspalierError || (error instanceof Error && 'syscall' in error));
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
  process.stderr.write(
    `espalier: ${isDefect ? 'a defect of espalier (--verbose shows where): ' : ''}${message}\n`,
  );
  if (isVerbose && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (error instanceof EspalierError) return error.exitCode;
  return isDefect ? EXIT.defect : EXIT.badInput;
}
