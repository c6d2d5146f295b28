/** Forward passes: the whole network and any selection of neurons, on the training samples and on other inputs. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { InputMatrix } from '../../../src/data/inputs.js';
import type { Problem } from '../../../src/engine/engine.js';
import { permutation, stream } from '../../../src/math/random.js';
import { makeBatches, makeInputs, makeProblem, type ProblemOptions } from '../../support/problems.js';
import { expand, NaiveNetwork, subnetOutputs } from '../naive.js';
import { type Subject, withNetwork } from './subject.js';

const CASES: Record<string, Partial<ProblemOptions>> = {
  plain: {},
  tanh: { activation: 'tanh' },
  softplus: { activation: 'softplus' },
  'softplus far from 0': { activation: 'softplus', density: 1, columns: 60 },
  'NTK scaling': { scaling: 'ntk', width: 31 },
  'both layers trained': { layers: 'both', loss: 'logistic' },
  'a subnetwork': { multiplicities: [1, 4, 2, 1, 1, 7, 1, 3, 1, 1] },
  bias: { bias: true },
  'rows with no entries': { emptyRows: 4, activation: 'softplus' },
  'dense rows': { density: 1, learningRate: 0.05 },
  'shifted rows': { offset: -0.4, learningRate: 0.1 },
  'shifted rows with a bias, some empty': { offset: 0.5, bias: true, emptyRows: 4, columns: 80, width: 60 },
  'one neuron': { width: 1 },
  'one sample': { rows: 1, batchSize: 1 },
  'one column': { columns: 1, density: 0.9 },
  'more of everything': { rows: 211, columns: 40, width: 101 },
};

export function outputs({ engine, tolerances }: Subject): void {
  const expectOutputs = (actual: Float64Array, expected: number[], scale: number): void => {
    expect(actual).toBeInstanceOf(Float64Array);
    expect(actual).toHaveLength(expected.length);
    const error = expected.reduce((most, value, s) => Math.max(most, Math.abs(actual[s]! - value)), 0);
    expect(error).toBeLessThanOrEqual(tolerances.outputs * scale);
    expect(actual.every(Number.isFinite)).toBe(true);
  };

  /** Outputs next to 0 may round to it, or away from it. */
  const expectResponses = (bits: Uint32Array, phi: number[][], count: number, scale: number): void => {
    const words = Math.ceil(count / 32);
    expect(bits).toHaveLength(phi.length * words);
    const wrong = phi.flatMap((row, i) =>
      row.slice(0, count).filter((output, s) => {
        const isSet = ((bits[i * words + (s >> 5)]! >>> (s & 31)) & 1) === 1;
        return isSet !== (output !== 0) && Math.abs(output) > tolerances.outputs * scale;
      }),
    );
    expect(wrong).toEqual([]);
    for (let i = 0; i < phi.length; i++)
      expect(count % 32 === 0 ? 0 : bits[(i + 1) * words - 1]! >>> (count % 32)).toBe(0);
  };

  const checkAll = (
    problem: Problem,
    other: InputMatrix,
    picks: Int32Array,
    sizes: number[],
    steps = 5,
  ): void => {
    withNetwork(engine(), problem, network => {
      network.train(makeBatches(problem, steps), steps);
      const naive = new NaiveNetwork(problem).setState(network.state());
      const phi = naive.activations();
      const otherX = expand(other);
      const otherPhi = naive.activations(otherX);
      const scale = [...phi.flat(), ...otherPhi.flat()].reduce(
        (most, v) => Math.max(most, Math.abs(v)),
        1e-3,
      );

      const activations = network.activate();
      expectOutputs(activations.outputs, naive.outputs(), scale);
      expect(activations.squaredNorms).toBeInstanceOf(Float64Array);
      for (const count of [1, Math.min(40, problem.inputs.rows), problem.inputs.rows])
        expectResponses(activations.responses(count), phi, count, scale);
      expectOutputs(
        activations.squaredNorms,
        phi.map(row => row.reduce((sum, output) => sum + output * output, 0)),
        scale * scale * problem.inputs.rows,
      );
      expectOutputs(network.outputs(other), naive.outputs(otherX), scale);
      expectOutputs(network.outputs(problem.inputs), naive.outputs(), scale);

      const onTraining = activations.subnetOutputs(picks, sizes);
      const onOther = network.subnetOutputs(other, picks, sizes);
      expect(onTraining).toHaveLength(sizes.length);
      expect(onOther).toHaveLength(sizes.length);
      for (const [at, k] of sizes.entries()) {
        expectOutputs(onTraining[at]!, subnetOutputs(phi, picks, k), scale);
        expectOutputs(onOther[at]!, subnetOutputs(otherPhi, picks, k), scale);
      }
    });
  };

  it.each(Object.entries(CASES))('%s', (_name, options) => {
    const problem = makeProblem(options);
    const { columns, rows } = problem.inputs;
    const { width } = problem;
    const other = makeInputs({ ...options, columns, rows: rows + 14, seed: 99 });
    const single = makeInputs({ ...options, columns, rows: 1, seed: 98 });
    const next = stream(4, 'picks');
    const withRepeats = Int32Array.from({ length: 2 * width + 3 }, () => Math.floor(next() * width));
    checkAll(
      problem,
      other,
      withRepeats,
      [...new Set([1, 2, width, 2 * width + 1])].sort((a, b) => a - b),
    );
    checkAll(problem, other, permutation(next, width), [width]);
    checkAll(problem, single, Int32Array.from([width - 1]), [1]);
  });

  it.each([
    { what: 'many rows', rows: 10_001, columns: 30, width: 13, density: 0.9 },
    { what: 'many neurons', rows: 61, columns: 9, width: 2003, density: 0.5 },
    { what: 'wide rows', rows: 97, columns: 785, width: 25, density: 0.19 },
  ])('outputs are right beyond any block size: $what', ({ what: _, ...size }) => {
    const problem = makeProblem({ ...size, learningRate: 0.01 });
    const next = stream(6, 'picks');
    const picks = Int32Array.from({ length: 300 }, () => Math.floor(next() * size.width));
    checkAll(problem, makeInputs({ ...size, seed: 77 }), picks, [1, 7, 300], 1);
  });

  it('outputs are right for any small problem and any picks', () => {
    const options = fc.record({
      rows: fc.integer({ min: 1, max: 30 }),
      columns: fc.integer({ min: 1, max: 12 }),
      width: fc.integer({ min: 1, max: 40 }),
      density: fc.constantFrom(0, 0.3, 1),
      seed: fc.nat(1000),
      activation: fc.constantFrom('relu', 'tanh', 'softplus'),
      scaling: fc.constantFrom('mean-field', 'ntk'),
      signs: fc.constantFrom('unit', 'normal'),
    });
    const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(options, sizes, fc.integer({ min: 1, max: 30 }), (chosen, ks, otherRows) => {
        const problem = makeProblem({
          ...chosen,
          batchSize: 1,
          learningRate: 0.01,
        } as Partial<ProblemOptions>);
        const other = makeInputs({ ...chosen, rows: otherRows, seed: 5 });
        const next = stream(chosen.seed, 'picks');
        const picks = Int32Array.from({ length: 25 }, () => Math.floor(next() * chosen.width));
        ks.sort((a, b) => a - b);
        checkAll(problem, other, picks, ks, 1);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('the squared norm is 0 for silent neurons, and only for them', () => {
    const plain = makeProblem({ width: 9, columns: 6, rows: 50, density: 0.9 });
    const weights = Float32Array.from(plain.state.weights);
    // Inputs are not negative, so neurons 0, 4 and 8 never fire. Neuron 5 fires weakly, 6 only through one column.
    for (const i of [0, 4, 8]) weights.fill(-0.25, i * 6, i * 6 + 6);
    weights.fill(1e-18, 30, 36);
    weights.fill(0, 36, 42);
    weights[41] = 0.5;
    const problem = { ...plain, state: { ...plain.state, weights } };
    withNetwork(engine(), problem, network => {
      const { squaredNorms } = network.activate();
      const silent = new NaiveNetwork(problem).activations().map(row => row.every(output => output === 0));
      expect(silent.filter(Boolean).length).toBeGreaterThanOrEqual(3);
      expect(Array.from(squaredNorms, norm => norm === 0)).toEqual(silent);
    });
  });
}
