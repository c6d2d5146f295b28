/** Options that several commands share, and the values that they stand for. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Argv } from 'yargs';
import { EXIT } from '../base/errors.js';
import { onStopSignals } from '../base/stop-signals.js';
import { parseBytes } from '../base/units.js';
import { parseSweep, readSweep, type SweepSpec } from '../domain/sweep-file/parse.js';
import { decodeSweepFile } from '../domain/sweep-file/yaml-text.js';
import type { EngineName } from '../domain/types.js';
import { type PreparedSweep, prepareSweep } from '../run/prepare.js';
import { shardOf } from '../run/shard.js';
import { MAX_THREADS } from '../store/file/thread-request.js';
import { numberOption, wholeFrom } from './numbers.js';
import type { ShardArguments } from './shard.js';

export const ENGINES: readonly EngineName[] = ['wasm', 'reference', 'tfjs', 'webgpu'];

export interface SweepArguments {
  readonly sweep: string;
  readonly db?: string | undefined;
  readonly threads?: number | undefined;
  readonly engine: EngineName;
  /** Computes nothing, whatever the engine; for measurements (src/engine/noop). */
  readonly noop?: boolean | undefined;
  readonly set?: string[] | undefined;
  readonly dataDir?: string | undefined;
  readonly memory?: string | undefined;
  readonly json: boolean;
}

/** Declares the options on a command whose positional is the sweep file, `--db` for one that looks at its database. */
export function sweepOptions(yargs: Argv, { db = true } = {}): Argv<SweepArguments> {
  const describe = 'The database [default: results/<name>.sqlite]';
  const file = yargs.positional('sweep', {
    type: 'string',
    demandOption: true,
    describe: 'The sweep file (YAML); `-` reads it from stdin',
  });
  return (db ? file.option('db', { type: 'string', nargs: 1, describe }) : file)
    .option('threads', {
      ...numberOption('threads', wholeFrom(1, MAX_THREADS)),
      describe: 'Trajectories at once [default: all cores]',
    })
    .option('engine', { choices: ENGINES, default: 'wasm' as EngineName, describe: 'What trains and prunes' })
    .option('noop', { type: 'boolean', hidden: true })
    .option('set', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Replace a setting of the file: path=value, the value read as YAML (repeatable)',
    })
    .option('data-dir', { type: 'string', nargs: 1, describe: 'Where data files are looked for first' })
    .option('memory', {
      type: 'string',
      nargs: 1,
      describe:
        'What a run may take: 8GB (8 x 1000^3 bytes), 7.5GiB (x 1024^3) [default: what the machine or container has]',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the result as JSON' }) as never;
}

export interface FilesystemArguments {
  readonly unsafeFilesystem?: boolean | undefined;
}

/** For commands that write to a database. */
export function filesystemOption<T>(yargs: Argv<T>): Argv<T & FilesystemArguments> {
  return yargs.option('unsafe-filesystem', {
    type: 'boolean',
    describe: 'Write to the database although it lies on a network file system',
  }) as never;
}

/** The database of a sweep: `--db`, else results/<name>.sqlite; a part of a sweep has its own. */
export function databaseOf(
  { name }: SweepSpec,
  { db, shard }: Pick<SweepArguments, 'db'> & ShardArguments,
): string {
  const part = shard ? `.shard-${shard.index}-of-${shard.count}` : '';
  return db ?? join('results', `${name}${part}.sqlite`);
}

export const threadsOf = ({ threads }: Pick<SweepArguments, 'threads'>): number =>
  threads ?? availableParallelism();

/** Reads the file, or for `-` standard input to its end. @throws InputError */
async function readSweepArgument({ sweep, set = [] }: SweepArguments): Promise<SweepSpec> {
  if (sweep !== '-') return readSweep(sweep, { set });
  const source = 'standard input';
  // A run that stops on request would wait for the end of the input.
  const ignoreSignals = onStopSignals(() => process.exit(EXIT.stopped));
  try {
    return parseSweep(decodeSweepFile(await buffer(process.stdin), source), { source, set });
  } finally {
    ignoreSignals();
  }
}

/** @param memoryBytes what a run may take where `--memory` does not say. */
export async function prepareFromArguments(
  args: SweepArguments & ShardArguments,
  memoryBytes?: number,
): Promise<PreparedSweep> {
  const spec = await readSweepArgument(args);
  const prepared = await prepareSweep(spec, {
    engine: args.noop ? 'noop' : args.engine,
    dataDir: args.dataDir,
    memoryBytes: args.memory === undefined ? memoryBytes : parseBytes('--memory', args.memory),
  });
  return args.shard ? shardOf(prepared, args.shard) : prepared;
}
