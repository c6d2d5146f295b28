/** `espalier serve`, and the address options that `run --serve` shares. */
import { existsSync } from 'node:fs';
import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../base/errors.js';
import { onFirstStopSignal } from '../base/stop-signals.js';
import { isLoopback } from '../serve/access.js';
import { DEFAULT_PORT, type ServeOptions } from '../serve/options.js';
import { openReader } from '../store/read/reader.js';
import { numberOption, wholeFrom } from './numbers.js';

/** Options for the page's address. */
export interface AddressArguments {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

const TOKEN = /^[\w.~-]{16,}$/;

/** Declares the options on a command that serves the page. */
export function addressOptions<T>(yargs: Argv<T>): Argv<T & AddressArguments> {
  return yargs
    .option('host', {
      type: 'string',
      nargs: 1,
      describe:
        'Address of the live page; another than 127.0.0.1 asks for a token, which the printed link holds',
    })
    .option('port', {
      ...numberOption('port', wholeFrom(0, 65_535)),
      describe: `Port of the live page [default: ${DEFAULT_PORT}, or a free one]`,
    }) as never;
}

/** `espalier serve DB`: serves the live page of a database. */
export const serveCommand: CommandModule<object, AddressArguments & { db: string }> = {
  builder: yargs =>
    addressOptions(
      yargs.positional('db', {
        type: 'string',
        demandOption: true,
        describe: 'The database; it may appear later',
      }),
    )
      .example('$0 serve results/quickstart.sqlite', `http://127.0.0.1:${DEFAULT_PORT}/, until Ctrl-C`)
      .example('$0 run my.yaml --serve', 'the page beside a run')
      .example('ssh -L 8750:localhost:8750 machine', 'from elsewhere, encrypted') as never,
  handler: async ({ db, ...args }) => {
    const options = serveOptionsOf(db, args);
    if (existsSync(db)) openReader(db).close();
    else process.stderr.write(`${db}: not there yet; the page shows it as soon as it is\n`);
    let ignoreSignals = () => {};
    const stop = new Promise<void>(resolve => {
      ignoreSignals = onFirstStopSignal(resolve);
    });
    try {
      // The drawing modules load slowly. They are loaded here, so that no other command waits for them.
      const { serve } = await import('../serve/server.js');
      const served = await serve(options);
      process.stdout.write(`${served.url}\n`);
      process.stderr.write(`live page of ${db}; Ctrl-C ends it\n${addressWarning(options)}`);
      await stop;
      await served.close('the server was stopped');
    } finally {
      ignoreSignals();
    }
  },
};

/** @throws UsageError where ESPALIER_TOKEN is not a token. */
export function serveOptionsOf(db: string, { host, port }: AddressArguments): ServeOptions {
  const token = process.env.ESPALIER_TOKEN || undefined;
  if (token !== undefined && !TOKEN.test(token))
    throw new UsageError('ESPALIER_TOKEN: expected 16 or more letters, digits, ".", "_", "~" or "-"');
  return { db, host, port, token };
}

/** A warning where other machines can reach the page, otherwise empty. */
export const addressWarning = ({ host }: ServeOptions): string =>
  host === undefined || isLoopback(host)
    ? ''
    : 'whoever has this link can read the database and pause its run, and it travels unencrypted: across a network that is not yours ' +
      `use \`ssh -L ${DEFAULT_PORT}:localhost:${DEFAULT_PORT}\` instead of --host\n`;
