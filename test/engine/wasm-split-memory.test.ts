/** A network in several memories has the same bits as in one, and takes the memory that it states. */
import { describe, expect, it, vi } from 'vitest';

/** Every memory that is allocated, in order. While `refused` is true, allocation fails. */
const memories = vi.hoisted(() => {
  const made = { all: [] as { buffer: ArrayBuffer }[], refused: false };
  const api = (
    globalThis as unknown as { WebAssembly: { Memory: new (size: object) => { buffer: ArrayBuffer } } }
  ).WebAssembly;
  api.Memory = class extends api.Memory {
    constructor(size: object) {
      if (made.refused) throw new RangeError('WebAssembly.Memory(): could not allocate memory');
      super(size);
      made.all.push(this);
    }
  };
  return made;
});

import { DivergedError, StoppedError, TooLargeError } from '../../src/base/errors.js';
import type { Engine, Network, Problem, Shape } from '../../src/engine/engine.js';
import { shapeOf } from '../../src/engine/shape.js';
import { createWasmEngine } from '../../src/engine/wasm/index.js';
import { layOut, MAX_CANDIDATES } from '../../src/engine/wasm/layout.js';
import { LANES } from '../../src/engine/wasm/layout-parts.js';
import { MAX_MEMORIES, splitMemory } from '../../src/engine/wasm/split-memory.js';
import { bitsOf } from '../support/bits.js';
import {
  makeBatches,
  makeInputs,
  makeProblem,
  makeSeparateProblem,
  type ProblemOptions,
} from '../support/problems.js';

const allocated = (): number => memories.all.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

/** An engine whose memories hold `blocks` blocks of this problem each. */
function engineOf(problem: Problem, blocks: number): Promise<Engine> {
  return createWasmEngine({ memoryLimit: layOut(shapeOf(problem), blocks).bytes });
}

const STEPS = 12;

/** All results of a network and its activations, before and after reopening from its state. */
function results(engine: Engine, problem: Problem) {
  const others = makeInputs({ rows: 150, columns: problem.inputs.columns, density: 0.5, seed: 7 });
  const k = 30;
  const use = (network: Network, steps: number) => {
    network.train(makeBatches(problem, steps, steps), steps);
    const activations = network.activate();
    const squared = activations.greedy('squared', k, null);
    const logistic = activations.greedy('logistic', k, null);
    return {
      state: network.state(),
      outputs: activations.outputs,
      squaredNorms: activations.squaredNorms,
      squared,
      logistic,
      subnet: activations.subnetOutputs(squared.picks, [1, 7, k]),
      otherOutputs: network.outputs(others),
      otherSubnet: network.subnetOutputs(others, logistic.picks, [1, 7, k]),
    };
  };
  const network = engine.open(problem);
  const first = use(network, STEPS);
  network.close();
  const again = engine.open({ ...problem, state: first.state });
  const second = use(again, 3);
  again.close();
  return { first, second };
}

/** The last block of 470 neurons is not full. */
const COMMON: Partial<ProblemOptions> = { rows: 90, width: 470, columns: 25, batchSize: 16 };
const CASES: Record<string, Partial<ProblemOptions>> = {
  'squared loss': {},
  'logistic loss, bias': { loss: 'logistic', bias: true },
  momentum: { momentum: 0.7, weightDecay: 0.01 },
  'both layers': { layers: 'both', activation: 'tanh', signs: 'normal' },
  'both layers with momentum': { layers: 'both', momentum: 0.5, activation: 'softplus' },
  'full batch': { batchSize: 90 },
  'batches too long to look ahead': { rows: 1300, batchSize: 1100 },
  'dense inputs': { density: 1, columns: 40 },
  'silent blocks': {},
  'NTK scaling': { scaling: 'ntk', learningRate: 0.05 },
  'a subnetwork, re-trained': { multiplicities: Array.from({ length: 470 }, (_, i) => 1 + (i % 7)) },
};

/** Makes all neurons of these blocks silent on inputs that are not negative. */
function silence({ state, inputs }: Problem, blocks: readonly number[]): void {
  const size = LANES * inputs.columns;
  for (const block of blocks) state.weights.fill(-1, block * size, (block + 1) * size);
}

