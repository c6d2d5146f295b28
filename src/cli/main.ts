#!/usr/bin/env node
/** The command line's entry: turns every failure into one line and an exit code. */
import './catch-signals.js';
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { EXIT } from '../base/errors.js';
import { refuseOldNode } from '../base/system-error.js';
import { reportFailure } from './failure.js';

const args = process.argv.slice(2);
const isVerbose = args.includes('--verbose');

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

// Node throws the error of a module that is loaded late twice: to its importer, and as uncaught.
let reported: unknown;
function report(error: unknown): void {
  if (error !== reported) process.exitCode = reportFailure(error, isVerbose);
  reported = error;
}
process.on('uncaughtException', error => {
  report(error);
  process.exit();
});
try {
  refuseOldNode();
  // Loaded here, not above: a package that is missing is reported as every other failure is.
  const { createCli } = await import('./cli.js');
  await (await createCli(args)).parseAsync();
} catch (error) {
  report(error);
}
