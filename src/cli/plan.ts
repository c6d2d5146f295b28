import type { CommandModule } from 'yargs';
import { formatBytes, formatDuration } from '../base/units.js';
import { sweepAdvice } from '../domain/sweep-file/parse.js';
import { planSweep, type SweepPlan } from '../run/plan.js';
import type { PreparedSweep } from '../run/prepare.js';
import { snapshotIterations } from '../store/file/snapshots.js';
import { unfinishedCells } from '../store/read/reader.js';
import {
  databaseOf,
  prepareFromArguments,
  type SweepArguments,
  sweepOptions,
  threadsOf,
} from './sweep-options.js';

/** `espalier plan SWEEP`: prints what a sweep would cost. */
export const planCommand: CommandModule<object, SweepArguments> = {
  builder: yargs =>
    sweepOptions(yargs)
      .example('$0 plan sweeps/digits-overnight.yaml', 'will it be done by the morning?')
      .example('$0 plan my.yaml --threads 2 --json', 'the same, for a script') as never,
  handler: async args => {
    const prepared = await prepareFromArguments(args);
    const db = databaseOf(prepared.spec, args);
    (args.json ? printPlanJson : printPlan)(prepared, db, threadsOf(args));
  },
};

function planOf(prepared: PreparedSweep, db: string, threads: number): SweepPlan {
  return planSweep(prepared, {
    threads,
    unfinished: unfinishedCells(db, prepared.trajectories, prepared.spec.evaluate),
    snapshots: snapshotIterations(db),
  });
}

/** The shape of `plan --json`: SweepPlan (src/run/plan.ts) and `db`. */
export function printPlanJson(prepared: PreparedSweep, db: string, threads: number): void {
  process.stdout.write(`${JSON.stringify({ ...planOf(prepared, db, threads), db }, null, 2)}\n`);
}

export function printPlan(prepared: PreparedSweep, db: string, threads: number): void {
  const plan = planOf(prepared, db, threads);
  const operations = Object.values(plan.arithmetic).reduce((sum, flops) => sum + flops, 0);
  const share = (flops: number) => `${Math.round((100 * flops) / operations)}%`;
  const { training, activations, selection, evaluation } = plan.arithmetic;
  const rows: [string, string][] = [
    ['trajectories', String(plan.trajectories)],
    ['cells', `${plan.cells}, of which ${db} holds ${plan.cellsHeld}`],
    [
      'arithmetic',
      `${formatOperations(operations)}: training ${share(training)}, activations ${share(activations)}, ` +
        `selection ${share(selection)}, evaluation ${share(evaluation)}`,
    ],
    ['memory', `${formatBytes(plan.workerBytes)} per worker at most, ${formatBytes(plan.totalBytes)} in all`],
    ['snapshot', `${formatBytes(plan.snapshotBytes)} per unfinished trajectory at most`],
    [
      'expected time',
      `${formatDuration(plan.secondsLeft)} on ${plan.threads} threads of the ${plan.engine} engine` +
        (plan.cellsHeld > 0 ? ` (${formatDuration(plan.secondsAll)} from nothing)` : '') +
        `, the longest trajectory ${formatDuration(plan.secondsLongest)}`,
    ],
  ];
  process.stdout.write(`${plan.sweep}\n`);
  for (const [name, text] of rows) process.stdout.write(`  ${name.padEnd(15)}${text}\n`);
  for (const advice of sweepAdvice(prepared.spec)) process.stderr.write(`note: ${advice}\n`);
}

function formatOperations(operations: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, operations)) / 3));
  return `${(operations / 10 ** (3 * power)).toPrecision(3)} ${units[power]}FLOP`;
}
