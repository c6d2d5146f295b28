/** Greedy forward selection against exhaustive search: every candidate's loss evaluated from scratch, in float64. */
import { expect, it } from 'vitest';
import type { Path, Problem } from '../../../src/engine/engine.js';
import { makeBatches, makeProblem, type ProblemOptions } from '../../support/problems.js';
import { type Matrix, meanLoss, NaiveNetwork, subnetOutputs } from '../naive.js';
import { expectBest, OBJECTIVES } from './exhaustive.js';
import { type Subject, withNetwork } from './subject.js';

interface Case extends Partial<ProblemOptions> {
  readonly steps?: number;
  readonly k?: number;
}

const CASES: Record<string, Case> = {
  untrained: {},
  trained: { steps: 60 },
  'trained on the logistic loss, both layers': {
    steps: 60,
    loss: 'logistic',
    layers: 'both',
    learningRate: 1,
  },
  tanh: { activation: 'tanh', steps: 40 },
  softplus: { activation: 'softplus', steps: 40 },
  'NTK scaling': { scaling: 'ntk', width: 26, steps: 20 },
  'many neurons': { width: 131, rows: 90, columns: 20, steps: 30, k: 40 },
  'many samples': { width: 23, rows: 401, columns: 20, batchSize: 64, steps: 30 },
  'dense rows': { density: 1, steps: 30, learningRate: 0.1 },
  'a subnetwork': { multiplicities: [1, 4, 2, 1, 1, 7, 1, 3, 1, 1], steps: 10 },
  'one sample': { rows: 1, batchSize: 1, width: 9, density: 1 },
  'one neuron': { width: 1, k: 3 },
  'one pick': { k: 1, width: 45 },
};

