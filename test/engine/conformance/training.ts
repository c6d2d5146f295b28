/** Training, tested step by step against an independent computation on dense matrices. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NetworkState, Problem } from '../../../src/engine/engine.js';
import { makeBatches, makeProblem, type ProblemOptions } from '../../support/problems.js';
import { distance, NaiveNetwork } from '../naive.js';
import { type Subject, withNetwork } from './subject.js';

const CASES: Record<string, Partial<ProblemOptions>> = {
  'plain, batches straddle epochs': {},
  'logistic loss': { loss: 'logistic', learningRate: 1 },
  'tanh, both layers': { activation: 'tanh', layers: 'both' },
  'softplus, both layers, logistic': { activation: 'softplus', layers: 'both', loss: 'logistic' },
  momentum: { momentum: 0.9, learningRate: 0.05 },
  'momentum, both layers': { momentum: 0.8, layers: 'both', learningRate: 0.05 },
  'weight decay': { weightDecay: 0.01, layers: 'both' },
  'momentum and weight decay, tanh': { momentum: 0.5, weightDecay: 0.02, activation: 'tanh', layers: 'both' },
  'NTK scaling': { scaling: 'ntk', width: 33 },
  'NTK scaling, both layers': { scaling: 'ntk', width: 16, layers: 'both', learningRate: 0.2 },
  'full batch': { batchSize: 37 },
  'batches of one': { batchSize: 1, learningRate: 0.1 },
  'a batch of nearly all': { batchSize: 36 },
  'a subnetwork with multiplicities': { multiplicities: [1, 4, 2, 1, 1, 7, 1, 3, 1, 1], learningRate: 0.3 },
  'a subnetwork, momentum, NTK, both layers': {
    multiplicities: [2, 1, 9, 1, 1, 1, 2, 2, 1, 5],
    scaling: 'ntk',
    momentum: 0.5,
    layers: 'both',
    learningRate: 0.05,
  },
  'bias column': { bias: true },
  'rows with no entries': { emptyRows: 5, activation: 'tanh', layers: 'both' },
  'rows with no entries, softplus': { emptyRows: 5, activation: 'softplus', layers: 'both' },
  'rows with only the bias': { emptyRows: 5, bias: true, layers: 'both' },
  'dense rows': { density: 1, learningRate: 0.1 },
  'dense rows, bias, momentum': { density: 1, bias: true, momentum: 0.9, learningRate: 0.01 },
  'dense rows, many neurons': {
    density: 1,
    rows: 40,
    columns: 19,
    width: 70,
    batchSize: 13,
    learningRate: 0.1,
  },
  'dense rows, many neurons, bias, momentum, decay, both layers, logistic': {
    ...{ density: 0.7, rows: 60, columns: 33, bias: true, width: 100, batchSize: 29, emptyRows: 7 },
    ...{ momentum: 0.5, weightDecay: 0.02, layers: 'both', loss: 'logistic', learningRate: 0.1 },
  },
  'shifted rows': { offset: -0.4, learningRate: 0.1 },
  'shifted rows, bias, full batch, tanh': {
    ...{ offset: -0.4, bias: true, rows: 300, batchSize: 300, activation: 'tanh', learningRate: 0.1 },
  },
  'shifted rows, momentum, decay, both layers, logistic': {
    ...{ offset: 0.3, rows: 60, columns: 150, bias: true, width: 53, emptyRows: 7, batchSize: 29 },
    ...{ momentum: 0.5, weightDecay: 0.02, layers: 'both', loss: 'logistic', learningRate: 0.05 },
  },
  'shifted dense rows, many neurons': {
    offset: -1,
    density: 1,
    width: 70,
    batchSize: 13,
    learningRate: 0.02,
  },
  'shifted rows of a subnetwork': {
    offset: -0.4,
    multiplicities: [1, 4, 2, 1, 1, 7, 1, 3, 1, 1],
    learningRate: 0.1,
  },
  'second-layer weights that are not units': { signs: 'normal', loss: 'logistic' },
  'more of everything': { rows: 101, columns: 50, width: 53, density: 0.2, batchSize: 24, layers: 'both' },
};

const SIZES = [
  { rows: 1, columns: 1, width: 1, batchSize: 1 },
  { rows: 1, columns: 5, width: 3, batchSize: 1 },
  { rows: 5, columns: 1, width: 2, batchSize: 3 },
  { rows: 7, columns: 3, width: 1, batchSize: 7 },
  { rows: 25, columns: 4, width: 25, batchSize: 9 },
  { rows: 31, columns: 17, width: 49, batchSize: 13 },
  { rows: 2, columns: 2, width: 97, batchSize: 2 },
];

export function training({ engine, tolerances }: Subject): void {
  const compare = (problem: Problem, steps: number): void => {
    const batches = makeBatches(problem, steps);
    const naive = new NaiveNetwork(problem);
    expect(naive.train(batches, steps)).toBeNull();
    const state = withNetwork(engine(), problem, network => {
      network.train(batches, steps);
      return network.state();
    });
    expectState(problem, state, naive);
  };

  const expectState = (problem: Problem, state: NetworkState, naive: NaiveNetwork): void => {
    // Where weights hardly move, the tolerance includes the rounding of stored weights.
    const grain = tolerances.storage === 'float32' ? 1e-6 : 1e-14;
    const zeros = (values: ArrayLike<number>): number[] => new Array(values.length).fill(0);
    const near = (actual: ArrayLike<number>, expected: number[], start: ArrayLike<number>, size: number) => {
      expect(actual).toHaveLength(expected.length);
      const allowed = tolerances.training * distance(expected, start) + grain * size;
      expect(distance(actual, expected)).toBeLessThanOrEqual(allowed);
    };
    const { momentum, layers } = problem;
    const { weights, signs } = problem.state;
    const weightSize = distance(weights, zeros(weights));
    const signSize = distance(signs, zeros(signs));
    near(state.weights, naive.a.flat(), weights, weightSize);
    if (momentum === 0) expect(state.weightVelocity).toBeNull();
    else near(state.weightVelocity!, naive.velocityA.flat(), zeros(weights), weightSize);
    if (layers === 'first') expect([...state.signs]).toEqual([...signs]);
    else near(state.signs, naive.b, signs, signSize);
    if (layers === 'first' || momentum === 0) expect(state.signVelocity).toBeNull();
    else near(state.signVelocity!, naive.velocityB, zeros(signs), signSize);
  };

  it.each(Object.entries(CASES))('100 steps follow the definition: %s', (_name, options) => {
    const problem = makeProblem(options);
    const batches = makeBatches(problem, 100);
    const naive = new NaiveNetwork(problem);
    expect(naive.train(batches, 100)).toBeNull();
    const start = problem.state.weights;
    const moved = distance(naive.a.flat(), start);
    // The case is not trivial: the weights moved.
    expect(moved).toBeGreaterThan(1e-2);
    const state = withNetwork(engine(), problem, network => {
      network.train(batches, 100);
      return network.state();
    });
    expect(distance(state.weights, naive.a.flat()) / moved).toBeLessThan(tolerances.training);
    expectState(problem, state, naive);
  });

  it.each(SIZES)('odd sizes follow the definition: $rows x $columns, N = $width, B = $batchSize', size => {
    for (const layers of ['first', 'both'] as const) {
      for (const momentum of [0, 0.5]) {
        compare(makeProblem({ ...size, layers, momentum, density: 0.7, learningRate: 0.1 }), 20);
      }
    }
  });

  it('rows as wide as MNIST images, with the bias', () => {
    const size = { rows: 300, columns: 785, width: 30, density: 0.19, batchSize: 128, bias: true };
    compare(makeProblem({ ...size, learningRate: 0.05, layers: 'both' }), 5);
  });

  it('any small problem follows the definition', () => {
    const options = fc.record({
      rows: fc.integer({ min: 1, max: 20 }),
      columns: fc.integer({ min: 1, max: 20 }),
      width: fc.integer({ min: 1, max: 30 }),
      density: fc.constantFrom(0.1, 0.5, 0.9, 1),
      bias: fc.boolean(),
      emptyRows: fc.integer({ min: 0, max: 3 }),
      seed: fc.nat(1000),
      // The cases above cover relu: at its kink, float32 and float64 can take different sides.
      activation: fc.constantFrom('tanh', 'softplus'),
      scaling: fc.constantFrom('mean-field', 'ntk'),
      loss: fc.constantFrom('squared', 'logistic'),
      layers: fc.constantFrom('first', 'both'),
      learningRate: fc.constant(0.05),
      momentum: fc.constantFrom(0, 0.7),
      weightDecay: fc.constantFrom(0, 0.01),
      batch: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(options, ({ batch, ...chosen }) => {
        const batchSize = 1 + Math.floor(batch * (chosen.rows - 1));
        compare(makeProblem({ ...chosen, batchSize } as Partial<ProblemOptions>), 8);
      }),
      { seed: 11, numRuns: 60 },
    );
  });
}
