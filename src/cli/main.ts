#!/usr/bin/env node
/** The command line's entry: turns every failure into one line and an exit code. */
import { hideBin } from 'yargs/helpers';
import { EspalierError, EXIT } from '../errors.js';
import { createCli } from './cli.js';

// A reader that went away (`| head`, a closed terminal) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});
process.stderr.on('error', () => {});

const args = hideBin(process.argv);
try {
  await createCli(args).parseAsync();
} catch (error) {
  const ours = error instanceof EspalierError;
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
  process.stderr.write(
    `espalier: ${ours ? '' : 'a defect of espalier (--verbose shows where): '}${message}\n`,
  );
  if (args.includes('--verbose') && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = ours ? error.exitCode : EXIT.defect;
}
