import type { CommandModule } from 'yargs';
import { UsageError } from '../base/errors.js';
import { inTurns } from '../base/steps.js';
import { counted } from '../base/units.js';
import { writeSimulatedDatabase } from '../design/fill.js';
import { assumptionsFromDatabase } from '../design/learn.js';
import { refinedProposal } from '../design/refined.js';
import type { DesignReport } from '../design/report.js';
import { type Assumptions, tryDesign } from '../design/simulate.js';
import { type Template, templateOf } from '../design/template.js';
import { TRUE_LAWS, type TrueLaw } from '../design/truths.js';
import { tryBends } from '../design/try-bends.js';
import { measureSpeed, planSweep, type SweepPlan } from '../run/plan.js';
import type { PreparedSweep } from '../run/prepare.js';
import { renderDesign } from './design-screen.js';
import { moreThanZero, numberOption, WHOLE, wholeFrom, zeroOrMore } from './numbers.js';
import {
  type FilesystemArguments,
  filesystemOption,
  prepareFromArguments,
  type SweepArguments,
  sweepOptions,
  threadsOf,
} from './sweep-options.js';

interface DesignArguments extends SweepArguments, FilesystemArguments {
  readonly sigma?: number | undefined;
  readonly seedSigma?: number | undefined;
  readonly seedSlope?: number | undefined;
  readonly growth?: number | undefined;
  readonly start?: number | undefined;
  readonly from?: string | undefined;
  readonly fromSweep?: string | undefined;
  readonly simulations?: number | undefined;
  readonly simulationSeed: number;
  readonly write?: string | undefined;
  readonly law?: TrueLaw | undefined;
}

const DEFAULT_NOISE = { own: 0.1, seedLevel: 0.05, seedSlope: 0 };
const DEFAULT_GROWTH = 3;
const DEFAULT_SIMULATIONS = 200;
/** By default the last checkpoint is this many times the largest expected t*. */
const HEADROOM = 3;

/** `espalier design SWEEP`: simulates whether the sweep could decide between the laws. */
export const designCommand: CommandModule<object, DesignArguments> = {
  builder: yargs =>
    filesystemOption(sweepOptions(yargs, { db: false }))
      .option('sigma', {
        ...numberOption('sigma', moreThanZero('a standard deviation')),
        describe: `Noise of ln t* from curve to curve [default: ${DEFAULT_NOISE.own}]`,
      })
      .option('seed-sigma', {
        ...numberOption('seed-sigma', zeroOrMore('a standard deviation')),
        describe: `Noise of ln t* that all curves of a seed share [default: ${DEFAULT_NOISE.seedLevel}]`,
      })
      .option('seed-slope', {
        ...numberOption('seed-slope', zeroOrMore('a standard deviation')),
        describe: 'The same, by which a seed tilts its curve, per unit of ln n [default: 0]',
      })
      .option('growth', {
        ...numberOption('growth', moreThanZero('a factor')),
        describe: `t* at the largest size over t* at the smallest [default: ${DEFAULT_GROWTH}]`,
      })
      .option('start', {
        ...numberOption('start', moreThanZero('iterations')),
        describe: 't* at the smallest size [default: so that the last checkpoint is 3 times the largest t*]',
      })
      .option('from', {
        type: 'string',
        nargs: 1,
        describe: 'Learn all of these from the curves of a database',
      })
      .option('from-sweep', { type: 'string', nargs: 1, describe: 'Which sweep of it, if it holds several' })
      .option('simulations', {
        ...numberOption('simulations', wholeFrom(1)),
        describe: `Experiments simulated under each law [default: ${DEFAULT_SIMULATIONS}]`,
      })
      .option('simulation-seed', {
        ...numberOption('simulation-seed', WHOLE),
        default: 1,
        describe: 'Seed of the simulations',
      })
      .option('write', {
        type: 'string',
        nargs: 1,
        describe: 'Instead: write a database of curves simulated from --law, to try fit, query and report on',
      })
      .option('law', { choices: TRUE_LAWS, nargs: 1, describe: 'The law of --write' })
      .example('$0 design sweeps/mnist-small.yaml', 'could it tell a logarithm from a power?')
      .example(
        '$0 design my.yaml --from results/mnist-small.sqlite',
        'with the noise that an earlier sweep shows',
      )
      .example(
        '$0 design sweeps/quickstart.yaml --write try.sqlite --law logarithmic',
        'a database whose verdict is known',
      ) as never,
  handler: async args => {
    checkPairs(args);
    const prepared = await prepareFromArguments(args);
    const template = templateOf(prepared);
    const learnt =
      args.from === undefined ? null : await assumptionsFromDatabase(args.from, args.fromSweep, template);
    const assumed = assumptions(args, template, learnt);
    const { simulations = DEFAULT_SIMULATIONS, simulationSeed } = args;
    if (args.write !== undefined) {
      const { write, law, unsafeFilesystem } = args;
      const filled = await writeSimulatedDatabase(write, prepared, template, law!, assumed, simulationSeed, {
        unsafeFilesystem,
      });
      process.stdout.write(
        args.json
          ? `${JSON.stringify({ shape: 1, db: write, law, assumed, simulationSeed, ...filled }, null, 2)}\n`
          : `${write}: ${counted(filled.cells, 'cell')} of ${counted(filled.trajectories, 'trajectory', 'trajectories')}, simulated from ${law}\n`,
      );
      return;
    }
    const rates = await inTurns(measureSpeed(prepared));
    const plan = (sweep: PreparedSweep): SweepPlan =>
      planSweep(sweep, {
        threads: threadsOf(args),
        rates,
        unfinished: trajectory => trajectory.checkpoints,
        snapshots: new Map(),
      });
    const now = plan(prepared);
    const report: DesignReport = {
      shape: 1,
      sweep: prepared.spec.name,
      group: template.group.name,
      sizes: template.sample.sizes,
      seeds: template.sample.seeds.length,
      checkpoints: template.checkpoints,
      assumed: { ...assumed, learntFrom: learnt?.from ?? null },
      simulations,
      simulationSeed,
      laws: await inTurns(tryDesign(template.sample, assumed, { simulations, seed: simulationSeed })),
      bends: await inTurns(tryBends(template.sample, assumed, { simulations, seed: simulationSeed })),
      cost: { seconds: now.secondsAll, threads: now.threads },
      refined: refinedCost(prepared, now, plan),
    };
    process.stdout.write(args.json ? `${JSON.stringify(report, null, 2)}\n` : renderDesign(report));
  },
};

