/** Greedy forward selection on the samples of each pick, against exhaustive search on the same samples. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Problem } from '../../../src/engine/engine.js';
import { selectionBatches } from '../../../src/trajectory/selection-batches.js';
import { compress, makeBatches, makeProblem, type ProblemOptions } from '../../support/problems.js';
import { candidateLosses, NaiveNetwork } from '../naive.js';
import { expectBest, OBJECTIVES } from './exhaustive.js';
import { type Subject, withNetwork } from './subject.js';

interface Case extends Partial<ProblemOptions> {
  readonly m: number;
  readonly k?: number;
  readonly steps?: number;
}

const CASES: Record<string, Case> = {
  untrained: { m: 9 },
  'trained, one sample a pick': { m: 1, steps: 40 },
  'all but one sample': { m: 44, rows: 45, steps: 20 },
  'trained on the logistic loss, both layers': {
    m: 16,
    steps: 60,
    loss: 'logistic',
    layers: 'both',
    learningRate: 1,
  },
  tanh: { m: 10, activation: 'tanh', steps: 20 },
  'NTK scaling': { m: 12, scaling: 'ntk', width: 26, steps: 20 },
  'many neurons': { m: 20, width: 131, rows: 90, columns: 20, k: 25 },
  'many samples': { m: 130, rows: 401, columns: 20, batchSize: 64, k: 12 },
  'a subnetwork': { m: 7, multiplicities: [1, 4, 2, 1, 1, 7, 1, 3, 1, 1], steps: 10 },
  'one neuron': { m: 5, width: 1, k: 3 },
};

/** Samples as a trajectory draws them. */
const samplesOf = (problem: Problem, m: number, picks: number): Int32Array =>
  selectionBatches({ seed: 4, t: 100, n: problem.inputs.rows, sampleSize: m, picks })!;

