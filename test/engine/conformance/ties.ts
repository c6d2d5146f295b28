/** Ties: of equally good neurons, greedy picks the lowest index. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Problem } from '../../../src/engine/engine.js';
import { compress, makeProblem } from '../../support/problems.js';
import { candidateLosses, NaiveNetwork } from '../naive.js';
import { expectBest, OBJECTIVES } from './exhaustive.js';
import { type Subject, withNetwork } from './subject.js';

export function ties({ engine, tolerances }: Subject): void {
  it.each(OBJECTIVES)('of equal neurons, the first is picked (%s)', objective => {
    for (const width of [2, 30, 50, 101]) {
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
        const { picks } = network.activate().greedy(objective, 40, null);
        expect(Math.max(...picks)).toBeLessThan(Math.ceil(width / 2));
        expectBest(
          tolerances,
          new NaiveNetwork(problem).activations(),
          [...problem.labels],
          objective,
          picks,
        );
      });
    }
  });

  it.each(OBJECTIVES)('where all other neurons harm, the first silent one is picked (%s)', objective => {
    for (const [width, silent] of [
      [1, [0]],
      [7, [6]],
      [30, [5, 11, 29]],
      [55, [49, 50]],
    ] as const) {
      const plain = makeProblem({ width, columns: 6, rows: 20 });
      const weights = new Float32Array(width * 6).fill(0.5);
      for (const i of silent) weights.fill(-0.5, i * 6, i * 6 + 6);
      const problem = {
        ...plain,
        labels: new Float32Array(20).fill(1),
        state: { ...plain.state, weights, signs: new Float32Array(width).fill(-1) },
      };
      withNetwork(engine(), problem, network => {
        const activations = network.activate();
        expect([...activations.greedy(objective, 9, null).picks]).toEqual(new Array(9).fill(silent[0]));
      });
    }
  });

  it('on whole numbers, picks equal those of exhaustive search, ties to the lowest index', () => {
    const small = fc.integer({ min: -2, max: 2 });
    const problems = fc
      .record({
        rows: fc.integer({ min: 1, max: 12 }),
        columns: fc.integer({ min: 1, max: 3 }),
        width: fc.integer({ min: 1, max: 60 }),
      })
      .chain(({ rows, columns, width }) =>
        fc.record({
          dense: fc.array(fc.array(small, { minLength: columns, maxLength: columns }), {
            minLength: rows,
            maxLength: rows,
          }),
          labels: fc.array(fc.constantFrom(-1, 1), { minLength: rows, maxLength: rows }),
          weights: fc.array(small, { minLength: width * columns, maxLength: width * columns }),
          signs: fc.array(fc.constantFrom(-1, 1), { minLength: width, maxLength: width }),
        }),
      );
    fc.assert(
      fc.property(problems, ({ dense, labels, weights, signs }) => {
        const inputs = compress(dense);
        const problem: Problem = {
          ...makeProblem({ rows: inputs.rows, columns: inputs.columns, width: signs.length, batchSize: 1 }),
          inputs,
          labels: Float32Array.from(labels),
          state: {
            weights: Float32Array.from(weights),
            signs: Float32Array.from(signs),
            weightVelocity: null,
            signVelocity: null,
          },
        };
        const phi = new NaiveNetwork(problem).activations();
        withNetwork(engine(), problem, network => {
          const activations = network.activate();
          const picks = [...activations.greedy('squared', 12, null).picks];
          for (let j = 0; j < picks.length; j++) {
            const { losses } = candidateLosses(phi, labels, 'squared', picks.slice(0, j));
            expect(picks[j]).toBe(losses.indexOf(Math.min(...losses)));
          }
          expectBest(tolerances, phi, labels, 'logistic', activations.greedy('logistic', 12, null).picks);
        });
      }),
      { seed: 5, numRuns: 80 },
    );
  });
}
