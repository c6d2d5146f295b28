/**
 * Everything that passes over Redis, as schemas. Whoever may write to Redis may write anything, so nothing is used that
 * has not passed its schema, on either side.
 */
import { z } from 'zod';
import { type EngineName, SET_NAMES, type SetName } from '../../domain/types.js';

/** Raised whenever a message changes in a way that the other side could not read. */
export const PROTOCOL = 2;

/** Bounds of one message, in bytes. */
export const MAX_EVENTS_BYTES = 8 * 2 ** 20;
export const MAX_TASK_BYTES = 8 * 2 ** 20;
export const MAX_STATE_BYTES = 4 * 2 ** 20;
export const MAX_SNAPSHOT_BYTES = 8 * 2 ** 30;
export const PIECE_BYTES = 2 ** 20;

/** Text that is shown: of one line. */
export const oneLine = (value: string): string => value.replaceAll(/\p{Cc}+/gu, ' ');

const text = (max: number) => z.string().max(max);
const line = (max: number) => text(max).transform(oneLine);
const count = z.number().int().nonnegative();
const iteration = count.max(1e12);
const finite = z.number();
/** Metrics of a diverging network may be NaN or infinite. */
const real = z.custom<number>(value => typeof value === 'number', 'expected a number');
const id = z.string().regex(/^[\w-]{1,200}$/);
const ticket = z.string().regex(/^\w{1,40}$/);

const ENGINES: readonly EngineName[] = ['wasm', 'reference', 'tfjs', 'webgpu', 'noop'];
const engine = z.enum(ENGINES);
const objective = z.enum(['squared', 'logistic', 'brier']);
const set = z.enum(SET_NAMES as readonly [SetName, ...SetName[]]);

const variant = z.object({
  method: z.enum(['greedy', 'random', 'magnitude']),
  objective: objective.nullable(),
  sampleSize: count.min(1).max(1e10).nullable(),
  subnetSize: count.max(1e9),
  retrainIterations: iteration,
});

const datasetName = z.enum(['digits', 'mnist', 'fashion-mnist', 'idx']);
const labels = z.array(count.max(255)).max(256);
const sizes = {
  seed: z.number().int().exactOptional(),
  pool: count.exactOptional(),
  test: count.exactOptional(),
};
const identity = z.object({ name: datasetName, positive: labels, content: text(200), ...sizes });
const datasetSettings = z.object({
  name: datasetName,
  positive: labels,
  dir: text(4096).exactOptional(),
  ...sizes,
});

/** Settings of networks, inputs and training are checked by the engines that take them. */
const setting = z.union([z.number(), z.boolean(), text(100)]);
const config = z.object({
  dataset: identity,
  datasetSize: count.max(1e9),
  width: count.max(1e9),
  seed: z.number().int(),
  network: z.record(text(100), setting),
  inputs: z.record(text(100), setting),
  train: z.record(text(100), setting),
  engine,
  numerics: count,
});

const target = z.object({
  metric: text(100),
  kind: z.enum(['atMost', 'atLeast', 'withinDense', 'published']),
  value: finite.nullable(),
  primary: z.boolean(),
  refine: z.literal(false).exactOptional(),
  movesWithSize: z.array(text(100)).max(100).exactOptional(),
});

const measuredCell = variant.extend({ t: iteration, metrics: z.record(text(100), real.nullable()) });

const refinement = z.object({
  fine: z.array(iteration).max(1_000_000),
  targets: z.array(target).max(1_000),
  levels: z.array(z.object({ metric: text(100), variant, value: finite })).max(10_000),
  coarse: z.array(iteration).max(1_000_000),
  variants: z.array(variant).max(20_000),
  stored: z.array(measuredCell).max(1_000_000),
  keptStates: count,
});

export const taskSchema = z.object({
  protocol: z.literal(PROTOCOL),
  id,
  ticket,
  config,
  /** Most checkpoints have the same variants. */
  variantSets: z.array(z.array(variant).max(100_000)).max(1_000_000),
  /** Iterations, and positions in `variantSets`. */
  checkpoints: z.array(z.tuple([iteration, count])).max(1_000_000),
  refinement: refinement.nullable(),
  evaluate: z.object({ dense: z.array(set).max(3), subnet: z.array(set).max(3) }),
  memoryBytes: z.number().nonnegative(),
  snapshotEveryMs: finite.nullable(),
  timeoutS: finite.positive().nullable(),
  /** The worker that must not compute it, if there is another one. */
  avoid: text(100).nullable(),
});
export type TaskMessage = z.infer<typeof taskSchema>;

