/**
 * Results that must not drift: everything random, and the wasm engine's results for a handful of configurations, as
 * SHA-256 hashes of the numbers' bytes.
 */
import { createHash } from 'node:crypto';
import { type Dataset, loadDataset } from '../../../src/data/dataset.js';
import { createInputSource } from '../../../src/data/inputs.js';
import type { InputScaling, Loss, NetworkSettings, TrainSettings } from '../../../src/domain/types.js';
import { NUMERICS } from '../../../src/engine/numerics.js';
import { createWasmEngine } from '../../../src/engine/wasm/index.js';
import { cos, exp, expm1, log, log1p, sigmoid, sin, softplus, tanh } from '../../../src/math/elementary.js';
import { normals, permutation, stream } from '../../../src/math/random.js';
import { Batches } from '../../../src/trajectory/batches.js';
import { InputLibrary, imagesKey, type TrajectoryEnvironment } from '../../../src/trajectory/environment.js';
import { initialState } from '../../../src/trajectory/initial.js';
import { measureDense, measureSubnets } from '../../../src/trajectory/prune.js';
import { selectionBatches } from '../../../src/trajectory/selection-batches.js';
import { openSession } from '../../../src/trajectory/session.js';

export interface Hashes {
  /** The numerics of the wasm engine that the hashes belong to. */
  readonly numerics: number;
  /** Hashes of what every engine starts from, by name, e.g. `initial weights`. */
  readonly sources: Readonly<Record<string, string>>;
  /** By configuration and kind of result. */
  readonly engine: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Case {
  readonly network?: Partial<NetworkSettings>;
  readonly scaling?: InputScaling;
  readonly train?: Partial<TrainSettings>;
  readonly width: number;
  readonly steps: number;
  readonly objective?: Loss;
  readonly subnetSize: number;
}

export const CASES: Readonly<Record<string, Case>> = {
  'relu, squared': { width: 130, steps: 60, subnetSize: 40 },
  'tanh, logistic, both layers, momentum and decay': {
    network: { activation: 'tanh', scaling: 'ntk', bias: true },
    scaling: 'unit',
    train: { loss: 'logistic', layers: 'both', momentum: 0.9, weightDecay: 1e-3 },
    width: 70,
    steps: 30,
    subnetSize: 20,
  },
  'softplus, full batch': {
    network: { activation: 'softplus', symmetricInit: true },
    train: { batchSize: 'full' },
    width: 60,
    steps: 5,
    subnetSize: 20,
  },
  'dense inputs': {
    scaling: 'standardised',
    train: { learningRate: 0.01, batchSize: 50, momentum: 0.5 },
    width: 75,
    steps: 20,
    subnetSize: 30,
  },
  'dense inputs, full batch': {
    network: { bias: true },
    scaling: 'centred',
    train: { batchSize: 'full', learningRate: 0.5 },
    width: 30,
    steps: 3,
    subnetSize: 10,
  },
  'logistic selection': { train: { loss: 'logistic' }, width: 100, steps: 40, subnetSize: 25 },
  'logistic selection with few passes': {
    train: { loss: 'logistic', learningRate: 0.5 },
    width: 800,
    steps: 30,
    subnetSize: 40,
  },
};

const SEED = 7;
/** More than a chunk of activations, and more than the entries of a column that are summed in float32. */
const SAMPLES = 600;
const DIGITS = { name: 'digits', positive: [5, 6, 7, 8, 9], seed: 3, pool: 700, test: 100 } as const;
const IDENTITY = { ...DIGITS, content: 'golden' };
const NETWORK: NetworkSettings = {
  activation: 'relu',
  scaling: 'mean-field',
  bias: false,
  initScale: 1,
  symmetricInit: false,
};
const TRAIN: TrainSettings = {
  loss: 'squared',
  batchSize: 64,
  learningRate: 0.1,
  momentum: 0,
  weightDecay: 0,
  layers: 'first',
};

export async function goldenHashes(kernels?: string): Promise<Hashes> {
  const dataset = loadDataset(DIGITS);
  const environment: TrajectoryEnvironment = {
    engine: await createWasmEngine({ kernels }),
    inputs: new InputLibrary(new Map([[imagesKey(IDENTITY), dataset]])),
    stopRequested: () => false,
  };
  return {
    numerics: NUMERICS.wasm,
    sources: sourceHashes(dataset),
    engine: Object.fromEntries(
      Object.entries(CASES).map(([name, each]) => [name, caseHashes(each, environment)]),
    ),
  };
}

function sourceHashes(dataset: Dataset): Hashes['sources'] {
  const draws = <T>(count: number, draw: () => T) => Array.from({ length: count }, draw);
  const batches = new Batches(100, 32, SEED);
  const points = Float64Array.from({ length: 4001 }, (_, i) => (i - 2000) / 64);
  const positive = points.map(Math.abs);
  const scalings: readonly InputScaling[] = ['raw', 'unit', 'centred', 'standardised'];
  return {
    'uniform draws': hash(Float64Array.from(draws(1000, stream(SEED, 'golden', 1)))),
    'normal draws': hash(Float64Array.from(draws(1000, normals(stream(SEED, 'golden', 2))))),
    permutation: hash(permutation(stream(SEED, 'golden', 3), 1000)),
    batches: hash(batches.take(5), batches.take(5)),
    'selection batches': hash(selectionBatches({ seed: SEED, t: 40, n: 100, sampleSize: 32, picks: 5 })!),
    'initial weights': hash(...arraysOf(initialState(NETWORK, SEED, 50, 20))),
    digits: hash(dataset.pool.images, dataset.pool.labels, dataset.test.images, dataset.test.labels),
    inputs: hash(
      ...scalings.map(scaling => createInputSource(dataset, scaling, true).range('pool', 0, 100).value),
    ),
    'elementary functions': hash(
      ...[exp, expm1, tanh, sin, cos, softplus, sigmoid].map(f => points.map(f)),
      ...[log, log1p].map(f => positive.map(f)),
    ),
  };
}

function caseHashes(each: Case, environment: TrajectoryEnvironment): Record<string, string> {
  const { width, steps, objective, subnetSize } = each;
  const session = openSession(
    'golden',
    {
      dataset: IDENTITY,
      datasetSize: SAMPLES,
      width,
      seed: SEED,
      network: { ...NETWORK, ...each.network },
      inputs: { scaling: each.scaling ?? 'raw' },
      train: { ...TRAIN, ...each.train },
      engine: 'wasm',
      numerics: NUMERICS.wasm,
    },
    environment,
  );
  const { network } = session;
  session.trainTo(steps);
  const activations = network.activate();
  const { picks, passes } = activations.greedy(objective ?? session.config.train.loss, subnetSize, null);
  const sizes = [1, Math.floor(subnetSize / 2), subnetSize];
  const others = session.scaled.source.range('test', 0, DIGITS.test);
  const metrics = [
    measureDense(session, activations, ['train', 'pool', 'test']),
    measureSubnets(session, activations, picks, sizes, ['train', 'pool', 'test']),
  ];
  const hashes = {
    weights: hash(...arraysOf(network.state())),
    outputs: hash(activations.outputs, activations.squaredNorms, network.outputs(others)),
    picks: hash(picks),
    passes: hash(passes),
    'subnetwork outputs': hash(
      ...activations.subnetOutputs(picks, sizes),
      ...network.subnetOutputs(others, picks, sizes),
    ),
    metrics: hash(Buffer.from(JSON.stringify(metrics))),
  };
  session.close();
  return hashes;
}

function arraysOf(state: object): ArrayBufferView[] {
  return Object.values(state).filter(value => value !== null);
}

/** SHA-256 of the arrays' bytes (little-endian, as on every machine that is supported), one after another. */
function hash(...arrays: readonly ArrayBufferView[]): string {
  const sum = createHash('sha256');
  for (const { buffer, byteOffset, byteLength } of arrays)
    sum.update(new Uint8Array(buffer, byteOffset, byteLength));
  return sum.digest('hex');
}
