/** Runs `espalier bench`: measures the kernels and whole trajectories of one engine, on one thread. */
import { cpus } from 'node:os';
import { TOOL_VERSION } from '../base/paths.js';
import { nodeVersion } from '../base/provenance.js';
import { inTurns } from '../base/steps.js';
import { type DataSearch, type Dataset, identifyDataset, loadSteps } from '../data/dataset.js';
import type { DatasetSettings, TrajectoryConfig } from '../domain/types.js';
import { createEngine } from '../engine/index.js';
import { InputLibrary, imagesKey, type TrajectoryEnvironment } from '../trajectory/environment.js';
import { type Ceilings, measureCeilings } from './ceilings.js';
import { measureDeviceCeilings } from './device-bench.js';
import { type Bench, MEASURES, type Measured } from './measures.js';
import { BENCH_NAMES, type BenchName, type BenchSizes, FULL_SIZES, QUICK_SIZES } from './sizes.js';

/** The engines that can be measured: those that are meant to be fast. */
export const BENCH_ENGINES = ['wasm', 'webgpu'] as const;
export type BenchEngine = (typeof BENCH_ENGINES)[number];

export interface BenchOptions extends DataSearch {
  readonly engine: BenchEngine;
  /** Generated digits, or MNIST, which must be on this machine. */
  readonly dataset: 'digits' | 'mnist';
  /** Approximate seconds of each measurement. */
  readonly seconds: number;
  /** Small sizes: checks that everything runs. The figures mean little. */
  readonly quick: boolean;
  /** Names to measure; empty means all. */
  readonly only: readonly BenchName[];
  /** Called with the name of the next step. */
  readonly announce: (what: string) => void;
}

/** One line of the table. `bench --json` prints it, so the shape is stable. */
export interface BenchResult {
  readonly name: BenchName;
  /** The timed unit of work, with its sizes. */
  readonly work: string;
  readonly repeats: number;
  /** Medians for one unit: `seconds` of wall time, `cpuSeconds` of CPU time. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Floating-point operations of one unit on stored inputs; a multiply-add counts as two. */
  readonly operations: number;
  /** Bytes of weights and activations that one unit reads or writes in memory. */
  readonly bytes: number;
  /** Passes over the activations in one unit; null if it makes none. */
  readonly passes: number | null;
  /** 10^9 operations and bytes per second of CPU time (`webgpu`: of wall time), then both as shares of the ceilings. */
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
  readonly shareOfMultiplyAdd: number;
  readonly shareOfStreamingRead: number;
}

export interface BenchReport {
  readonly tool: string;
  readonly node: string;
  readonly cpu: string;
  readonly engine: BenchEngine;
  readonly numerics: number;
  /** What ran the hot loops: wasm, native-128, native-256 or native-512; of webgpu the backend, adapter and driver. */
  readonly kernels: string;
  readonly dataset: 'digits' | 'mnist';
  readonly quick: boolean;
  /** Measured in the same run. */
  readonly ceilings: Ceilings;
  readonly results: readonly BenchResult[];
}

/**
 * Runs the measurements in `options.only`, one after the other.
 *
 * @throws DataError if MNIST is requested and not found.
 * @throws EngineUnavailableError if the kernels are not built, or there is no device.
 */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  const sizes = options.quick ? QUICK_SIZES : FULL_SIZES;
  const { environment, config } = await setUp(options, sizes);
  const bench: Bench = { environment: environment, config, sizes, seconds: options.seconds };
  options.announce('ceilings');
  const isOnDevice = options.engine === 'webgpu';
  const measure = isOnDevice ? measureDeviceCeilings : measureCeilings;
  const ceilings = await measure(options.seconds, sizes.streamBytes);
  const results: BenchResult[] = [];
  for (const name of BENCH_NAMES) {
    if (options.only.length > 0 && !options.only.includes(name)) continue;
    options.announce(name);
    const measured = await MEASURES[name](bench);
    results.push(resultOf(name, measured, ceilings, isOnDevice ? measured.timing.wall : measured.timing.cpu));
  }
  return {
    tool: TOOL_VERSION,
    node: nodeVersion(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    engine: options.engine,
    numerics: config.numerics,
    kernels: environment.engine.kernels!,
    dataset: options.dataset,
    quick: options.quick,
    ceilings,
    results,
  };
}

async function setUp(
  { engine: engineName, dataset: name, dataDir, announce }: BenchOptions,
  sizes: BenchSizes,
): Promise<{ environment: TrajectoryEnvironment; config: TrajectoryConfig }> {
  const engine = await createEngine(engineName);
  const positive = [5, 6, 7, 8, 9];
  const settings: DatasetSettings =
    name === 'digits' ? { name, positive, seed: 0, pool: sizes.pool, test: sizes.test } : { name, positive };
  announce(`data: ${name}`);
  const { identity } = identifyDataset(settings, { dataDir });
  const datasets = new Map<string, Dataset>([
    [imagesKey(identity), await inTurns(loadSteps(settings, { dataDir }))],
  ]);
  return {
    environment: { engine, inputs: new InputLibrary(datasets), stopRequested: () => false },
    config: {
      dataset: identity,
      datasetSize: sizes.datasetSize,
      width: sizes.width,
      seed: 0,
      network: {
        activation: 'relu',
        scaling: 'mean-field',
        bias: false,
        initScale: 1,
        symmetricInit: false,
      },
      inputs: { scaling: 'raw' },
      train: {
        loss: 'squared',
        batchSize: sizes.batchSize,
        learningRate: 0.1,
        momentum: 0,
        weightDecay: 0,
        layers: 'first',
      },
      engine: engine.name,
      numerics: engine.numerics,
    },
  };
}

/** @param seconds that rates are of */
function resultOf(name: BenchName, measured: Measured, ceilings: Ceilings, seconds: number): BenchResult {
  const { work, timing, operations, bytes, passes } = measured;
  const gflops = operations / seconds / 1e9;
  const gigabytesPerSecond = bytes / seconds / 1e9;
  return {
    name,
    work,
    repeats: timing.repeats,
    seconds: timing.wall,
    cpuSeconds: timing.cpu,
    operations,
    bytes,
    passes: passes ?? null,
    gflops,
    gigabytesPerSecond,
    shareOfMultiplyAdd: gflops / ceilings.multiplyAddGflops,
    shareOfStreamingRead: gigabytesPerSecond / ceilings.streamingReadGBs,
  };
}
