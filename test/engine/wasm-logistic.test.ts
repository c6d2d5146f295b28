/** Logistic selection in networks that are large enough to spare passes: the exact argmin, whatever the outputs are. */
import { describe, expect, it } from 'vitest';
import type { Activations, Path, Problem } from '../../src/engine/engine.js';
import { shapeOf } from '../../src/engine/shape.js';
import { createWasmEngine } from '../../src/engine/wasm/index.js';
import { layOut } from '../../src/engine/wasm/layout.js';
import { FLOAT32 } from '../support/engines.js';
import { makeBatches, makeProblem, type ProblemOptions } from '../support/problems.js';
import { expectBest } from './conformance/exhaustive.js';
import { NaiveNetwork } from './naive.js';

/** From this N on there is a basis. */
const WIDE = 760;

interface Case extends Partial<ProblemOptions> {
  readonly steps?: number;
  readonly k?: number;
  /** Compares every so many picks. */
  readonly every?: number;
  /** Changes the initial weights, N x d, and signs. */
  readonly change?: (weights: Float32Array, columns: number, signs: Float32Array) => void;
}

const CASES: Readonly<Record<string, Case>> = {
  untrained: {},
  'trained a little': { steps: 40, learningRate: 1 },
  'trained for long': { steps: 4000, learningRate: 1, batchSize: 16, every: 6 },
  'many picks, with repeats': { k: 400, rows: 40, every: 20 },
  'ntk scaling': { scaling: 'ntk', steps: 20 },
  tanh: { activation: 'tanh', steps: 30, learningRate: 1 },
  'pairs of equal neurons': {
    change: (weights, columns, signs) => {
      weights.copyWithin((WIDE / 2) * columns, 0, (WIDE / 2) * columns);
      signs.copyWithin(WIDE / 2, 0, WIDE / 2);
    },
  },
  'all neurons equal': {
    k: 5,
    change: (weights, columns, signs) => {
      for (let i = columns; i < weights.length; i++) weights[i] = weights[i % columns]!;
      signs.fill(signs[0]!);
    },
  },
  'dead neurons': {
    change: (weights, columns) => {
      for (let i = 0; i < weights.length; i++)
        if (Math.floor(i / columns) % 3 !== 0) weights[i] = -Math.abs(weights[i]!);
    },
  },
  'large outputs': {
    change: weights => {
      for (let i = 0; i < weights.length; i++) weights[i]! *= 1e3;
    },
  },
  'outputs whose curvature underflows': {
    k: 12,
    change: weights => {
      for (let i = 0; i < weights.length; i++) weights[i]! *= 1e8;
    },
  },
  'outputs of very different sizes': {
    change: (weights, columns) => {
      for (let i = 0; i < weights.length; i++) weights[i]! *= 10 ** ((Math.floor(i / columns) % 9) - 4);
    },
  },
};

function problemOf({ steps: _, k: __, every: ___, change, ...options }: Case, seed: number): Problem {
  const problem = makeProblem({
    loss: 'logistic',
    width: WIDE,
    rows: 70,
    columns: 12,
    density: 0.8,
    seed,
    ...options,
  });
  const weights = Float32Array.from(problem.state.weights);
  const signs = Float32Array.from(problem.state.signs);
  change?.(weights, problem.inputs.columns, signs);
  return { ...problem, state: { ...problem.state, weights, signs } };
}

/** The path of a case, given to `check` with the outputs as computed in float64. */
async function pathOf(
  each: Case,
  seed: number,
  engine = createWasmEngine(),
  check: (phi: ReturnType<NaiveNetwork['activations']>, problem: Problem, path: Path) => void = () => {},
): Promise<Path> {
  const problem = problemOf(each, seed);
  const network = (await engine).open(problem);
  try {
    const { steps = 0, k = 60 } = each;
    if (steps > 0) network.train(makeBatches(problem, steps), steps);
    const activations: Activations = network.activate();
    const path = activations.greedy('logistic', k, null);
    check(new NaiveNetwork(problem).setState(network.state()).activations(), problem, path);
    return path;
  } finally {
    network.close();
  }
}

describe('logistic selection with a basis', () => {
  it.each(Object.entries(CASES))('every pick is the best: %s', async (_, each) => {
    await pathOf(each, 1, createWasmEngine(), (phi, problem, { picks }) =>
      expectBest(FLOAT32, phi, [...problem.labels], 'logistic', picks, { every: each.every ?? 3 }),
    );
  });

  it('equal neurons are picked by the lowest index', async () => {
    const { picks } = await pathOf(CASES['pairs of equal neurons']!, 2);
    for (const pick of picks) expect(pick).toBeLessThan(WIDE / 2);
    const equal = await pathOf(CASES['all neurons equal']!, 2);
    expect([...equal.picks]).toEqual([0, 0, 0, 0, 0]);
  });

  it.each(['trained a little', 'dead neurons', 'outputs of very different sizes'])(
    'has the same picks and passes on any kernels and in any memories: %s',
    async name => {
      const each = CASES[name]!;
      const shape = shapeOf(problemOf(each, 3));
      const [expected, ...others] = await Promise.all([
        pathOf(each, 3, createWasmEngine({ kernels: 'wasm' })),
        pathOf(each, 3),
        pathOf(each, 3, createWasmEngine({ memoryLimit: layOut(shape, 5).bytes })),
        pathOf(each, 3, createWasmEngine({ memoryLimit: layOut(shape, 1).bytes })),
      ]);
      for (const other of others) expect(other).toEqual(expected);
    },
  );

  it('a shorter path is the start of a longer one, with its passes', async () => {
    const each = CASES['trained a little']!;
    const [short, long] = [await pathOf({ ...each, k: 17 }, 4), await pathOf(each, 4)];
    expect(short.picks).toEqual(long.picks.slice(0, 17));
    expect(short.passes).toEqual(long.passes.slice(0, 17));
  });
});

describe('passes of logistic selection', () => {
  it('are few where the network is wide', async () => {
    const common = { rows: 300, columns: 30, width: 1500, k: 100, batchSize: 64 };
    const untrained = await pathOf(common, 5);
    const trained = await pathOf({ ...common, steps: 100, learningRate: 1 }, 5);
    expect(untrained.passes.at(-1)).toBeLessThan(20);
    expect(trained.passes.at(-1)).toBeLessThan(50);
  });

  it('are one for each pick in small networks, which have no basis', async () => {
    const { passes } = await pathOf({ width: 300, k: 9 }, 6);
    expect([...passes]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
