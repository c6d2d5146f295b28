/** The measurements. Each times code that a sweep runs, and counts its operations and bytes. */

import type { TrajectoryTask } from '../domain/messages.js';
import type { TrajectoryConfig, Variant } from '../domain/types.js';
import { WasmInstancePool } from '../engine/wasm/instance-pool.js';
import { columnEntryBytes, layOut, PANEL } from '../engine/wasm/layout.js';
import { LANES, ROW_BYTES } from '../engine/wasm/layout-parts.js';
import { VECTORS } from '../engine/webgpu/kernels/statistics.js';
import { stream } from '../math/random.js';
import type { TrajectoryEnvironment } from '../trajectory/environment.js';
import { measureDense, measureSubnets, selectPaths } from '../trajectory/prune.js';
import { runTrajectory } from '../trajectory/run-trajectory.js';
import { openSession, type Session } from '../trajectory/session.js';
import { deviceGram } from './device-bench.js';
import type { BenchName, BenchSizes } from './sizes.js';
import { type Timing, timeOf } from './timing.js';

export interface Bench {
  readonly environment: TrajectoryEnvironment;
  /** The settings that measurements start from. */
  readonly config: TrajectoryConfig;
  readonly sizes: BenchSizes;
  /** Approximate seconds of each measurement. */
  readonly seconds: number;
}

/** The time of one unit of work, with the least operations and bytes that a unit needs. */
export interface Measured {
  /** Describes a unit, with its sizes. */
  readonly work: string;
  /** Seconds of one unit. */
  readonly timing: Timing;
  /** Floating-point operations on stored inputs; a multiply-add counts as two. */
  readonly operations: number;
  /** Bytes of weights and activations read or written, counted again for each pass, as no cache holds them. */
  readonly bytes: number;
  /** Passes over the activations in a unit; absent if it makes none. */
  readonly passes?: number;
}

export const MEASURES: Readonly<Record<BenchName, (bench: Bench) => Promise<Measured>>> = {
  step: bench => step(bench, {}, 'SGD step'),
  'step-narrow': bench => step(bench, { width: bench.sizes.narrowWidth }, 'SGD step'),
  'step-dense': bench => step(bench, { inputs: { scaling: 'centred' } }, 'SGD step, dense inputs'),
  activations,
  gram: bench => (bench.environment.engine.name === 'webgpu' ? deviceGram(bench) : gram(bench)),
  checkpoint,
  'checkpoint-logistic': checkpointLogistic,
  'checkpoint-sampled': checkpointSampled,
  trajectory,
};

/** Runs `use` on a new session, then closes it. */
async function withSession<T>(
  bench: Bench,
  changes: Partial<TrajectoryConfig>,
  use: (session: Session) => T | Promise<T>,
): Promise<T> {
  const session = openSession('bench', { ...bench.config, ...changes }, bench.environment);
  try {
    return await use(session);
  } finally {
    session.close();
  }
}

const entriesPerRow = ({ inputs }: Session): number => inputs.rowStart[inputs.rows]! / inputs.rows;

function step(bench: Bench, changes: Partial<TrajectoryConfig>, what: string): Promise<Measured> {
  return withSession(bench, changes, async session => {
    const { width } = session.config;
    const { columns } = session.inputs;
    const { batchSize } = session.problem;
    const operations = 4 * batchSize * entriesPerRow(session) * width;
    const steps = Math.ceil((2 * bench.sizes.roundWork) / operations);
    const timing = await timeOf(bench.seconds, () => session.trainTo(session.t + steps));
    return {
      work: `${what}, N = ${width}, d = ${columns}, B = ${batchSize}`,
      timing: { ...timing, wall: timing.wall / steps, cpu: timing.cpu / steps },
      operations,
      bytes: 8 * width * columns,
    };
  });
}

function activations(bench: Bench): Promise<Measured> {
  return withSession(bench, {}, async session => ({
    work: `activations, n = ${session.inputs.rows}, N = ${session.config.width}`,
    timing: await timeOf(bench.seconds, () => session.network.activate()),
    operations: neuronOperations(session) * session.inputs.rows * session.config.width,
    bytes: activationBytes(session),
  }));
}