describe('a network in several memories', () => {
  for (const [name, options] of Object.entries(CASES)) {
    it(`has the bits of one in a single memory: ${name}`, async () => {
      const problem = makeProblem({ ...COMMON, ...options });
      if (name === 'silent blocks') silence(problem, [0, 1, 6, 8]);
      const expected = results(await createWasmEngine(), problem);
      const blocksOf = (picks: Int32Array) => new Set(Array.from(picks, pick => Math.floor(pick / LANES)));
      expect(blocksOf(expected.first.squared.picks).size).toBeGreaterThan(4);
      for (const [blocks, count] of [
        [5, 2],
        [4, 3],
        [1, 10],
      ] as const) {
        const engine = await engineOf(problem, blocks);
        const before = memories.all.length;
        expect(bitsOf(results(engine, problem))).toEqual(bitsOf(expected));
        expect(memories.all.length - before).toBe(count);
      }
    });
  }

  it('evaluates more picks than can be gathered', async () => {
    const problem = makeProblem({ rows: 30, columns: 10, width: 1700 });
    const others = makeInputs({ rows: 1500, columns: 10, seed: 3 });
    const picks = Int32Array.from({ length: 2000 }, (_, i) => (i * 701) % 1700);
    const [expected, actual] = [await createWasmEngine(), await engineOf(problem, 15)].map(engine => {
      const network = engine.open(problem);
      const outputs = network.subnetOutputs(others, picks, [3, 1600, 2000]);
      network.close();
      return outputs;
    });
    expect(bitsOf(actual)).toEqual(bitsOf(expected));
  });

  it('keeps and evicts the same columns as one in a single memory', async () => {
    const problem = makeSeparateProblem(560);
    const [expected, actual] = [await createWasmEngine(), await engineOf(problem, 5)].map(engine => {
      const network = engine.open(problem);
      const path = network.activate().greedy('squared', 900, null);
      network.close();
      return path;
    });
    expect(bitsOf(actual)).toEqual(bitsOf(expected));
    expect(new Set(expected!.picks).size).toBeGreaterThan(512);
  });

  it('compares exact candidates across memories as within one', async () => {
    const problem = makeProblem({ rows: 400, width: 800, columns: 20, batchSize: 64, learningRate: 1 });
    const [expected, actual] = [await createWasmEngine(), await engineOf(problem, 4)].map(engine => {
      const network = engine.open(problem);
      network.train(makeBatches(problem, 400), 400);
      const path = network.activate().greedy('squared', 200, null);
      network.close();
      return path;
    });
    expect(bitsOf(actual)).toEqual(bitsOf(expected));
    // More neurons are compared than fit into the cache.
    expect(new Set(expected!.picks).size).toBeGreaterThan(MAX_CANDIDATES);
  });

  it('diverges at the same step', async () => {
    const problem = makeProblem({ ...COMMON, learningRate: 1e5, density: 1 });
    const batches = makeBatches(problem, 100);
    const steps = [await createWasmEngine(), await engineOf(problem, 3)].map(engine => {
      const network = engine.open(problem);
      try {
        network.train(batches, 100);
      } catch (error) {
        expect(error).toBeInstanceOf(DivergedError);
        return (error as DivergedError).step;
      } finally {
        network.close();
      }
      return 0;
    });
    expect(steps[0]).toBeGreaterThan(1);
    expect(steps[1]).toBe(steps[0]);
  });
});

