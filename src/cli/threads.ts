import { setTimeout as wait } from 'node:timers/promises';
import type { CommandModule } from 'yargs';
import { InputError, StoreError } from '../base/errors.js';
import { counted } from '../base/units.js';
import { MAX_THREADS, requestThreads } from '../store/file/thread-request.js';
import { runningHolder } from '../store/read/holder.js';

/** How long the command waits for the run to answer, and how often it looks. */
const ANSWER_MS = 10_000;
const LOOK_MS = 100;

interface ThreadsArguments {
  readonly db: string;
  readonly count: string;
}

/** `espalier threads DB N`: changes the threads of the run at work on a database. */
export const threadsCommand: CommandModule<object, ThreadsArguments> = {
  builder: yargs =>
    yargs
      .positional('db', { type: 'string', demandOption: true, describe: 'The database' })
      .positional('count', {
        type: 'string',
        demandOption: true,
        describe: 'Trajectories at once from now on; 0 pauses the run and releases the cores',
      })
      .example('$0 threads results/night.sqlite 2', 'leave the other cores to the day')
      .example('$0 threads results/night.sqlite 0', 'pause it: everything is kept') as never,
  handler: async ({ db, count }) => {
    const threads = wholeThreads(count);
    const { token, sweep } = runningHolder(db);
    requestThreads(db, token, threads);
    const what = threads === 0 ? 'is paused' : `runs on ${counted(threads, 'thread')} now`;
    await answered(db, token, threads);
    process.stdout.write(`${sweep ?? db} ${what}\n`);
  },
};

function wholeThreads(text: string): number {
  const threads = Number(text);
  if (!/^\d+$/.test(text) || threads > MAX_THREADS)
    throw new InputError({
      path: 'count',
      value: text,
      expected: `a whole number from 0 to ${MAX_THREADS}`,
    });
  return threads;
}

/** @throws StoreError DATABASE_HELD if the run has not answered in time. */
async function answered(db: string, token: string, threads: number): Promise<void> {
  for (let waited = 0; waited < ANSWER_MS; waited += LOOK_MS) {
    const holder = runningHolder(db);
    if (holder.token !== token) throw new StoreError('NO_RUN', db, `${db}: the run has ended`);
    if (holder.threads === threads) return;
    // With a queue, as many run as there are workers for.
    if (holder.queue !== null && threads > (holder.threads ?? 0) && holder.threads !== 0) return;
    await wait(LOOK_MS);
  }
  throw new StoreError(
    'DATABASE_HELD',
    db,
    `${db}: the run has not answered within ${ANSWER_MS / 1000} s; it follows as soon as it can, or is an older espalier`,
  );
}
