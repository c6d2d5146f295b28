/** Gradients, taken from the change of the weights in one step, against central differences of the loss. */
import { expect, it } from 'vitest';
import type { Activation, Layers, Loss, Scaling } from '../../../src/domain/types.js';
import type { Problem } from '../../../src/engine/engine.js';
import { makeBatches, makeProblem, type ProblemOptions } from '../../support/problems.js';
import { dotProduct, NaiveNetwork } from '../naive.js';
import { type Subject, withNetwork } from './subject.js';

const H = 1e-5;
const LOSSES: Loss[] = ['squared', 'logistic'];
const ACTIVATIONS: Activation[] = ['relu', 'tanh', 'softplus'];
const SCALINGS: Scaling[] = ['mean-field', 'ntk'];
const LAYERS: Layers[] = ['first', 'both'];
const CASES = LOSSES.flatMap(loss =>
  ACTIVATIONS.flatMap(activation =>
    SCALINGS.flatMap(scaling => LAYERS.map(layers => ({ loss, activation, scaling, layers }))),
  ),
);

export function gradients({ engine, tolerances }: Subject): void {
  it.each(CASES)('$loss, $activation, $scaling, $layers', options => {
    for (const multiplicities of [null, [3, 1, 1, 2, 5, 1]]) {
      const problem = smoothProblem({ ...options, multiplicities });
      const batch = makeBatches(problem, 1);
      const expected = numericalGradient(problem, batch);
      const { weights, signs } = withNetwork(engine(), problem, network => {
        network.train(batch, 1);
        return network.state();
      });
      const change = (after: ArrayLike<number>, before: ArrayLike<number>) =>
        Array.from(after, (value, p) => (before[p]! - value) / problem.learningRate);
      expectClose(change(weights, problem.state.weights), expected.weights, tolerances.gradient);
      if (options.layers === 'both') {
        expectClose(change(signs, problem.state.signs), expected.signs, tolerances.gradient);
      } else {
        expect([...signs]).toEqual([...problem.state.signs]);
      }
    }
  });

  it('sigma of relu has slope 0 at 0', () => {
    const options = { width: 3, rows: 4, columns: 2, batchSize: 4, bias: true, layers: 'both' } as const;
    const problem = makeProblem(options);
    const silent = { ...problem, state: { ...problem.state, weights: new Float32Array(6) } };
    withNetwork(engine(), silent, network => {
      network.train(makeBatches(silent, 2), 2);
      expect([...network.state().weights]).toEqual(new Array(6).fill(0));
      expect([...network.state().signs]).toEqual([...problem.state.signs]);
    });
  });
}

/** A problem whose pre-activations stay away from relu's kink. */
function smoothProblem(options: Partial<ProblemOptions>): Problem {
  for (let seed = 1; ; seed++) {
    const problem = makeProblem({
      ...options,
      seed,
      rows: 9,
      columns: 7,
      width: 6,
      batchSize: 5,
      learningRate: 4,
      signs: 'normal',
    });
    const naive = new NaiveNetwork(problem);
    const smallest = Math.min(...naive.x.flatMap(x => naive.a.map(a => Math.abs(dotProduct(a, x)))));
    if (smallest > 100 * H) return problem;
  }
}

/** G of the contract: rate / (share_i * outputScale) times dL/dtheta_i, which is N^(2 gamma - 1) dL for shares 1/N. */
function numericalGradient(problem: Problem, batch: Int32Array): { weights: number[]; signs: number[] } {
  const naive = new NaiveNetwork(problem);
  const slope = (theta: number[], p: number): number => {
    const value = theta[p]!;
    theta[p] = value + H;
    const above = naive.batchLoss(batch);
    theta[p] = value - H;
    const below = naive.batchLoss(batch);
    theta[p] = value;
    return (above - below) / (2 * H);
  };
  const factor = (i: number) => problem.rate / (naive.shares[i]! * problem.outputScale);
  return {
    weights: naive.a.flatMap((row, i) => row.map((_, c) => factor(i) * slope(row, c))),
    signs: naive.b.map((_, i) => factor(i) * slope(naive.b, i)),
  };
}

function expectClose(actual: number[], expected: number[], tolerance: number): void {
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...expected.map((value, p) => Math.abs(actual[p]! - value)));
  expect(actual).toHaveLength(expected.length);
  expect(largest).toBeGreaterThan(1e-3);
  expect(error / largest).toBeLessThan(tolerance);
}
