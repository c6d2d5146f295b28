/** Options of a run whose trajectories are computed by workers on other machines. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { InputError, UsageError } from '../base/errors.js';
import { TOOL_VERSION } from '../base/paths.js';
import { processName } from '../base/process-name.js';
import type { Dataset } from '../data/dataset.js';
import { HAS_EQUAL_BITS } from '../engine/numerics.js';
import { withAudit } from '../execute/audit.js';
import type { Executor, ResultCheck } from '../execute/executor.js';
import {
  createQueueExecutor,
  parseAddress,
  type QueueAddress,
  queueTimes,
  RUN_NAME,
} from '../execute/queue/index.js';
import type { PreparedSweep } from '../run/prepare.js';
import { type NumberRule, numberOption } from './numbers.js';
import type { SweepArguments } from './sweep-options.js';

export interface QueueArguments {
  readonly audit?: number | undefined;
  readonly queue?: string | undefined;
  readonly queueName?: string | undefined;
}

export function queueOptions<T>(yargs: Argv<T>): Argv<T & QueueArguments> {
  return yargs
    .option('queue', {
      type: 'string',
      nargs: 1,
      describe:
        'Hand the trajectories to workers (see `worker`) over this Redis server: redis://host, rediss://host (TLS)',
    })
    .option('queue-name', {
      type: 'string',
      nargs: 1,
      describe: "The run's name on that server [default: the sweep's, and a hash of the database's path]",
    })
    .option('audit', {
      ...numberOption('audit', SHARE),
      describe: 'Compute this share of the trajectories twice, by different workers where there are several',
    }) as never;
}

const SHARE: NumberRule = {
  expected: 'a share above 0, at most 1',
  fits: value => value > 0 && value <= 1,
};

/** @throws UsageError for an engine that promises no equal bits. */
export function refuseAudit({ audit }: QueueArguments, { engine }: PreparedSweep): void {
  if (audit !== undefined && !HAS_EQUAL_BITS.has(engine.name))
    throw new UsageError(
      `--audit ${audit}: the ${engine.name} engine does not promise the same bits twice, expected another engine`,
    );
}

/** Has the share of `--audit` computed twice. */
export const audited = (executor: Executor, { audit }: QueueArguments): Executor =>
  audit === undefined
    ? executor
    : withAudit(executor, audit, processName({ host: hostname(), process: process.pid }));

export interface RunQueue {
  readonly address: QueueAddress;
  readonly name: string;
  readonly database: string;
}

/** The address in `--queue`; credentials that it lacks come from ESPALIER_QUEUE. @throws InputError, UsageError */
export function addressOf({ queue, queueName }: QueueArguments): QueueAddress | null {
  if (queue !== undefined) return parseAddress('--queue', queue, process.env.ESPALIER_QUEUE);
  if (queueName !== undefined) throw new UsageError('--queue-name: expected with --queue');
  return null;
}

/** @throws InputError for a name that no key can have. */
export function runQueueOf(
  address: QueueAddress,
  sweep: string,
  db: string,
  { queueName }: QueueArguments,
): RunQueue {
  const database = createHash('sha256')
    .update(`${hostname()}\n${resolve(db)}`)
    .digest('hex')
    .slice(0, 16);
  const fallback = `${sweep
    .replaceAll(/[^\w.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]*/, '')
    .slice(0, 80)}-${database.slice(0, 8)}`;
  const name = queueName ?? fallback.replace(/^-/, 'run-');
  if (!RUN_NAME.test(name))
    throw new InputError({
      path: '--queue-name',
      value: name,
      expected: 'up to 100 letters, digits, dots, underscores and dashes, a letter or digit first',
    });
  return { address, name, database };
}

export interface QueueStart {
  readonly datasets: ReadonlyMap<string, Dataset>;
  /** Threads of this process: a worker like any other. */
  readonly threads: number;
  readonly timeoutS: number | undefined;
  readonly check: ResultCheck;
}

/** @throws QueueError */
export function startQueue(
  prepared: PreparedSweep,
  { address, name, database }: RunQueue,
  { datasets, threads, timeoutS, check }: QueueStart,
  printLine: (line: string) => void,
): Promise<Executor> {
  const { spec, engine, data, memoryBytes } = prepared;
  const sets = [...data.values()].map(({ settings, identified: { identity } }) => {
    const dir = settings.dir === undefined ? {} : { dir: resolve(settings.dir) };
    return { settings: { ...settings, ...dir }, identity };
  });
  printLine(`run ${name}: \`espalier worker --queue ${address.shown}\` computes for it, on any machine`);
  return createQueueExecutor({
    address,
    name,
    database,
    manifest: {
      sweep: spec.name,
      toolVersion: TOOL_VERSION,
      engine: engine.name,
      numerics: engine.numerics,
      datasets: sets,
    },
    hasBits: HAS_EQUAL_BITS.has(engine.name),
    times: queueTimes(),
    timeoutS,
    check,
    own: threads === 0 ? null : { threads, memoryBytes, datasets },
    warn: message => printLine(`warning: ${message}`),
  });
}

/** What a machine's memory limits is what it computes itself. */
export const computesHere = (args: SweepArguments & QueueArguments): boolean =>
  args.queue === undefined || args.threads !== undefined;
