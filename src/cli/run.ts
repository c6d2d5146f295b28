import { setFlagsFromString } from 'node:v8';
import type { CommandModule } from 'yargs';
import { EXIT, UsageError } from '../base/errors.js';
import { shellWord } from '../base/shell-word.js';
import { counted } from '../base/units.js';
import { sweepAdvice } from '../domain/sweep-file/parse.js';
import { createPoolExecutor } from '../execute/pool.js';
import type { Order } from '../run/order.js';
import { threadsThatFit } from '../run/plan.js';
import type { PreparedSweep } from '../run/prepare.js';
import { runSweep } from '../run/run-sweep.js';
import { type Shard, shardText } from '../run/shard.js';
import { type ChildServer, startChildServer } from '../serve/child-server.js';
import { describeChanges } from './changes.js';
import {
  type DeadlineArguments,
  deadlineOptions,
  type OrderArguments,
  orderOption,
  parseDeadline,
  startDeadline,
} from './deadline.js';
import { type LimitArguments, type Limits, limitOptions, parseLimits } from './limits.js';
import { type Learn, withOnEnd } from './on-end.js';
import { finishedByText, planOf, showPlan } from './plan.js';
import { createProgressDisplay, type ProgressDisplay } from './progress.js';
import {
  addressOf,
  audited,
  computesHere,
  type QueueArguments,
  queueOptions,
  type RunQueue,
  refuseAudit,
  runQueueOf,
  startQueue,
} from './run-queue.js';
import { type RunResult, resultJson, resultLine } from './run-result.js';
import { type AddressArguments, addressOptions, addressWarning, serveOptionsOf } from './serve.js';
import { type ShardArguments, shardOption } from './shard.js';
import { type Stopper, stopOnSignals } from './stopper.js';
import {
  databaseOf,
  type FilesystemArguments,
  filesystemOption,
  prepareFromArguments,
  type SweepArguments,
  sweepOptions,
  threadsOf,
} from './sweep-options.js';
import { printThresholds } from './thresholds.js';

type RunArguments = SweepArguments &
  QueueArguments &
  ShardArguments &
  FilesystemArguments &
  AddressArguments &
  LimitArguments &
  DeadlineArguments &
  OrderArguments & {
    dryRun: boolean;
    serve: boolean;
    onEnd?: string | undefined;
    verbose?: boolean | undefined;
  };

// Messages about cells live for a commit or two, long enough for V8 to move them to its old generation. By default
// V8 lets garbage there grow to several times the live heap.
const HEAP_GROWING = '--heap-growing-percent=50';

/** `espalier run SWEEP`: runs the unfinished part of a sweep. */
export const runCommand: CommandModule<object, RunArguments> = {
  builder: yargs =>
    queueOptions(
      filesystemOption(
        orderOption(deadlineOptions(limitOptions(addressOptions(shardOption(sweepOptions(yargs)))))),
      ),
    )
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Only say what would be run (see `plan`)',
      })
      .option('serve', { type: 'boolean', default: false, describe: 'With the live page (see `serve`)' })
      .option('on-end', {
        type: 'string',
        nargs: 1,
        describe:
          'Run this in the shell at every end, with the result of --json on its standard input (not with --dry-run)',
      })
      .example('$0 run sweeps/quickstart.yaml', 'run a sweep on all cores, or go on with it')
      .example('$0 run my.yaml --set train.learningRate=0.05 --set name=slow', 'change settings of the file')
      .example('$0 run my.yaml --shard 3/8', 'one of eight parts; `merge` joins them (docs/many-machines.md)')
      .example('$0 run sweeps/mnist-small.yaml --threads 4 --data-dir ~/data', 'choose threads and data')
      .example(
        `$0 run my.yaml --on-end 'notify-send "$ESPALIER_MESSAGE"'`,
        'a word at the end (docs/overnight.md)',
      ) as never,
  handler: args =>
    withOnEnd({ command: args.dryRun ? undefined : args.onEnd, isVerbose: args.verbose === true }, learn =>
      runOnce(args, learn),
    ),
};

async function runOnce(args: RunArguments, learn: Learn): Promise<void> {
  setFlagsFromString(HEAP_GROWING);
  const display = createProgressDisplay();
  const stopper = stopOnSignals(display);
  let page: ChildServer | null = null;
  try {
    const limits = parseLimits(args);
    const stopAt = parseDeadline(args);
    const address = addressOf(args);
    // Workers have memory of their own, and take what fits it.
    const prepared = await prepareFromArguments(
      args,
      computesHere(args) ? undefined : Number.POSITIVE_INFINITY,
    );
    learn({ sweep: prepared.spec.name });
    refuseAudit(args, prepared);
    const db = databaseOf(prepared.spec, args);
    learn({ db });
    if (args.dryRun) await showPlan(prepared, args, stopAt);
    else {
      const queue = address && runQueueOf(address, prepared.spec.name, db, args);
      page = await startPage(db, args, display);
      await runAndPrint(prepared, db, args, { ...limits, learn, stopAt, queue }, display, stopper);
    }
  } finally {
    display.end();
    await page?.close('the run has ended; `espalier serve` shows its database again');
    stopper.dispose();
  }
}