export function sampledSelection({ engine, tolerances }: Subject): void {
  it.each(Object.entries(CASES))('every pick is the best on its samples: %s', (_name, options) => {
    const { m, k = 20, steps = 0, ...chosen } = options;
    const problem = makeProblem({ ...chosen, seed: 3 });
    withNetwork(engine(), problem, network => {
      network.train(makeBatches(problem, steps), steps);
      const naive = new NaiveNetwork(problem).setState(network.state());
      const activations = network.activate();
      const samples = samplesOf(problem, m, k);
      const n = problem.inputs.rows;
      for (const objective of OBJECTIVES) {
        const { picks, passes } = activations.greedy(objective, k, samples);
        expectBest(tolerances, naive.activations(), naive.y, objective, picks, { samples });
        expect([...passes]).toEqual(Array.from(picks, (_, j) => Math.ceil(((j + 1) * m) / n)));
      }
    });
  });

  it.each(OBJECTIVES)(
    'other samples give other picks, and the rest of the n no influence (%s)',
    objective => {
      const problem = makeProblem({ width: 60, rows: 80 });
      const looked = Int32Array.from({ length: 12 * 10 }, (_, i) => 4 * (i % 10));
      const labels = problem.labels.map((y, s) => (s % 4 === 0 ? y : -y));
      const picksOf = (changed: Problem, samples: Int32Array | null) =>
        withNetwork(engine(), changed, network => [
          ...network.activate().greedy(objective, 12, samples).picks,
        ]);
      const picks = picksOf(problem, looked);
      expect(picksOf({ ...problem, labels }, looked)).toEqual(picks);
      expect(picksOf(problem, null)).not.toEqual(picks);
      expect(
        picksOf(
          problem,
          looked.map(s => s + 1),
        ),
      ).not.toEqual(picks);
    },
  );

  it.each(OBJECTIVES)('a shorter path is a prefix of a longer one (%s)', objective => {
    const problem = makeProblem({ width: 77, rows: 64 });
    withNetwork(engine(), problem, network => {
      network.train(makeBatches(problem, 20), 20);
      const activations = network.activate();
      const long = activations.greedy(objective, 30, samplesOf(problem, 8, 30));
      for (const k of [1, 10, 29]) {
        const short = activations.greedy(objective, k, samplesOf(problem, 8, k));
        expect([...short.picks]).toEqual([...long.picks.slice(0, k)]);
        expect([...short.passes]).toEqual([...long.passes.slice(0, k)]);
      }
    });
  });

  it('samples leave exact selection as it is, in any order of calls', () => {
    const problem = makeProblem({ width: 40, rows: 50 });
    withNetwork(engine(), problem, network => {
      const activations = network.activate();
      const samples = samplesOf(problem, 6, 15);
      const all = () =>
        OBJECTIVES.flatMap(objective => [
          activations.greedy(objective, 15, null),
          activations.greedy(objective, 15, samples),
        ]);
      const first = all();
      expect(all()).toEqual(first);
      withNetwork(engine(), problem, another => {
        const alone = another.activate();
        expect(OBJECTIVES.map(objective => alone.greedy(objective, 15, null))).toEqual(
          first.filter((_, i) => i % 2 === 0),
        );
      });
    });
  });

  it.each(OBJECTIVES)('of equal neurons, the first is picked (%s)', objective => {
    for (const width of [2, 50, 101]) {
      const plain = makeProblem({ width, columns: 8, rows: 45, seed: width });
      const { weights, signs } = plain.state;
      const twins = { weights: Float32Array.from(weights), signs: Float32Array.from(signs) };
      // The second half repeats the first in reverse: neuron i is the twin of width - 1 - i.
      for (let i = Math.ceil(width / 2); i < width; i++) {
        const original = width - 1 - i;
        twins.weights.set(twins.weights.subarray(original * 8, original * 8 + 8), i * 8);
        twins.signs[i] = twins.signs[original]!;
      }
      const problem = { ...plain, state: { ...plain.state, ...twins } };
      withNetwork(engine(), problem, network => {
        const { picks } = network.activate().greedy(objective, 25, samplesOf(problem, 6, 25));
        expect(Math.max(...picks)).toBeLessThan(Math.ceil(width / 2));
      });
    }
  });

  it.each(OBJECTIVES)(
    'of neurons that are equal on the samples alone, the first is picked (%s)',
    objective => {
      // Column 0 is seen by even samples, column 1 by odd ones: on even samples, neurons differ in nothing else.
      const rows = 30;
      const dense = Array.from({ length: rows }, (_, s) => (s % 2 === 0 ? [1, 0] : [0, 1]));
      const width = 55;
      const problem: Problem = {
        ...makeProblem({ rows, columns: 2, width, batchSize: 1 }),
        inputs: compress(dense),
        labels: new Float32Array(rows).fill(1),
        state: {
          weights: Float32Array.from({ length: 2 * width }, (_, i) => (i % 2 === 0 ? 0.25 : i / 64)),
          signs: new Float32Array(width).fill(1),
          weightVelocity: null,
          signVelocity: null,
        },
      };
      const even = Int32Array.from({ length: 6 * 5 }, (_, i) => 2 * (i % 5));
      withNetwork(engine(), problem, network => {
        const activations = network.activate();
        expect([...activations.greedy(objective, 6, even).picks]).toEqual(new Array(6).fill(0));
      });
    },
  );

  it('on whole numbers, squared picks equal those of exhaustive search, ties to the lowest index', () => {
    const small = fc.integer({ min: -2, max: 2 });
    const [rows, columns, width] = [9, 2, 52];
    const list = <T>(value: fc.Arbitrary<T>, length: number) =>
      fc.array(value, { minLength: length, maxLength: length });
    const cases = fc.record({
      dense: list(list(small, columns), rows),
      labels: list(fc.constantFrom(-1, 1), rows),
      weights: list(small, width * columns),
      signs: list(fc.constantFrom(-1, 1), width),
      m: fc.integer({ min: 1, max: rows - 1 }),
    });
    fc.assert(
      fc.property(cases, ({ dense, labels, weights, signs, m }) => {
        const problem: Problem = {
          ...makeProblem({ rows, columns, width, batchSize: 1 }),
          inputs: compress(dense),
          labels: Float32Array.from(labels),
          state: {
            weights: Float32Array.from(weights),
            signs: Float32Array.from(signs),
            weightVelocity: null,
            signVelocity: null,
          },
        };
        const phi = new NaiveNetwork(problem).activations();
        // At the first two steps, u is a whole number or half of one: losses are exact.
        const samples = samplesOf(problem, m, 2);
        withNetwork(engine(), problem, network => {
          const { picks } = network.activate().greedy('squared', 2, samples);
          for (const [j, pick] of picks.entries()) {
            const looked = samples.subarray(j * m, (j + 1) * m);
            const { losses } = candidateLosses(phi, labels, 'squared', [...picks.slice(0, j)], looked);
            expect(pick).toBe(losses.indexOf(Math.min(...losses)));
          }
        });
      }),
      { seed: 6, numRuns: 40 },
    );
  });
}
