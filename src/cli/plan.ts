import type { CommandModule } from 'yargs';
import { inTurns } from '../base/steps.js';
import { counted, formatBytes, formatDuration } from '../base/units.js';
import { sweepAdvice } from '../domain/sweep-file/parse.js';
import { measureSpeed, planSweep, type SweepPlan } from '../run/plan.js';
import type { PreparedSweep } from '../run/prepare.js';
import { shardText } from '../run/shard.js';
import { storedSweep } from '../run/stored-sweep.js';
import { snapshotIterations } from '../store/file/snapshots.js';
import { heldCells } from '../store/read/held-cells.js';
import { type SweepChanges, storedSweepChanges } from '../store/read/sweep-changes.js';
import { describeChanges } from './changes.js';
import {
  type DeadlineArguments,
  deadlineOptions,
  formatDeadline,
  type OrderArguments,
  orderOption,
  parseDeadline,
  secondsUntil,
} from './deadline.js';
import { withKernels } from './kernels-text.js';
import { type ShardArguments, shardOption } from './shard.js';
import {
  databaseOf,
  prepareFromArguments,
  type SweepArguments,
  sweepOptions,
  threadsOf,
} from './sweep-options.js';

type PlanArguments = SweepArguments & ShardArguments & DeadlineArguments & OrderArguments;

/** `espalier plan SWEEP`: prints what a sweep would cost. */
export const planCommand: CommandModule<object, PlanArguments> = {
  builder: yargs =>
    orderOption(deadlineOptions(shardOption(sweepOptions(yargs))))
      .example('$0 plan sweeps/digits-overnight.yaml', 'will it be done by the morning?')
      .example('$0 plan my.yaml --until 07:00', 'and what, if not all of it?')
      .example('$0 plan my.yaml --shard 3/8', 'one of eight parts')
      .example('$0 plan my.yaml --threads 2 --json', 'the same, for a script')
      .example('$0 plan - < my.yaml', 'a sweep that another program writes') as never,
  handler: async args => {
    const deadline = parseDeadline(args);
    const prepared = await prepareFromArguments(args);
    await showPlan(prepared, args, deadline);
  },
};

/** What the sweep changes for the one of its name in the database; null where nothing. */
const changesOf = ({ spec, trajectories }: PreparedSweep, db: string): SweepChanges | null =>
  storedSweepChanges(db, storedSweep(spec), trajectories);

/** What a run with these arguments would cost. @param deadline null for none. */
export async function planOf(
  prepared: PreparedSweep,
  args: PlanArguments,
  deadline: Date | null,
): Promise<SweepPlan> {
  const db = databaseOf(prepared.spec, args);
  return planSweep(prepared, {
    threads: threadsOf(args),
    rates: await inTurns(measureSpeed(prepared)),
    ...heldCells(db, prepared.trajectories, prepared.spec.evaluate),
    snapshots: snapshotIterations(db),
    order: args.order,
    secondsAvailable: deadline ? secondsUntil(deadline, Date.now()) : undefined,
  });
}

/**
 * Prints it. The shape of `plan --json`: SweepPlan (src/run/plan.ts), `db`, and `changes`: SweepChanges
 * (src/store/read/sweep-changes.ts), null where the database has no sweep of this name or its cells stay as they are.
 */
export async function showPlan(
  prepared: PreparedSweep,
  args: PlanArguments,
  deadline: Date | null,
): Promise<void> {
  const plan = await planOf(prepared, args, deadline);
  const db = databaseOf(prepared.spec, args);
  const changes = changesOf(prepared, db);
  if (args.json) process.stdout.write(`${JSON.stringify({ ...plan, db, changes }, null, 2)}\n`);
  else printPlan(prepared, db, plan, { changes, deadline, shard: args.shard });
}

function printPlan(
  prepared: PreparedSweep,
  db: string,
  plan: SweepPlan,
  { changes, deadline, shard }: ShardArguments & { changes: SweepChanges | null; deadline: Date | null },
): void {
  const operations = Object.values(plan.arithmetic).reduce((sum, flops) => sum + flops, 0);
  const share = (flops: number) => `${Math.round((100 * flops) / Math.max(1, operations))}%`;
  const { training, activations, selection, evaluation } = plan.arithmetic;
  const rows: [string, string][] = [
    ['trajectories', String(plan.trajectories)],
    ['cells', `${plan.cells}, of which ${db} holds ${plan.cellsHeld}`],
    ...(plan.cellsExpected ? [['refined', refinedText(plan)] satisfies [string, string]] : []),
    ...(changes ? [['edited', describeChanges(changes, db)] satisfies [string, string]] : []),
    [
      'arithmetic',
      `${formatOperations(operations)}: training ${share(training)}, activations ${share(activations)}, ` +
        `selection ${share(selection)}, evaluation ${share(evaluation)}`,
    ],
    ['memory', `${formatBytes(plan.workerBytes)} per worker at most, ${formatBytes(plan.totalBytes)} in all`],
    ['snapshot', `${formatBytes(plan.snapshotBytes)} per unfinished trajectory at most`],
    [
      'expected time',
      `${formatDuration(plan.secondsLeft)} on ${counted(plan.threads, 'thread')} of the ${plan.engine} engine` +
        (plan.kernels === null ? '' : `, ${withKernels(plan.kernels)}`) +
        (plan.cellsHeld > 0 ? ` (${formatDuration(plan.secondsAll)} from nothing)` : '') +
        `, the longest trajectory ${formatDuration(plan.secondsLongest)}`,
    ],
  ];
  if (plan.prediction) {
    const { seconds, workerBytes } = plan.prediction;
    rows.push([
      'prediction',
      `about ${formatDuration(seconds)} of one thread by \`espalier predict\`, ${formatBytes(workerBytes)} per worker at most`,
    ]);
  }
  if (deadline) rows.push(['finished by', finishedByText(plan, deadline)]);
  process.stdout.write(`${plan.sweep}${shard ? `, part ${shardText(shard)}` : ''}\n`);
  for (const [name, text] of rows) process.stdout.write(`  ${name.padEnd(15)}${text}\n`);
  for (const advice of sweepAdvice(prepared.spec)) process.stderr.write(`note: ${advice}\n`);
}

function refinedText({ cells, cellsExpected, keptStates }: SweepPlan): string {
  const { low, mean, high } = cellsExpected!;
  const kept = `, with up to ${counted(keptStates!, 'state')} kept by a worker to go back to`;
  return mean === cells ? `no further cells${kept}` : `to about ${mean} cells, ${low} to ${high}${kept}`;
}

/** What will be finished at the deadline that the plan was made for. */
export function finishedByText(plan: SweepPlan, deadline: Date): string {
  const { trajectories, cells, seconds, seeds } = plan.byDeadline!;
  const when = formatDeadline(deadline, seconds);
  if (trajectories === plan.trajectories) return `${when}: everything`;
  const whole = seeds.length === 0 ? 'no seed is whole' : `whole seeds: ${seeds.join(', ')}`;
  const order = plan.order === 'seeds' ? 'seed by seed' : 'longest first';
  return (
    `${when}: ${trajectories} of ${counted(plan.trajectories, 'trajectory', 'trajectories')}, ` +
    `${cells} of ${counted(plan.cells, 'cell')} ` +
    `(${order}; ${whole})`
  );
}

function formatOperations(operations: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, operations)) / 3));
  return `${(operations / 10 ** (3 * power)).toPrecision(3)} ${units[power]}FLOP`;
}