describe('memory of a network in several memories', () => {
  const problem = makeProblem({ ...COMMON, momentum: 0.5 });
  const shape = shapeOf(problem);

  it('is what memoryBytes states', async () => {
    for (const blocks of [10, 5, 4, 1]) {
      const engine = await engineOf(problem, blocks);
      const before = allocated();
      const network = engine.open(problem);
      expect(allocated() - before).toBe(engine.memoryBytes(shape));
      network.train(makeBatches(problem, 2), 2);
      network.activate().greedy('squared', 20, null);
      network.outputs(problem.inputs);
      expect(allocated() - before).toBe(engine.memoryBytes(shape));
      network.close();
    }
  });

  it('is reused, and never exceeds that of the largest network', async () => {
    const engine = await engineOf(problem, 4);
    const before = allocated();
    let largest = 0;
    for (const width of [60, 300, 470, 200, 400, LANES, 470, 120]) {
      const other = makeProblem({ ...COMMON, momentum: 0.5, width });
      largest = Math.max(largest, engine.memoryBytes(shapeOf(other)));
      const network = engine.open(other);
      network.train(makeBatches(other, 2), 2);
      network.close();
      expect(allocated() - before).toBe(largest);
    }
  });

  it('is released where opening is interrupted', async () => {
    const [rows, columns] = [1800, 1000];
    const inputs = {
      rows,
      columns,
      rowStart: Uint32Array.from({ length: rows + 1 }, (_, r) => r * columns),
      column: Uint16Array.from({ length: rows * columns }, (_, e) => e % columns),
      value: new Float32Array(rows * columns).fill(1),
    };
    const pulse = () => {
      throw new StoppedError();
    };
    const calm = { ...makeProblem({ ...COMMON, columns }), inputs, labels: new Float32Array(rows).fill(1) };
    const engine = await engineOf(calm, 1);
    const before = allocated();
    for (let i = 0; i < 3; i++) expect(() => engine.open({ ...calm, pulse })).toThrow(StoppedError);
    expect(allocated() - before).toBe(engine.memoryBytes(shapeOf(calm)));
  });

  it('is released where only part of it can be allocated', async () => {
    const engine = await engineOf(problem, 4);
    const before = allocated();
    engine.open(makeProblem({ ...COMMON, width: 20 })).close();
    memories.refused = true;
    try {
      expect(() => engine.open(problem)).toThrow(TooLargeError);
      expect(() => engine.open(problem)).toThrow('this machine cannot give a memory of');
    } finally {
      memories.refused = false;
    }
    engine.open(problem).close();
    expect(allocated() - before).toBe(engine.memoryBytes(shape));
  });

  it('has a limit', async () => {
    const largest = makeProblem({ ...COMMON, width: MAX_MEMORIES * LANES });
    const wide = makeProblem({ ...COMMON, width: MAX_MEMORIES * LANES + 1 });
    const engine = await engineOf(wide, 1);
    expect(engine.memoryBytes(shapeOf(largest))).toBe(engine.memoryLimitBytes);
    expect(engine.memoryBytes(shapeOf(wide))).toBeGreaterThan(engine.memoryLimitBytes);
    expect(() => engine.open(wide)).toThrow(TooLargeError);
    expect(() => engine.open(wide)).toThrow(
      /^n = 90 samples and N = 3073 neurons need \d\.\d\d GiB, the engine "wasm" holds at most \d\.\d\d GiB$/,
    );
  });

  it('is refused where the samples alone exceed one memory', async () => {
    const engine = await engineOf(problem, 1);
    const long = makeProblem({ ...COMMON, momentum: 0.5, rows: 2000, width: LANES });
    expect(engine.memoryBytes(shapeOf(long))).toBe(Infinity);
    expect(() => engine.open(long)).toThrow(TooLargeError);
    expect(() => engine.open(long)).toThrow(
      /^n = 2000 samples do not fit in a memory of the engine "wasm", which holds \d\.\d\d GiB$/,
    );
  });
});

describe('splitMemory', () => {
  const shape: Shape = {
    datasetSize: 60_000,
    width: 20_000,
    columns: 784,
    batchSize: 128,
    momentum: false,
    entriesPerRow: 150,
    shifted: false,
  };
  const limit = 65535 * 65536;

  it('uses as few memories as possible, filled one after another', () => {
    const layouts = splitMemory(shape, limit)!;
    expect(layouts.map(({ blocks }) => blocks).reduce((a, b) => a + b)).toBe(Math.ceil(20_000 / LANES));
    expect(layouts).toHaveLength(2);
    for (const { bytes } of layouts) expect(bytes).toBeLessThanOrEqual(limit);
    const { blocks } = layouts[0]!;
    expect(layOut(shape, blocks + 1).bytes).toBeGreaterThan(limit);
    expect(splitMemory({ ...shape, width: 10_000 }, limit)).toHaveLength(1);
  });

  it('covers every block at any size', () => {
    for (const width of [1, LANES - 1, LANES, LANES + 1, 1000, 123_457]) {
      for (const datasetSize of [1, 1000, 300_000]) {
        const some = { ...shape, width, datasetSize };
        const blocks = splitMemory(some, limit)!.map(layout => layout.blocks);
        expect(blocks.reduce((a, b) => a + b)).toBe(Math.ceil(width / LANES));
        expect(Math.min(...blocks)).toBeGreaterThan(0);
      }
    }
  });
});
