import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../../src/engine/reference/index.js';
import { FLOAT64 } from '../support/engines.js';
import { makeBatches, makeProblem } from '../support/problems.js';
import { engineConformance } from './conformance.js';

engineConformance('reference', createReferenceEngine, FLOAT64);

describe('passes of the reference engine', () => {
  const problem = makeProblem({ width: 40, rows: 50 });
  const network = createReferenceEngine().open(problem);
  network.train(makeBatches(problem, 20), 20);

  it('squared: one pass for each Gram column, none for a repeated pick', () => {
    const { picks, passes } = network.activate().greedy('squared', 60, null);
    const expected = Array.from(picks, (_, j) => new Set(picks.slice(0, j)).size);
    expect([...passes]).toEqual(expected);
    expect(passes[59]).toBeLessThan(41);
  });

  it('logistic: one pass for each step', () => {
    expect([...network.activate().greedy('logistic', 7, null).passes]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('a neuron whose squares underflow is not dead', () => {
    const plain = makeProblem({ width: 2, density: 1 });
    const weights = Float64Array.from(plain.state.weights, (a, p) => (p < 12 ? a * 1e-200 : 0));
    const faint = createReferenceEngine().open({ ...plain, state: { ...plain.state, weights } });
    const { squaredNorms } = faint.activate();
    expect(squaredNorms[0]).toBeGreaterThan(0);
    expect(squaredNorms[1]).toBe(0);
  });
});