const activationBytes = ({ inputs, config }: Session): number => 4 * inputs.rows * config.width;
/** Operations of one neuron's output on one sample. */
const neuronOperations = (session: Session): number => 2 * entriesPerRow(session);

/** The kernels alone: PANEL columns of the Gram matrix of made-up activations, half of them 0. */
async function gram({ sizes, seconds }: Bench): Promise<Measured> {
  const { datasetSize: n, width } = sizes;
  const blocks = Math.ceil(width / LANES);
  const layout = layOut({
    datasetSize: n,
    width,
    columns: 1,
    batchSize: 1,
    momentum: false,
    entriesPerRow: 1,
    shifted: false,
  });
  const { machine, release } = (await WasmInstancePool.load()).acquire(layout.bytes);
  const { kernels, f32, u32 } = machine;
  const { phi, columns, columnEntries, columnRuns, columnSums, targets } = layout;
  const uniform = stream(0, 'bench', 'gram');
  for (let at = phi / 4; at < (phi + blocks * n * ROW_BYTES) / 4; at++) f32[at] = at % 2 ? 0.5 : 0;
  for (let s = 0; s < n; s++) {
    for (let c = 0; c < PANEL; c++) f32[phi / 4 + s * LANES + c] = Math.max(0, uniform() - 0.5);
  }
  const timing = await timeOf(seconds, () => {
    for (let c = 0; c < PANEL; c++) {
      u32[targets / 4 + c] = columns + c * LANES * 8;
      kernels.gatherColumn(phi + 4 * c, ROW_BYTES, n, columnEntries + c * columnEntryBytes(n), columnRuns, c);
    }
    for (let block = 0; block < blocks; block++)
      kernels.gram(phi + block * n * ROW_BYTES, n, columnRuns, targets, PANEL, columnSums);
  });
  release();
  return {
    work: `Gram pass, ${PANEL} columns, n = ${n}, N = ${width}`,
    timing,
    operations: PANEL * n * width,
    bytes: 4 * n * width,
    passes: 1,
  };
}

/** All work of one checkpoint with one subnetwork size, after some training. */
function checkpoint(bench: Bench): Promise<Measured> {
  const { subnetSize, pretrainIterations } = bench.sizes;
  return withSession(bench, {}, async session => {
    session.trainTo(pretrainIterations);
    let passes = 0;
    let distinct = 0;
    const timing = await timeOf(bench.seconds, () => {
      const active = session.network.activate();
      const [path] = selectPaths(session, active, [greedy(subnetSize)]);
      measureSubnets(session, active, path!.picks, [subnetSize], SUBNET_SETS);
      measureDense(session, active, DENSE_SETS);
      passes = path!.passes!.at(-1)!;
      distinct = new Set(path!.picks).size;
    });
    const { rows } = session.inputs;
    const { width } = session.config;
    return {
      work: `checkpoint, n = ${rows}, N = ${width}, k = ${subnetSize}`,
      timing,
      operations: checkpointOperations(session, passes, distinct),
      bytes: activationBytes(session) * (1 + passes),
      passes,
    };
  });
}

/** Of `checkpoint-logistic` and `checkpoint-sampled`. */
const logisticTraining = ({ sizes, config }: Bench): Partial<TrajectoryConfig> => ({
  ...sizes.logistic,
  train: { ...config.train, loss: 'logistic', learningRate: 0.5 },
});

/** Activations and selection for the logistic loss, after training on it. */
function checkpointLogistic(bench: Bench): Promise<Measured> {
  const { subnetSize, pretrainIterations, logistic } = bench.sizes;
  return withSession(bench, logisticTraining(bench), async session => {
    session.trainTo(pretrainIterations);
    let passes = 0;
    const timing = await timeOf(bench.seconds, () => {
      passes = session.network.activate().greedy('logistic', subnetSize, null).passes.at(-1)!;
    });
    const entries = logistic.datasetSize * logistic.width;
    return {
      work: `activations and logistic selection, n = ${logistic.datasetSize}, N = ${logistic.width}, k = ${subnetSize}, t = ${pretrainIterations}`,
      timing,
      operations: (neuronOperations(session) + passes * MOMENT_OPERATIONS) * entries,
      bytes: activationBytes(session) * (1 + passes),
      passes,
    };
  });
}

