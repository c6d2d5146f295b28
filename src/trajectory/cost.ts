/** Estimates a trajectory's arithmetic and memory, for `plan`, the schedule and the parts of a sweep. No stored result depends on them. */
import type { InputSizes } from '../data/inputs.js';
import type {
  EvaluatedSets,
  Loss,
  PlannedTrajectory,
  SetName,
  TrajectoryConfig,
  Variant,
} from '../domain/types.js';
import { longestPaths, samplesPerPick } from '../domain/variant.js';
import type { Engine, Shape } from '../engine/engine.js';
import { log } from '../math/elementary.js';
import { cachedChunkBytes, compressedRowBytes } from './environment.js';
import { gateBytes } from './gates.js';

/** Floating-point operations (a multiply-add counts as two) by kind of work. */
export interface Arithmetic {
  readonly training: number;
  readonly activations: number;
  readonly selection: number;
  readonly evaluation: number;
}

export const WORK_KINDS = ['training', 'activations', 'selection', 'evaluation'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

export const arithmeticBy = (operations: (kind: WorkKind) => number): Arithmetic =>
  Object.fromEntries(WORK_KINDS.map(kind => [kind, operations(kind)])) as Record<WorkKind, number>;

/** Sizes of a data set, known before it is loaded. */
export interface DataSizes extends InputSizes {
  readonly pool: number;
  readonly test: number;
}

export function shapeOf({ config }: PlannedTrajectory, sizes: DataSizes): Shape {
  const { batchSize, momentum } = config.train;
  return {
    datasetSize: config.datasetSize,
    width: config.width,
    columns: sizes.columns,
    batchSize: batchSize === 'full' ? config.datasetSize : Math.min(batchSize, config.datasetSize),
    momentum: momentum > 0,
    entriesPerRow: sizes.entriesPerRow,
    shifted: sizes.shifted,
  };
}

/** Arithmetic of one trajectory with its checkpoints, trained from iteration `from` to the last of them. */
export function arithmeticOf(
  planned: PlannedTrajectory,
  evaluate: EvaluatedSets,
  sizes: DataSizes,
  from = 0,
): Arithmetic {
  const { datasetSize: n, width, batchSize, entriesPerRow } = shapeOf(planned, sizes);
  const iterations = Math.max(0, (planned.checkpoints.at(-1)?.t ?? 0) - from);
  const neuronRow = 2 * entriesPerRow;
  const sum = {
    training: iterations * batchSize * width * 2 * neuronRow,
    activations: 0,
    selection: 0,
    evaluation: 0,
  };
  const rowsOf = (sets: readonly SetName[]) =>
    sets.reduce((rows, set) => rows + (set === 'train' ? 0 : sizes[set]), 0);
  for (const { t, variants } of planned.checkpoints) {
    sum.activations += n * width * neuronRow;
    sum.evaluation += rowsOf(evaluate.dense) * width * neuronRow;
    for (const path of longestPaths(variants)) {
      const neurons = Math.min(width, path.method === 'greedy' ? path.subnetSize / 2 : path.subnetSize);
      sum.evaluation += rowsOf(evaluate.subnet) * neurons * neuronRow;
      sum.selection += selectionWork(path, { n, width, t, loss: planned.config.train.loss });
    }
    for (const variant of variants) {
      sum.training += variant.retrainIterations * batchSize * variant.subnetSize * 2 * neuronRow;
    }
  }
  return sum;
}

/** The checkpoint at which a path is selected. */
export interface SelectionShape {
  readonly n: number;
  readonly width: number;
  /** Iterations of pre-training, and the training loss. */
  readonly t: number;
  readonly loss: Loss;
}

/**
 * Operations of selecting one path, 0 for a control. The constants fit the wasm engine on MNIST (N of 1,000 and 5,000, n of
 * 1,000 to 20,000, t up to 3,000): most counts are within a third of the measured ones.
 *
 * - Squared objective: passes over the activations of twelve Gram columns each. Their number grows with log t, since a
 *   longer trained network selects more distinct neurons.
 * - Logistic objective: in small networks one pass of four sums per pick. Exact losses of candidates that the bounds
 *   cannot exclude cost as much as some additional picks, nearly all among the first fifty; their number grows with log t
 *   as well. In others few passes, with more sums each; their number grows with log t, most are among the first sixty
 *   picks, and each pick costs something for each sample (docs/performance.md).
 * - On samples, and for the Brier score: every pick evaluates every candidate on its samples.
 */
export function selectionWork(
  { method, objective, sampleSize, subnetSize: k }: Omit<Variant, 'retrainIterations'>,
  { n, width, t, loss }: SelectionShape,
): number {
  if (method !== 'greedy') return 0;
  const m = samplesPerPick(sampleSize, n);
  if (m !== null || objective === 'brier')
    return k * (m ?? n) * width * (objective === 'squared' ? SQUARED_OPERATIONS : CURVED_OPERATIONS);
  if (objective === 'squared') {
    const growth = (loss === 'squared' ? 4 : 2) * decades(1 + t / 3);
    return (2 + Math.min(growth, k / 12)) * 24 * n * width;
  }
  const grown = decades(1 + t / 25);
  if (width < FEW_PASSES_WIDTH) {
    const growth = (loss === 'squared' ? 10 : 30) * grown;
    return (k + Math.min(1, k / 50) * growth) * 16 * n * width;
  }
  const growth = (loss === 'squared' ? 500 : 1450) * grown;
  return ((190 + Math.min(1, k / 60) * growth) * width + 3500 * k) * n;
}

/** The N from which on logistic selection spares passes: CANDIDATE_WIDTH of engine/wasm/layout.ts. */
export const FEW_PASSES_WIDTH = 745;

/** Operations of evaluating one candidate on one sample: the squared loss, and objectives with an exponential. */
const SQUARED_OPERATIONS = 6;
const CURVED_OPERATIONS = 30;

/** The common logarithm, with the same bits on every machine: parts of a sweep (run/shard.ts) follow from it. */
const decades = (x: number): number => log(x) / log(10);

/** Bytes of the samples that one path of the trajectory looks at, and of the order that they are drawn from. */
function sampleBytes({ config, checkpoints }: PlannedTrajectory): number {
  const n = config.datasetSize;
  return (checkpoints[0]?.variants ?? []).reduce((most, { sampleSize, subnetSize }) => {
    const m = samplesPerPick(sampleSize, n);
    return m === null ? most : Math.max(most, 4 * (subnetSize * m + n));
  }, 0);
}

/** Bytes of states that a worker keeps to go back to: at most these, and at most as many as it needs otherwise. */
const KEPT_BYTES = 256 * 2 ** 20;
/** With so many the training that is repeated is a few per cent. */
const KEPT_STATES = 16;

/** Peak bytes of a worker that runs this trajectory, without the shared images, and how many states it may keep. */
export function workerMemory(
  planned: PlannedTrajectory,
  evaluate: EvaluatedSets,
  engine: Engine,
  sizes: DataSizes,
  available = Number.POSITIVE_INFINITY,
): { readonly bytes: number; readonly keptStates: number } {
  const base = workerBytes(planned, evaluate, engine, sizes);
  if (!planned.refinement) return { bytes: base, keptStates: 0 };
  const state = stateBytes(planned.config, sizes.columns);
  const fitting = Math.floor(Math.min(KEPT_BYTES, base, available - base) / state);
  const keptStates = Math.max(1, Math.min(fitting, KEPT_STATES, planned.refinement.fine.length));
  return { bytes: base + keptStates * state, keptStates };
}

/** Without the states that it keeps. */
export function workerBytes(
  planned: PlannedTrajectory,
  evaluate: EvaluatedSets,
  engine: Engine,
  sizes: DataSizes,
): number {
  const shape = shapeOf(planned, sizes);
  const measured = (['pool', 'test'] as const)
    .filter(set => evaluate.dense.includes(set) || evaluate.subnet.includes(set))
    .reduce((bytes, set) => bytes + cachedChunkBytes(sizes[set], sizes.entriesPerRow), 0);
  // t = 0 has every variant. During re-training, the subnetwork and the dense network are both open.
  const retrained = (planned.checkpoints[0]?.variants ?? []).reduce(
    (width, variant) => (variant.retrainIterations > 0 ? Math.max(width, variant.subnetSize) : width),
    0,
  );
  return (
    WORKER_BASE_BYTES +
    engine.memoryBytes(shape) +
    (retrained > 0 ? engine.memoryBytes({ ...shape, width: retrained }) : 0) +
    compressedRowBytes(shape.datasetSize, shape.entriesPerRow) +
    3 * stateBytes(planned.config, shape.columns) +
    gateBytes(shape.datasetSize, shape.width) +
    sampleBytes(planned) +
    measured
  );
}

/** Memory of Node in a worker thread, plus what the thread may retain of an earlier trajectory (execute/worker-slot.ts). */
export const WORKER_BASE_BYTES = 104 * 2 ** 20;

/** Bytes of a snapshot. */
export function snapshotBytes({ config }: PlannedTrajectory, { columns }: DataSizes): number {
  return stateBytes(config, columns);
}

/** Bytes of weights and signs, and of their velocities if there is momentum. */
export function stateBytes({ width, engine, train }: TrajectoryConfig, columns: number): number {
  return width * (columns + 1) * (engine === 'reference' ? 8 : 4) * (train.momentum > 0 ? 2 : 1);
}