export const manifestSchema = z.object({
  protocol: z.number(),
  run: text(100),
  sweep: line(200),
  toolVersion: line(50),
  engine,
  numerics: count,
  datasets: z.array(z.object({ settings: datasetSettings, identity })).max(1_000),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The program and machine of a worker, as the table `attempts` has them. */
const origin = z.object({
  host: line(255),
  process: count,
  toolVersion: line(50),
  nodeVersion: line(200),
  gitRevision: line(100).nullable(),
  gitDirty: z.boolean().nullable(),
  cpu: line(200),
  threads: count.max(100_000),
  kernels: line(100).nullable(),
});
export type Origin = z.infer<typeof origin>;

const metric = z.object({ loss: real, accuracy: real });
const setMetrics = z.object({
  train: metric.exactOptional(),
  pool: metric.exactOptional(),
  test: metric.exactOptional(),
});

const checkpointRow = z.object({
  t: iteration,
  dense: setMetrics,
  deadNeurons: count,
  etaLambdaMax: real,
  gatesChanged: real.nullable(),
  neuronVariance: real.nullable(),
  trainWallS: real,
  trainCpuS: real.nullable(),
});

const cellRow = variant.extend({
  t: iteration,
  subnet: setMetrics,
  retrained: setMetrics.nullable(),
  distinctNeurons: count,
  activationPasses: count.nullable(),
  certifiedLoss: real.nullable(),
  pruneWallS: real,
  pruneCpuS: real.nullable(),
});

const event = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started') }),
  z.object({ kind: z.literal('rows'), checkpoint: checkpointRow, cells: z.array(cellRow).max(20_000) }),
  /** Written to Redis in pieces before it is announced. */
  z.object({ kind: z.literal('snapshot'), t: iteration, bytes: count.max(MAX_SNAPSHOT_BYTES) }),
  z.object({ kind: z.literal('warning'), topic: line(2_000), message: line(2_000) }),
  z.object({ kind: z.literal('done'), trainWallS: real, trainCpuS: real.nullable() }),
  z.object({ kind: z.literal('stopped') }),
  /** The worker leaves: the trajectory waits for another one. */
  z.object({ kind: z.literal('left') }),
  z.object({
    kind: z.literal('failed'),
    code: z.string().regex(/^[A-Z_]{1,40}$/),
    message: line(10_000),
    stack: text(20_000).nullable(),
  }),
]);
export type WireEvent = z.infer<typeof event>;

/** One event of one execution. A ticket is executed again where its worker lost its lease. */
const report = z.object({ id, ticket, execution: text(60), slot: count.max(100_000), event });
export type Report = z.infer<typeof report>;

export const reportsSchema = z.object({
  protocol: z.literal(PROTOCOL),
  worker: text(100),
  by: origin,
  reports: z.array(report).max(10_000),
});
export type Reports = z.infer<typeof reportsSchema>;

export const beatSchema = z.object({
  protocol: z.literal(PROTOCOL),
  by: origin,
  /** Changes with every heartbeat: clocks of two machines are never compared. */
  beat: count,
  /** ISO 8601, UTC, by the worker's clock. */
  since: line(40),
  /** Bytes for trajectories of this run, if it ran nothing else. */
  memoryBytes: z.number().nonnegative(),
  /** Trajectories of this run that it takes at once, those handed ahead included. */
  wanted: count.max(1_000_000),
  /** Ids of this run's trajectories that it computes. */
  running: z.array(id).max(100_000),
  /** Cells and trajectories of this run that it has finished. */
  cells: count,
  trajectories: count,
  /** Messages that it dropped. */
  dropped: count,
});
export type Beat = z.infer<typeof beatSchema>;

export const refusalSchema = z.object({ by: line(400), reason: line(2_000) });
export type Refusal = z.infer<typeof refusalSchema>;

export const snapshotSchema = z.object({
  t: iteration,
  bytes: count.max(MAX_SNAPSHOT_BYTES),
});
export type SnapshotMessage = z.infer<typeof snapshotSchema>;
