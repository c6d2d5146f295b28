import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { EngineUnavailableError, StoppedError } from '../../src/base/errors.js';
import type { Engine, Problem } from '../../src/engine/engine.js';
import { lowestEqualNeuron } from '../../src/engine/equal-neurons.js';
import { createEngine } from '../../src/engine/index.js';
import { NUMERICS } from '../../src/engine/numerics.js';
import { createTfjsEngine } from '../../src/engine/tfjs/index.js';
import type { TensorFlow } from '../../src/engine/tfjs/tensorflow.js';
import { FLOAT32 } from '../support/engines.js';
import { makeBatches, makeProblem } from '../support/problems.js';
import { engineConformance } from './conformance.js';

tf.enableProdMode();

engineConformance('tfjs on cpu', () => createTfjsEngine({ tf, backend: 'cpu' }), FLOAT32, { large: false });

describe('tensors of the tfjs engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createTfjsEngine({ tf, backend: 'cpu' });
  });

  /** Calls every method of a network, on more rows than are on the device at a time. */
  const useAll = (problem: Problem): void => {
    const network = engine.open(problem);
    try {
      network.train(makeBatches(problem, 3), 3);
      network.activate().greedy('squared', 5, null);
      const activations = network.activate();
      const { picks } = activations.greedy('logistic', 5, null);
      activations.subnetOutputs(picks, [2, 5]);
      network.outputs(problem.inputs);
      network.subnetOutputs(problem.inputs, picks, [1, 5]);
      network.train(makeBatches(problem, 1), 1);
      network.activate();
    } finally {
      network.close();
    }
  };
  const options = { rows: 300, batchSize: 300, momentum: 0.5, layers: 'both', weightDecay: 0.1 } as const;

  it('are all disposed on closing', () => {
    const before = tf.memory().numTensors;
    useAll(makeProblem(options));
    useAll(makeProblem({ ...options, momentum: 0, layers: 'first', loss: 'logistic', activation: 'tanh' }));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('are not kept by training or reading', () => {
    const problem = makeProblem(options);
    const network = engine.open(problem);
    const before = tf.memory().numTensors;
    network.train(makeBatches(problem, 5), 5);
    network.outputs(problem.inputs);
    network.subnetOutputs(problem.inputs, Int32Array.of(1, 2), [2]);
    network.state();
    expect(tf.memory().numTensors).toBe(before);
    network.activate().greedy('logistic', 5, null);
    const built = tf.memory().numTensors;
    network.activate().greedy('squared', 5, null);
    expect(tf.memory().numTensors).toBe(built);
    network.close();
  });

  it('are as few for many slices of a batch as for two', () => {
    const counts: number[] = [];
    const pulse = () => {
      counts.push(tf.memory().numTensors);
    };
    const problem = makeProblem({ ...options, rows: 2000, batchSize: 2000, pulse });
    const network = engine.open(problem);
    network.train(makeBatches(problem, 1), 1);
    network.close();
    expect(counts.length).toBeGreaterThan(4);
    expect(Math.max(...counts)).toBe(counts[0]);
  });

  it('are all disposed wherever work is stopped', () => {
    const before = tf.memory().numTensors;
    let pulses = 0;
    useAll(makeProblem({ ...options, pulse: () => pulses++ }));
    expect(pulses).toBeGreaterThan(30);
    for (let stopAt = 1; stopAt <= pulses; stopAt++) {
      let left = stopAt;
      const pulse = () => {
        if (--left === 0) throw new StoppedError();
      };
      expect(() => useAll(makeProblem({ ...options, pulse }))).toThrow(StoppedError);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('are refused by a closed network and by dropped activations', () => {
    const problem = makeProblem();
    const network = engine.open(problem);
    const activations = network.activate();
    network.train(makeBatches(problem, 1), 1);
    expect(() => activations.greedy('squared', 1, null)).toThrow(/dropped/);
    network.close();
    expect(() => network.outputs(problem.inputs)).toThrow(/closed/);
  });
});

describe('equal neurons of the tfjs engine', () => {
  it('tie exactly on a backend that sums equal columns differently', async () => {
    // Rounds each entry of a product differently, by its index.
    const matMul: typeof tf.matMul = (a, b, transposeA, transposeB) => {
      const product = tf.matMul(a, b, transposeA, transposeB);
      const values = product.dataSync<'float32'>().map((value, at) => value * (1 + ((at * 3) % 7) * 1e-7));
      return tf.tensor(values, product.shape) as never;
    };
    const uneven = { ...tf, matMul } as TensorFlow;
    const engine = await createTfjsEngine({ tf: uneven, backend: 'cpu' });
    const plain = makeProblem({ width: 40, columns: 8, rows: 45 });
    const weights = Float32Array.from(plain.state.weights);
    const signs = Float32Array.from(plain.state.signs);
    weights.copyWithin(20 * 8, 0, 20 * 8);
    signs.copyWithin(20, 0, 20);
    const network = engine.open({ ...plain, state: { ...plain.state, weights, signs } });
    const activations = network.activate();
    for (const objective of ['squared', 'logistic'] as const) {
      expect(Math.max(...activations.greedy(objective, 30, null).picks)).toBeLessThan(20);
    }
    const norms = [...activations.squaredNorms];
    expect(norms.slice(20)).toEqual(norms.slice(0, 20));
    network.close();
  });

  it('are found by weights and sign', () => {
    const weights = Float32Array.of(1, 2, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2);
    const signs = Float32Array.of(1, 1, 1, -1, 1, 1);
    expect([...lowestEqualNeuron(weights, signs)]).toEqual([0, 0, 2, 3, 2, 0]);
  });
});

describe('loading TensorFlow.js', () => {
  const MODULE = 'ESPALIER_TFJS_MODULE';
  const folder = mkdtempSync(join(tmpdir(), 'espalier-tfjs-'));
  const moduleWith = (name: string, source: string): string => {
    const file = join(folder, `${name}.cjs`);
    writeFileSync(file, source);
    return file;
  };
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const failure = async (): Promise<Error> => {
    const error = await createEngine('tfjs').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EngineUnavailableError);
    expect((error as EngineUnavailableError).exitCode).toBe(2);
    expect((error as Error).message).not.toContain('\n');
    expect((error as Error).message).toMatch(
      /^engine "tfjs" is not available: .*npm install @tensorflow\/tfjs-node/,
    );
    return error as Error;
  };

  it('a missing module gives the command that installs it', async () => {
    vi.stubEnv(MODULE, '@tensorflow/tfjs-elsewhere');
    expect((await failure()).message).toContain('@tensorflow/tfjs-elsewhere is not installed');
  });

  it('a module that does not load or is not TensorFlow.js is refused', async () => {
    vi.stubEnv(MODULE, moduleWith('broken', 'throw new Error("no binding\\nat all")'));
    expect((await failure()).message).toContain('does not load: no binding;');
    vi.stubEnv(MODULE, moduleWith('incomplete', 'require("no-such-part")'));
    expect((await failure()).message).toContain("does not load: Cannot find module 'no-such-part'");
    vi.stubEnv(MODULE, moduleWith('other', 'module.exports = {}'));
    expect((await failure()).message).toContain('is not TensorFlow.js');
  });

  it('an unknown or broken backend is refused', async () => {
    await expect(createTfjsEngine({ tf, backend: 'abacus' })).rejects.toThrow(EngineUnavailableError);
    const log1p = () => {
      throw new Error("kernel 'Log1p' not registered\nat all");
    };
    const broken = createTfjsEngine({ tf: { ...tf, log1p } as TensorFlow, backend: 'cpu' });
    await expect(broken).rejects.toThrow(
      /^engine "tfjs".* "cpu" does not work: kernel 'Log1p' not registered;/,
    );
  });

  it('sees the thread variables and the `util` functions that Node removed', async () => {
    vi.stubEnv('TF_NUM_INTRAOP_THREADS', undefined);
    vi.stubEnv('TF_NUM_INTEROP_THREADS', '3');
    const seen = join(folder, 'seen.json');
    const core = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core');
    const source = `
      const util = require('node:util');
      const { TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS } = process.env;
      const functions = [util.isNullOrUndefined(null), util.isNullOrUndefined(0), util.isArray([])];
      const facts = [TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS, ...functions];
      require('node:fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify(facts));
      module.exports = require(${JSON.stringify(core)});`;
    vi.stubEnv(MODULE, moduleWith('witness', source));
    const engine = await createEngine('tfjs');
    expect(engine.name).toBe('tfjs');
    expect(engine.numerics).toBe(NUMERICS.tfjs);
    expect(JSON.parse(readFileSync(seen, 'utf8'))).toEqual(['1', '3', true, false, true]);
  });
});
