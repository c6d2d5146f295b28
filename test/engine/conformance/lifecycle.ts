/** Bits of a network: determinism, reopening from state, slices of training, other networks, copies. */
import { expect, it } from 'vitest';
import type { Network, Problem } from '../../../src/engine/engine.js';
import { makeBatches, makeInputs, makeProblem, type ProblemOptions } from '../../support/problems.js';
import { expectSameBits, STEPS, type Subject, trained, withNetwork } from './subject.js';

const VARIANTS: Record<string, Partial<ProblemOptions>> = {
  plain: {},
  'momentum, both layers': { momentum: 0.9, layers: 'both', learningRate: 0.05 },
  'momentum, first layer, weight decay': { momentum: 0.5, weightDecay: 0.01 },
  'logistic, softplus, both layers': { loss: 'logistic', activation: 'softplus', layers: 'both' },
  'a subnetwork': { multiplicities: [1, 4, 2, 1, 1, 7, 1, 3, 1, 1], momentum: 0.3 },
  'odd sizes': { width: 29, columns: 7, rows: 23, batchSize: 5, layers: 'both' },
};

export function lifecycle({ engine, create, tolerances }: Subject): void {
  it.each(Object.entries(VARIANTS))(
    'training gives the same bits each time, also from another engine instance: %s',
    async (_name, options) => {
      const problem = makeProblem(options);
      const batches = makeBatches(problem, STEPS);
      const first = trained(engine(), problem, batches);
      expectSameBits(trained(engine(), problem, batches), first);
      expectSameBits(trained(await create(), problem, batches), first);
      expect(first.weights).toBeInstanceOf(tolerances.storage === 'float32' ? Float32Array : Float64Array);
      expect(first.weights).not.toEqual(Float64Array.from(problem.state.weights));
    },
  );

  it.each(Object.entries(VARIANTS))(
    'one call of 10 steps equals 10 calls of one step: %s',
    (_name, options) => {
      const problem = makeProblem(options);
      const batches = makeBatches(problem, STEPS);
      withNetwork(engine(), problem, network => {
        for (let step = 0; step < STEPS; step++) network.train(oneStep(problem, batches, step), 1);
        expectSameBits(network.state(), trained(engine(), problem, batches));
      });
    },
  );

  it.each(Object.entries(VARIANTS))(
    'a network reopened from its state continues as if never closed: %s',
    (_name, options) => {
      const problem = makeProblem(options);
      const { batchSize } = problem;
      const batches = makeBatches(problem, STEPS);
      const middle = withNetwork(engine(), problem, network => {
        network.train(batches.slice(0, 4 * batchSize), 4);
        return network.state();
      });
      const final = withNetwork(engine(), { ...problem, state: middle }, network => {
        expectSameBits(network.state(), middle);
        network.train(batches.slice(4 * batchSize), STEPS - 4);
        return network.state();
      });
      expectSameBits(final, trained(engine(), problem, batches));
    },
  );

  it.each(Object.entries(VARIANTS))(
    'a network goes on from an earlier state, and from the initial one, as if it had never left it: %s',
    (_name, options) => {
      const problem = makeProblem(options);
      const { batchSize } = problem;
      const batches = makeBatches(problem, STEPS);
      const other = makeInputs({ ...options, columns: problem.inputs.columns, rows: 51, seed: 8 });
      const picks = Int32Array.of(3, 0, 3, 7);
      withNetwork(engine(), problem, network => {
        network.train(batches.slice(0, 4 * batchSize), 4);
        const middle = network.state();
        const kept = structuredClone(middle);
        const outputs = network.subnetOutputs(other, picks, [2, 4]);
        const path = network.activate().greedy('squared', 6, null);
        network.train(batches.slice(4 * batchSize), STEPS - 4);
        network.subnetOutputs(other, picks, [2, 4]);
        network.restore(middle);
        expectSameBits(network.state(), kept);
        expect(network.subnetOutputs(other, picks, [2, 4])).toEqual(outputs);
        expect(network.activate().greedy('squared', 6, null)).toEqual(path);
        network.train(batches.slice(4 * batchSize), STEPS - 4);
        expectSameBits(network.state(), trained(engine(), problem, batches));
        expectSameBits(middle, kept);
        network.restore(problem.state);
        network.train(batches, STEPS);
        expectSameBits(network.state(), trained(engine(), problem, batches));
      });
    },
  );

  it.each(Object.entries(VARIANTS))('a state in the arrays of another is the same: %s', (_name, options) => {
    const problem = makeProblem(options);
    const batches = makeBatches(problem, STEPS);
    withNetwork(engine(), problem, network => {
      const spare = network.state();
      network.train(batches, STEPS);
      expectSameBits(network.state(spare), trained(engine(), problem, batches));
      const smaller = makeProblem({ ...options, width: 5, multiplicities: null });
      const foreign = withNetwork(engine(), smaller, each => each.state());
      expectSameBits(network.state(foreign), trained(engine(), problem, batches));
    });
  });

  it.each(Object.entries(VARIANTS))(
    'reading a network does not change its training: %s',
    (_name, options) => {
      const problem = makeProblem(options);
      const batches = makeBatches(problem, STEPS);
      const other = makeInputs({ ...options, columns: problem.inputs.columns, rows: 51, seed: 8 });
      withNetwork(engine(), problem, network => {
        for (let step = 0; step < STEPS; step++) {
          network.train(oneStep(problem, batches, step), 1);
          if (step % 3 === 0) readAll(network, other);
        }
        expectSameBits(network.state(), trained(engine(), problem, batches));
      });
    },
  );

  it('subnetwork outputs follow the current picks and weights on every call', () => {
    const problem = makeProblem({ momentum: 0.5, layers: 'both' });
    const batches = makeBatches(problem, STEPS);
    const other = makeInputs({ columns: problem.inputs.columns, rows: 51, seed: 8 });
    const picks = Int32Array.of(3, 0, 3, 7, 9, 1);
    withNetwork(engine(), problem, network => {
      const expectFresh = (sizes: readonly number[]) => {
        const expected = withNetwork(engine(), { ...problem, state: network.state() }, fresh =>
          fresh.subnetOutputs(other, picks, sizes),
        );
        expect(network.subnetOutputs(other, picks, sizes)).toEqual(expected);
      };
      for (let step = 0; step < 3; step++) {
        network.train(oneStep(problem, batches, step), 1);
        for (const sizes of [[6], [2], [2, 6]]) expectFresh(sizes);
        picks[0] = 4 + step;
        expectFresh([6]);
      }
    });
  });

  it('networks that are open at the same time are independent', () => {
    const one = makeProblem({ momentum: 0.9, learningRate: 0.05, width: 30 });
    const two = makeProblem({ seed: 2, width: 17, columns: 9, layers: 'both', activation: 'tanh' });
    const batchesOne = makeBatches(one, STEPS);
    const batchesTwo = makeBatches(two, STEPS);
    const expectedPath = withNetwork(engine(), one, network =>
      network.activate().greedy('squared', 20, null),
    );
    withNetwork(engine(), one, first => {
      const activations = first.activate();
      withNetwork(engine(), two, second => {
        second.train(batchesTwo, STEPS);
        expect(activations.greedy('squared', 20, null)).toEqual(expectedPath);
        expectSameBits(second.state(), trained(engine(), two, batchesTwo));
      });
      withNetwork(engine(), two, second => {
        for (let step = 0; step < STEPS; step++) {
          first.train(oneStep(one, batchesOne, step), 1);
          second.train(oneStep(two, batchesTwo, step), 1);
          readAll(step % 2 ? first : second, step % 2 ? one.inputs : two.inputs);
        }
        expectSameBits(second.state(), trained(engine(), two, batchesTwo));
      });
      expectSameBits(first.state(), trained(engine(), one, batchesOne));
    });
  });

  it('many networks open and close one after the other', () => {
    const problem = makeProblem({ width: 60, rows: 60, columns: 40 });
    const batches = makeBatches(problem, STEPS);
    const first = trained(engine(), problem, batches);
    for (let i = 0; i < 50; i++) {
      const other = makeProblem({ width: 10 + 7 * i, rows: 5 + i, columns: 1 + i, batchSize: 3, seed: i });
      withNetwork(engine(), other, network => readAll(network, other.inputs));
    }
    expectSameBits(trained(engine(), problem, batches), first);
  });

  it('inputs, labels and state are copied in, state is copied out', () => {
    const problem = makeProblem({ momentum: 0.5, layers: 'both' });
    const batches = makeBatches(problem, STEPS);
    const expected = trained(engine(), problem, batches);
    const given = makeProblem({ momentum: 0.5, layers: 'both' });
    const pristine = structuredClone({ ...given, pulse: null });
    withNetwork(engine(), given, network => {
      network.train(oneStep(problem, batches, 0), 1);
      expect({ ...given, pulse: null }).toEqual(pristine);
      const seen = network.state();
      for (const array of [seen.weights, seen.signs, seen.weightVelocity!, seen.signVelocity!]) array.fill(7);
      given.inputs.value.fill(7);
      given.inputs.column.fill(0);
      given.labels.fill(-1);
      given.state.weights.fill(7);
      given.state.signs.fill(7);
      network.train(batches.slice(problem.batchSize), STEPS - 1);
      expectSameBits(network.state(), expected);
    });
  });

  it('state of either float type is accepted', () => {
    const problem = makeProblem({ momentum: 0.5, layers: 'both' });
    const batches = makeBatches(problem, STEPS);
    const { weights, signs } = problem.state;
    const wide: Problem = {
      ...problem,
      state: {
        weights: Float64Array.from(weights),
        signs: Float64Array.from(signs),
        weightVelocity: new Float64Array(weights.length),
        signVelocity: new Float64Array(signs.length),
      },
    };
    expectSameBits(trained(engine(), wide, batches), trained(engine(), problem, batches));
  });
}

function oneStep({ batchSize }: Problem, batches: Int32Array, step: number): Int32Array {
  return batches.slice(step * batchSize, (step + 1) * batchSize);
}

/** Calls everything that reads a network. */
function readAll(network: Network, inputs: Problem['inputs']): void {
  network.state();
  network.outputs(inputs);
  const activations = network.activate();
  const { picks } = activations.greedy('squared', 5, null);
  activations.greedy('logistic', 3, null);
  activations.subnetOutputs(picks, [1, 5]);
  network.subnetOutputs(inputs, picks, [2, 4]);
}