/** The cost with refined checkpoints, where that saves a fifth of the cells or more. */
function refinedCost(
  prepared: PreparedSweep,
  { cells: cellsNow }: SweepPlan,
  plan: (sweep: PreparedSweep) => SweepPlan,
): DesignReport['refined'] {
  const proposal = refinedProposal(prepared);
  if (!proposal) return null;
  const { cellsExpected, secondsAll } = plan(proposal.prepared);
  const cells = cellsExpected!.mean;
  if (cells > 0.8 * cellsNow) return null;
  return { pretrainIterations: proposal.pretrainIterations, cells, cellsNow, seconds: secondsAll };
}

function assumptions(args: DesignArguments, template: Template, learnt: Assumptions | null): Assumptions {
  const base = learnt?.noise ?? DEFAULT_NOISE;
  const growth = args.growth ?? learnt?.growth ?? DEFAULT_GROWTH;
  const last = template.checkpoints.at(-1) ?? 1;
  return {
    noise: {
      own: args.sigma ?? base.own,
      seedLevel: args.seedSigma ?? base.seedLevel,
      seedSlope: args.seedSlope ?? base.seedSlope,
    },
    growth,
    start: args.start ?? learnt?.start ?? last / HEADROOM / growth,
  };
}

/** @throws UsageError where an option is given without the one that it belongs to. */
function checkPairs(args: DesignArguments): void {
  if ((args.write === undefined) !== (args.law === undefined)) {
    throw new UsageError(
      args.write === undefined
        ? 'design: --law says what --write simulates, expected both'
        : `design: --write needs --law with one of: ${TRUE_LAWS.join(', ')}`,
    );
  }
  for (const option of ['simulations', 'threads'] as const) {
    if (args.write !== undefined && args[option] !== undefined)
      throw new UsageError(`design: --${option} is for the simulated verdicts, expected no --write with it`);
  }
  if (args.fromSweep !== undefined && args.from === undefined)
    throw new UsageError('design: --from-sweep names a sweep of the database --from, expected both');
}