async function startPage(
  db: string,
  args: RunArguments,
  display: ProgressDisplay,
): Promise<ChildServer | null> {
  if (!args.serve) {
    const without = args.host !== undefined ? '--host' : args.port !== undefined ? '--port' : null;
    if (without) throw new UsageError(`${without}: expected with --serve`);
    return null;
  }
  const options = serveOptionsOf(db, args);
  const page = await startChildServer(options, how =>
    display.printLine(`warning: the live page has ended (${how})`),
  );
  display.printLine(`live page: ${page.url}`);
  const advice = addressWarning(options);
  if (advice) display.printLine(advice.trim());
  return page;
}

async function runAndPrint(
  prepared: PreparedSweep,
  db: string,
  args: RunArguments,
  {
    timeoutS,
    learn,
    stopAt,
    queue,
    ...limits
  }: Limits & { learn: Learn; stopAt: Date | null; queue: RunQueue | null },
  display: ProgressDisplay,
  { signal, abandon }: Stopper,
): Promise<void> {
  const { spec, engine } = prepared;
  const threads = queue ? (args.threads ?? 0) : threadsOf(args);
  const fitting = queue ? threads : threadsThatFit(prepared, threads);
  if (args.shard) display.printLine(shardLine(args.shard, prepared, db));
  if (engine.warning !== null) display.printLine(`warning: ${engine.warning}`);
  for (const advice of sweepAdvice(spec)) display.printLine(`note: ${advice}`);
  if (fitting < threads) {
    const only = fitting === 1 ? 'one' : fitting;
    display.printLine(`of the largest trajectories only ${only} at once: more would not fit in memory`);
  }
  const order = stopAt ? await announceDeadline(prepared, args, stopAt, display) : args.order;
  const deadline =
    stopAt &&
    startDeadline(stopAt, () =>
      display.printLine('the time is up: stopping after the present step; running again goes on from here'),
    );
  const startedAt = performance.now();
  const outcome = await runSweep(prepared, {
    db,
    unsafeFilesystem: args.unsafeFilesystem,
    threads,
    executor: async (datasets, check) => {
      const executor = queue
        ? await startQueue(prepared, queue, { datasets, threads, timeoutS, check }, line =>
            display.printLine(line),
          )
        : createPoolExecutor({ engine: engine.name, datasets, threads, timeoutS });
      return audited(executor, args);
    },
    signal: deadline ? AbortSignal.any([signal, deadline.signal]) : signal,
    abandon,
    order,
    ...limits,
    observer: {
      progress: (progress, pace) => {
        learn({ progress });
        display.update(progress, pace);
      },
      warning: message => display.printLine(`warning: ${message}`),
      changed: changes => display.printLine(`note: the sweep has changed: ${describeChanges(changes, db)}`),
      failed: (id, code, message) => display.printLine(`trajectory ${id} failed: ${code}: ${message}`),
      resized: count => display.printLine(resizedLine(count, db)),
    },
  }).finally(() => deadline?.dispose());
  display.end();
  const { stopped, progress, thresholds } = outcome;
  const seconds = (performance.now() - startedAt) / 1000;
  const exitCode = stopped ? EXIT.stopped : progress.trajectoriesFailed > 0 ? EXIT.someFailed : EXIT.done;
  const result: RunResult = {
    sweep: spec.name,
    db,
    stopped,
    seconds,
    progress,
    thresholds,
    exitCode,
    error: null,
  };
  learn(result);
  process.exitCode = exitCode;
  if (args.json) process.stdout.write(resultJson(result));
  else printResult(result, shellWord(db));
}

/** Says what will be finished in time. Returns the order that follows from it. */
async function announceDeadline(
  prepared: PreparedSweep,
  args: RunArguments,
  at: Date,
  display: ProgressDisplay,
): Promise<Order> {
  const plan = await planOf(prepared, args, at);
  display.printLine(`expected to be finished by ${finishedByText(plan, at)}`);
  return plan.order;
}

const shardLine = (shard: Shard, { trajectories }: PreparedSweep, db: string): string =>
  `part ${shardText(shard)}: ${counted(trajectories.length, 'trajectory', 'trajectories')}, in ${db}`;

const resizedLine = (threads: number, db: string): string =>
  threads === 0
    ? `paused: \`espalier threads ${shellWord(db)} N\` goes on with N threads`
    : `on ${counted(threads, 'thread')} from now on`;

function printResult(result: RunResult, db: string): void {
  process.stdout.write(`\n${resultLine(result)}\n`);
  printThresholds(result.thresholds);
  if (result.progress && result.progress.trajectoriesFailed > 0)
    process.stdout.write(`\nWhat failed, and why: npx espalier status ${db}\n`);
  process.stdout.write(
    `\nVerdict and figures: npx espalier report ${db}\nQuery it: npx espalier query ${db} "SELECT dataset_size, seed, pretrain_iterations, subnet_size, ` +
      `subnet_train_loss FROM results ORDER BY 1, 2, 3 LIMIT 10"\n`,
  );
}
