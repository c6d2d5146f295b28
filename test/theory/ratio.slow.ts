/** Golden test F: at gamma = 1/2 and a large width the dense network of MNIST does what the kernel predicts. */
import { expect, it } from 'vitest';
import { identifyDataset, loadDataset } from '../../src/data/dataset.js';
import type { TrajectoryConfig } from '../../src/domain/types.js';
import { createEngine } from '../../src/engine/index.js';
import { NUMERICS } from '../../src/engine/numerics.js';
import { predictTrajectory } from '../../src/theory/predict.js';
import { loadKernels } from '../../src/theory/wasm-room.js';
import { InputLibrary, imagesKey } from '../../src/trajectory/environment.js';
import { openSession } from '../../src/trajectory/session.js';
import { realMnist } from '../data/fixtures.js';

const TARGET = 0.2;

const folder = realMnist();

it.skipIf(folder === null)('predicted over measured t* is 0.93 to 1.03', async () => {
  const settings = { name: 'mnist', positive: [5, 6, 7, 8, 9] } as const;
  const search = { dataDir: folder! };
  const { identity } = identifyDataset(settings, search);
  const inputs = new InputLibrary(new Map([[imagesKey(identity), loadDataset(settings, search)]]));
  const config: TrajectoryConfig = {
    dataset: identity,
    datasetSize: 500,
    width: 4000,
    seed: 0,
    network: { activation: 'relu', scaling: 'ntk', bias: false, initScale: 1, symmetricInit: false },
    inputs: { scaling: 'raw' },
    train: {
      loss: 'squared',
      batchSize: 'full',
      learningRate: 0.1,
      momentum: 0,
      weightDecay: 0,
      layers: 'first',
    },
    engine: 'wasm',
    numerics: NUMERICS.wasm,
  };
  const task = { config, kernel: 'initial', targets: [TARGET], lastIteration: 200, subnetSize: 10 } as const;
  const [prediction] = predictTrajectory(task, inputs, await loadKernels()).predictions;
  const session = openSession('f', config, {
    engine: await createEngine('wasm'),
    inputs,
    stopRequested: () => false,
  });
  try {
    const loss = (): number => {
      const { outputs } = session.network.activate();
      return outputs.reduce((sum, f, s) => sum + (f - session.labels[s]!) ** 2, 0) / (2 * outputs.length);
    };
    while (loss() > TARGET && session.t < 200) session.trainTo(session.t + 1);
    expect(prediction!.predicted! / session.t).toBeGreaterThan(0.93);
    expect(prediction!.predicted! / session.t).toBeLessThan(1.03);
  } finally {
    session.close();
  }
});
