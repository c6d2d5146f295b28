#!/usr/bin/env node
/** The command line's entry: turns every failure into one line and an exit code. */
import { hideBin } from 'yargs/helpers';
import { EspalierError, EXIT } from '../errors.js';
import { createCli } from './cli.js';

const args = hideBin(process.argv);

// A reader that went away (`| head`, a closed terminal) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT.done);
  throw error;
});
process.stderr.on('error', () => {});

/** Prints the line, and returns the exit code. */
function report(error: unknown): number {
  // What the system refuses (a full disk, a folder that may not be written) is not our defect either.
  const isDefect = !(error instanceof EspalierError || (error instanceof Error && 'syscall' in error));
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
  process.stderr.write(
    `espalier: ${isDefect ? 'a defect of espalier (--verbose shows where): ' : ''}${message}\n`,
  );
  if (args.includes('--verbose') && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  if (error instanceof EspalierError) return error.exitCode;
  return isDefect ? EXIT.defect : EXIT.badInput;
}

process.on('uncaughtException', error => process.exit(report(error)));
try {
  await createCli(args).parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
