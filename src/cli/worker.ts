import { availableParallelism } from 'node:os';
import type { CommandModule } from 'yargs';
import { EXIT, UsageError } from '../base/errors.js';
import { memoryBudget } from '../base/memory.js';
import { onStopSignals } from '../base/stop-signals.js';
import { counted, formatBytes, parseBytes } from '../base/units.js';
import { checkDataDir } from '../data/locate.js';
import type { EngineName } from '../domain/types.js';
import { queueTimes, runQueueWorker } from '../execute/queue/index.js';
import { createWorkerData } from '../run/worker-data.js';
import { MAX_THREADS } from '../store/file/thread-request.js';
import { numberOption, SECONDS, wholeFrom } from './numbers.js';
import { queueAddress } from './queue-address.js';
import { ENGINES } from './sweep-options.js';

const EXIT_WITHIN_MS = 2_000;

interface WorkerArguments {
  readonly queue?: string | undefined;
  readonly threads?: number | undefined;
  readonly memory?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly engine?: EngineName | undefined;
  readonly untilIdle?: number | undefined;
}

/** `espalier worker`: runs trajectories of the runs on a Redis server. */
export const workerCommand: CommandModule<object, WorkerArguments> = {
  builder: yargs =>
    yargs
      .option('queue', {
        type: 'string',
        nargs: 1,
        describe: 'The Redis server of the runs: redis://host, rediss://host (TLS) [default: ESPALIER_QUEUE]',
      })
      .option('threads', {
        ...numberOption('threads', wholeFrom(1, MAX_THREADS)),
        describe: 'Trajectories at once [default: all cores]',
      })
      .option('memory', {
        type: 'string',
        nargs: 1,
        describe: 'What it may take: 8GB, 7.5GiB [default: what the machine or container has]',
      })
      .option('data-dir', { type: 'string', nargs: 1, describe: 'Where data files are looked for first' })
      .option('engine', { choices: ENGINES, describe: 'Take runs of this engine only [default: of any]' })
      .option('until-idle', {
        ...numberOption('until-idle', SECONDS),
        describe: 'End after so many seconds without a trajectory [default: go on waiting]',
      })
      .example('$0 worker --queue redis://coordinator', 'compute for every run on that server')
      .example(
        '$0 worker --threads 8 --until-idle 600',
        'the address and its password are in ESPALIER_QUEUE',
      ) as never,
  handler: work,
};

async function work(args: WorkerArguments): Promise<void> {
  const { engine = null, dataDir } = args;
  const address = queueAddress(args.queue);
  if (!address)
    throw new UsageError('--queue: not given, and ESPALIER_QUEUE is not set, expected a Redis server');
  checkDataDir({ dataDir });
  const threads = args.threads ?? availableParallelism();
  const memoryBytes = args.memory === undefined ? memoryBudget() : parseBytes('--memory', args.memory);
  const print = (line: string) => process.stderr.write(`${line}\n`);
  const leaving = new AbortController();
  let isReady = false;
  const ignoreSignals = onStopSignals(() => {
    if (leaving.signal.aborted) process.exit(EXIT.stopped);
    // It has taken nothing yet, and may have to wait for the server.
    if (!isReady) process.exit();
    print('leaving: what is computed here is handed back, with snapshots');
    leaving.abort();
  });
  try {
    await runQueueWorker({
      address,
      threads,
      memoryBytes,
      engine,
      data: createWorkerData({ dataDir, threads }),
      untilIdleMs: args.untilIdle === undefined ? undefined : 1000 * args.untilIdle,
      signal: leaving.signal,
      times: queueTimes(),
      report: print,
      onReady: () => {
        isReady = true;
        print(
          `at ${address.shown} with ${counted(threads, 'thread')} and ${formatBytes(memoryBytes)} of memory`,
        );
      },
    });
  } finally {
    ignoreSignals();
    // A machine that is to be given back is not kept by a connection that never ends.
    if (leaving.signal.aborted) setTimeout(() => process.exit(), EXIT_WITHIN_MS).unref();
  }
}