export function selection({ engine, tolerances, large }: Subject): void {
  const expectPasses = ({ picks, passes }: Path, k: number): void => {
    expect(picks).toBeInstanceOf(Int32Array);
    expect(passes).toBeInstanceOf(Int32Array);
    expect(picks).toHaveLength(k);
    expect(passes).toHaveLength(k);
    expect(passes[0]).toBeGreaterThanOrEqual(0);
    for (let j = 1; j < k; j++) expect(passes[j]).toBeGreaterThanOrEqual(passes[j - 1]!);
  };

  /** e_{j+1}^2 <= ((j e_j + e_N) / (j + 1))^2 + V / (j + 1)^2, for the dense network of all N neurons. */
  const expectCertificate = (phi: Matrix, labels: readonly number[], picks: Int32Array): void => {
    const n = labels.length;
    const distanceToLabels = (u: number[]) =>
      Math.sqrt(u.reduce((sum, v, s) => sum + (v - labels[s]!) ** 2, 0));
    const mean = labels.map((_, s) => phi.reduce((sum, row) => sum + row[s]!, 0) / phi.length);
    const spread = phi.reduce((sum, row) => sum + row.reduce((d, v, s) => d + (v - mean[s]!) ** 2, 0), 0);
    const v = spread / phi.length;
    const dense = distanceToLabels(mean);
    let error = 0;
    for (let j = 0; j < picks.length; j++) {
      const bound = ((j * error + dense) / (j + 1)) ** 2 + v / (j + 1) ** 2;
      error = distanceToLabels(subnetOutputs(phi, picks, j + 1));
      const scale = n + error * error + v;
      expect(error * error, `step ${j + 1}`).toBeLessThanOrEqual(bound + 4 * tolerances.pick * scale);
      const k = j + 1;
      const loss = (error * error) / (2 * n);
      const closed = (dense * dense) / (2 * n) + (v * (1 + Math.log(k))) / (2 * n * k);
      expect(loss).toBeLessThanOrEqual(closed + 4 * tolerances.pick * (scale / n));
    }
  };

  const runCase = (problem: Problem, steps: number, k: number): void => {
    withNetwork(engine(), problem, network => {
      network.train(makeBatches(problem, steps), steps);
      const naive = new NaiveNetwork(problem).setState(network.state());
      const phi = naive.activations();
      const activations = network.activate();
      for (const objective of OBJECTIVES) {
        const path = activations.greedy(objective, k, null);
        expectPasses(path, k);
        expectBest(tolerances, phi, naive.y, objective, path.picks);
        if (objective === 'squared') expectCertificate(phi, naive.y, path.picks);
      }
    });
  };

  it.each(Object.entries(CASES))(
    'every pick is the best and satisfies the certificate: %s',
    (_name, options) => {
      const { steps = 0, k = 30, ...chosen } = options;
      for (const seed of [1, 2]) runCase(makeProblem({ ...chosen, seed }), steps, k);
    },
  );

  it.runIf(large)('picks are the best beyond any block size: many neurons, samples, distinct picks', () => {
    const many = makeProblem({ width: 1999, rows: 230, columns: 10 });
    const long = makeProblem({ width: 40, rows: 2603, columns: 10 });
    // Large outputs cancel only in the mean of many neurons.
    const distinct = {
      ...makeProblem({ width: 1300, rows: 300, columns: 60, density: 1, activation: 'tanh' }),
      outputScale: 100,
    };
    for (const [problem, k, every] of [
      [many, 40, 5],
      [long, 40, 5],
      [distinct, 1000, 97],
    ] as const) {
      withNetwork(engine(), problem, network => {
        const naive = new NaiveNetwork(problem);
        const phi = naive.activations();
        const activations = network.activate();
        const path = activations.greedy('squared', k, null);
        expectPasses(path, k);
        expectBest(tolerances, phi, naive.y, 'squared', path.picks, { every });
        if (problem === distinct) expect(new Set(path.picks).size).toBeGreaterThan(512);
        else expectBest(tolerances, phi, naive.y, 'logistic', activations.greedy('logistic', 6, null).picks);
      });
    }
  });

  it('neurons are picked again where few are useful', () => {
    const plain = makeProblem({ width: 12, columns: 12, rows: 60 });
    const x = new NaiveNetwork(plain).x;
    // Neurons 3, 7 and 11 predict the label; the others have the opposite sign of neuron 3.
    const weights = Float32Array.from(plain.state.weights);
    const signs = new Float32Array(12).fill(-1);
    for (const [at, i] of [3, 7, 11].entries()) signs[i] = at === 1 ? -1 : 1;
    for (let i = 0; i < 12; i++) {
      for (let c = 0; c < 12; c++) {
        const useful = i === 7 ? (c % 2 ? 1 : -1) : c % 2 ? -1 : 1;
        weights[i * 12 + c] = useful * (1 + c / 12 + i / 50);
      }
    }
    const labels = Float32Array.from(x, row => {
      return row.reduce((sum, v, c) => sum + (c % 2 ? -v : v), 0) > 0 ? 1 : -1;
    });
    const problem = { ...plain, labels, state: { ...plain.state, weights, signs } };
    withNetwork(engine(), problem, network => {
      const phi = new NaiveNetwork(problem).activations();
      for (const objective of OBJECTIVES) {
        const { picks } = network.activate().greedy(objective, 40, null);
        expect(new Set(picks).size).toBeLessThanOrEqual(6);
        expectBest(tolerances, phi, [...labels], objective, picks);
      }
    });
  });

  it.each(OBJECTIVES)('a shorter path is a prefix of a longer one (%s)', objective => {
    const problem = makeProblem({ width: 77, rows: 64 });
    withNetwork(engine(), problem, network => {
      network.train(makeBatches(problem, 20), 20);
      const long = network.activate().greedy(objective, 30, null);
      for (const k of [1, 10, 29]) {
        const short = network.activate().greedy(objective, k, null);
        expect([...short.picks]).toEqual([...long.picks.slice(0, k)]);
        expect([...short.passes]).toEqual([...long.passes.slice(0, k)]);
      }
    });
  });

  it('the same activations give the same paths in any order of calls', () => {
    const problem = makeProblem({ width: 40, rows: 50 });
    withNetwork(engine(), problem, network => {
      const activations = network.activate();
      const before = OBJECTIVES.map(objective => activations.greedy(objective, 15, null));
      const after = [...OBJECTIVES].reverse().map(objective => activations.greedy(objective, 15, null));
      expect(after.reverse()).toEqual(before);
    });
  });

  it('a longer path is no worse than uniform and magnitude selection on the training loss', () => {
    const problem = makeProblem({ width: 60, rows: 120, columns: 20, batchSize: 30 });
    withNetwork(engine(), problem, network => {
      network.train(makeBatches(problem, 50), 50);
      const activations = network.activate();
      const lossOf = (picks: Int32Array) =>
        meanLoss('squared', activations.subnetOutputs(picks, [20])[0]!, problem.labels);
      const norms = activations.squaredNorms;
      const byNorm = Int32Array.from(norms.keys()).sort((a, b) => norms[b]! - norms[a]! || a - b);
      const greedy = lossOf(activations.greedy('squared', 20, null).picks);
      expect(greedy).toBeLessThan(lossOf(byNorm));
      expect(greedy).toBeLessThan(lossOf(Int32Array.from({ length: 20 }, (_, i) => 3 * i)));
    });
  });
}
