// Opens a case's network with the build in dist/: on images like a sweep, or on dense Gaussian inputs.
import { identifyDataset, loadDataset } from '../../dist/src/data/dataset.js';
import { createEngine } from '../../dist/src/engine/index.js';
import { normals, stream } from '../../dist/src/math/random.js';
import { Batches } from '../../dist/src/trajectory/batches.js';
import { InputLibrary, imagesKey } from '../../dist/src/trajectory/environment.js';
import { initialState } from '../../dist/src/trajectory/initial.js';
import { openSession, trainInSlices } from '../../dist/src/trajectory/session.js';

const POSITIVE = [5, 6, 7, 8, 9];
const COLUMNS = 784;
const NETWORK = {
  activation: 'relu',
  scaling: 'mean-field',
  bias: false,
  initScale: 1,
  symmetricInit: false,
};
const SEED = 0;

export const engine = await createEngine('wasm');

/** The settings of a case on images, and its trajectory environment. */
export function imageProblem({ dataset, dataDir, images: count, datasetSize, width, batchSize, rate }) {
  const digits = { seed: SEED, pool: Math.max(datasetSize, count), test: count };
  const settings = { name: dataset, positive: POSITIVE, ...(dataset === 'digits' ? digits : {}) };
  const { identity } = identifyDataset(settings, { dataDir });
  const images = loadDataset(settings, { dataDir });
  const environment = {
    engine,
    inputs: new InputLibrary(new Map([[imagesKey(identity), images]])),
    stopRequested: () => false,
  };
  const config = {
    dataset: identity,
    datasetSize,
    width,
    seed: SEED,
    network: NETWORK,
    inputs: { scaling: 'raw' },
    train: {
      loss: 'squared',
      batchSize,
      learningRate: rate,
      momentum: 0,
      weightDecay: 0,
      layers: 'first',
    },
    engine: engine.name,
    numerics: engine.numerics,
  };
  return { environment, config };
}

/** A session on images, at iteration 0 or at a snapshot. */
export function openImages(spec, snapshot = null) {
  const { environment, config } = imageProblem(spec);
  return openSession('peers', config, environment, snapshot);
}

/** A session on Gaussian inputs, which contain no zeros. */
export function openGaussian({ datasetSize: n, width, batchSize, rate }) {
  const next = normals(stream(SEED, 'peers'));
  const inputs = {
    rows: n,
    columns: COLUMNS,
    rowStart: Uint32Array.from({ length: n + 1 }, (_, r) => r * COLUMNS),
    column: Uint16Array.from({ length: n * COLUMNS }, (_, e) => e % COLUMNS),
    value: Float32Array.from({ length: n * COLUMNS }, next),
  };
  const labels = Float32Array.from({ length: n }, () => (next() < 0 ? -1 : 1));
  const batches = new Batches(n, batchSize, SEED);
  const pulse = () => {};
  const network = engine.open({
    inputs,
    labels,
    width,
    activation: NETWORK.activation,
    outputScale: 1,
    shares: null,
    rate: 1,
    loss: 'squared',
    layers: 'first',
    learningRate: rate,
    momentum: 0,
    weightDecay: 0,
    batchSize,
    state: initialState(NETWORK, SEED, width, COLUMNS),
    pulse,
  });
  let t = 0;
  return {
    inputs,
    labels,
    network,
    get t() {
      return t;
    },
    trainTo(target) {
      const end = steps => {
        t += steps;
      };
      trainInSlices(network, batches, target - t, pulse, { from: t, end });
    },
  };
}

/** The sample positions of all batches, steps x B. */
export const batchesOf = ({ datasetSize, batchSize }, steps) =>
  new Batches(datasetSize, batchSize, SEED).take(steps);
