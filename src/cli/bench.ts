import type { CommandModule } from 'yargs';
import { UsageError } from '../base/errors.js';
import { BENCH_ENGINES, type BenchEngine, type BenchReport, runBench } from '../bench/bench.js';
import { BENCH_NAMES, type BenchName } from '../bench/sizes.js';
import { withKernels } from './kernels-text.js';
import { numberOption } from './numbers.js';
import { renderTable } from './output.js';

interface BenchArguments {
  readonly engine: BenchEngine;
  readonly seconds?: number | undefined;
  readonly only?: BenchName[] | undefined;
  readonly dataset: 'digits' | 'mnist';
  readonly dataDir?: string | undefined;
  readonly quick: boolean;
  readonly json: boolean;
}

const SECONDS = 3;
const QUICK_SECONDS = 0.05;
const MAX_SECONDS = 3600;

/** `espalier bench`: measures the kernels and the whole path on this machine. */
export const benchCommand: CommandModule<object, BenchArguments> = {
  builder: yargs =>
    yargs
      .option('seconds', {
        ...numberOption('seconds', {
          expected: `a number above 0, at most ${MAX_SECONDS}`,
          fits: value => value > 0 && value <= MAX_SECONDS,
        }),
        describe: `How long each measurement goes on at least [default: ${SECONDS}]`,
      })
      .option('only', {
        array: true,
        nargs: 1,
        choices: BENCH_NAMES,
        describe: 'Measure this only (repeatable)',
      })
      .option('engine', { choices: BENCH_ENGINES, default: 'wasm' as const, describe: 'What is measured' })
      .option('dataset', {
        choices: ['digits', 'mnist'] as const,
        default: 'digits' as const,
        describe: 'Inputs: generated digits, or MNIST',
      })
      .option('data-dir', { type: 'string', nargs: 1, describe: 'Where data files are looked for first' })
      .option('quick', {
        type: 'boolean',
        default: false,
        describe: 'Small sizes, a second or two in all: does everything run?',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print the result as JSON' })
      .example('$0 bench', 'everything, in about a minute')
      .example('$0 bench --only step --only gram --seconds 10', 'two of the measurements, for longer')
      .example('$0 bench --engine webgpu', 'the same on a GPU, rates by wall time')
      .example('taskset -c 1 npx espalier bench --json', 'on one core of several, for a script') as never,
  handler: async args => {
    if (args.dataDir !== undefined && args.dataset === 'digits')
      throw new UsageError('bench: digits are generated, expected --dataset mnist with --data-dir');
    const report = await runBench({
      engine: args.engine,
      dataset: args.dataset,
      dataDir: args.dataDir,
      seconds: args.seconds ?? (args.quick ? QUICK_SECONDS : SECONDS),
      quick: args.quick,
      only: args.only ?? [],
      announce: what => process.stderr.write(`${what} ...\n`),
    });
    process.stdout.write(args.json ? `${JSON.stringify(report, null, 2)}\n` : asTable(report));
  },
};

function asTable(report: BenchReport): string {
  const { ceilings, results, cpu, node, tool, engine, dataset, kernels } = report;
  const arithmetic = engine === 'wasm' ? '128-bit WebAssembly' : 'float32';
  const head = ['name', 'one', 'ms', 'CPU ms', 'GFLOP/s', '% of peak', 'GB/s', '% of read', 'passes'];
  const rows = results.map(result => [
    result.name,
    result.work,
    rounded(result.seconds * 1000),
    rounded(result.cpuSeconds * 1000),
    rounded(result.gflops),
    percent(result.shareOfMultiplyAdd),
    rounded(result.gigabytesPerSecond),
    percent(result.shareOfStreamingRead),
    result.passes,
  ]);
  return (
    `espalier ${tool}, node ${node}, ${cpu}, one thread, ${withKernels(kernels)}, inputs: ${dataset}\n` +
    `ceilings: multiply-adds ${rounded(ceilings.multiplyAddGflops)} GFLOP/s (${arithmetic}, registers only), ` +
    `streaming read ${rounded(ceilings.streamingReadGBs)} GB/s\n${renderTable(head, rows)}`
  );
}

const rounded = (value: number): number => Number(value.toPrecision(3));
const percent = (share: number): number => Math.round(100 * share);
