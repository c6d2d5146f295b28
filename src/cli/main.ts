#!/usr/bin/env node
/** The command line's entry: turns every failure into one line and an exit code. */
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { hideBin } from 'yargs/helpers';
import { EspalierError, EXIT } from '../base/errors.js';

// SQL may start with a comment (`-- `). The line break keeps yargs from reading it as an option.
const args = hideBin(process.argv).map(arg => (/^--\s/.test(arg) ? `\n${arg}` : arg));

// Until a command installs its own handler, an immediate exit loses nothing.
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (process.listenerCount(name) === 1) process.exit(EXIT.stopped);
  });
}

// A reader that has gone (`| head`: EPIPE; a closed terminal: EIO) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(process.exitCode ?? EXIT.done);
  throw error;
});
process.stderr.on('error', () => {});

// Node 20 aborts on exit, without its exit code, if a terminal that it restores has gone. It restores no closed one.
const terminals = [0, 1, 2].filter(fd => isatty(fd));
process.on('exit', () => {
  for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
});

/** Prints the error as one line and returns its exit code. */
function report(error: unknown): number {
  // A system error (a full disk, a folder without write permission) is not a defect of espalier either.
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
  const { createCli } = await import('./cli.js');
  await (await createCli(args)).parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