/** Activations and selection for the Brier score, each pick on its samples. */
function checkpointSampled(bench: Bench): Promise<Measured> {
  const { subnetSize, pretrainIterations, logistic, sampleSize } = bench.sizes;
  const { datasetSize: n, width } = logistic;
  return withSession(bench, logisticTraining(bench), async session => {
    session.trainTo(pretrainIterations);
    let passes = 0;
    const timing = await timeOf(bench.seconds, () => {
      const [path] = selectPaths(session, session.network.activate(), [
        { ...greedy(subnetSize), objective: 'brier', sampleSize },
      ]);
      passes = path!.passes!.at(-1)!;
    });
    return {
      work: `activations and selection by the Brier score of ${sampleSize} samples, n = ${n}, N = ${width}, k = ${subnetSize}`,
      timing,
      operations: neuronOperations(session) * n * width + subnetSize * sampleSize * width * BRIER_OPERATIONS,
      bytes: 4 * width * (n + subnetSize * sampleSize),
      passes,
    };
  });
}

/** Operations of the Brier score of one candidate on one sample, about as many as an exponential and a division take. */
const BRIER_OPERATIONS = 30;
/** Operations of a pass of logistic selection for one output: the four sums. */
const MOMENT_OPERATIONS = 11;

const greedy = (subnetSize: number): Variant => ({
  method: 'greedy',
  objective: 'squared',
  sampleSize: null,
  subnetSize,
  retrainIterations: 0,
});
/** A sweep's default sets for evaluation. */
const DENSE_SETS = ['train', 'test'] as const;
const SUBNET_SETS = ['train', 'pool', 'test'] as const;

const columnsPerPass = ({ engine }: TrajectoryConfig): number => (engine === 'webgpu' ? VECTORS : PANEL);

function checkpointOperations(session: Session, passes: number, distinct: number): number {
  const { inputs, config, scaled } = session;
  const n = inputs.rows;
  const { width } = config;
  const { pool, test } = scaled.dataset;
  const evaluated = test.count * width + (pool.count + test.count) * distinct;
  return (
    neuronOperations(session) * (n * width + evaluated) + passes * 2 * columnsPerPass(config) * n * width
  );
}

/** A whole trajectory, run as by a sweep's worker. */
async function trajectory(bench: Bench): Promise<Measured> {
  const { datasetSize, subnetSize, checkpoints } = bench.sizes.trajectory;
  const config = { ...bench.config, datasetSize, width: bench.sizes.narrowWidth };
  const iterations = checkpoints.at(-1)!;
  const task: TrajectoryTask = {
    id: 'bench',
    config,
    checkpoints: checkpoints.map(t => ({ t, variants: [greedy(subnetSize)] })),
    evaluate: { dense: DENSE_SETS, subnet: SUBNET_SETS },
    snapshot: null,
    memoryBytes: 0,
    refinement: null,
    snapshotEveryMs: null,
  };
  const selections: { passes: number; distinct: number }[] = [];
  const timing = await timeOf(bench.seconds, () => {
    selections.length = 0;
    for (const event of runTrajectory(task, bench.environment)) {
      if (event.kind === 'failed') throw new Error(`the trajectory of the bench failed: ${event.message}`);
      if (event.kind !== 'rows') continue;
      const [cell] = event.cells;
      selections.push({ passes: cell!.activationPasses!, distinct: cell!.distinctNeurons });
    }
  });
  return withSession(bench, config, session => {
    const { batchSize } = session.problem;
    const training = 2 * neuronOperations(session) * batchSize * config.width * iterations;
    const passes = selections.reduce((sum, one) => sum + one.passes, 0);
    return {
      work: `trajectory, n = ${datasetSize}, N = ${config.width}, t to ${iterations}, ${checkpoints.length} checkpoints`,
      timing,
      operations: selections.reduce(
        (sum, one) => sum + checkpointOperations(session, one.passes, one.distinct),
        training,
      ),
      bytes:
        8 * config.width * session.inputs.columns * iterations +
        activationBytes(session) * (checkpoints.length + passes),
      passes,
    };
  });
}
