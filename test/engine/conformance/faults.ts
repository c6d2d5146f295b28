/** Divergence, stopping, closing, memory. */
import { expect, it } from 'vitest';
import { DivergedError, StoppedError, TooLargeError } from '../../../src/base/errors.js';
import type { Network, Problem, Shape } from '../../../src/engine/engine.js';
import { selectionBatches } from '../../../src/trajectory/selection-batches.js';
import { compress, makeBatches, makeInputs, makeProblem } from '../../support/problems.js';
import { NaiveNetwork } from '../naive.js';
import { expectSameBits, STEPS, type Subject, trained, withNetwork } from './subject.js';

/**
 * Engines count work, not time. A pulse is due after at most so many calls of the work below: about 4e8 multiply-adds,
 * which a slow core does in 200 ms.
 */
const MAX_CALLS = 20;

export function faults({ engine, tolerances }: Subject): void {
  it('reports the step of a divergence, counted within the call', () => {
    // Rows 0 and 1 are empty and move nothing. One of rows 2 and 3 always activates a neuron.
    const inputs = compress([[0], [0], [10], [-10]], 1);
    const problem: Problem = {
      ...makeProblem({ width: 3, columns: 1, rows: 4, batchSize: 2 }),
      inputs,
      labels: Float32Array.from([1, -1, 1, 1]),
      learningRate: 1e30,
    };
    const calm = Int32Array.from([0, 1, 1, 0, 0, 0]);
    const wild = Int32Array.from({ length: 80 }, (_, at) => 2 + (at % 2));
    const batches = Int32Array.from([...calm, ...wild]);
    const store = tolerances.storage === 'float32' ? Math.fround : undefined;
    const expected = new NaiveNetwork(problem, store).train(batches, 43)!;
    expect(expected).toBeGreaterThan(4);
    const failure = (run: (network: Network) => void): unknown =>
      withNetwork(engine(), problem, network => {
        try {
          run(network);
        } catch (error) {
          return error;
        }
        return null;
      });
    const atOnce = failure(network => network.train(batches, 43));
    expect(atOnce).toBeInstanceOf(DivergedError);
    expect((atOnce as DivergedError).step).toBe(expected);
    const afterCalm = failure(network => {
      network.train(calm, 3);
      network.train(wild, 40);
    });
    expect((afterCalm as DivergedError).step).toBe(expected - 3);
    expect(failure(network => network.train(batches, expected - 1))).toBeNull();
    const alone = failure(network => {
      network.train(batches, expected - 1);
      network.train(batches.slice(2 * (expected - 1)), 1);
    });
    expect((alone as DivergedError).step).toBe(1);
  });

  it('weights that are not numbers diverge with every activation', () => {
    for (const activation of ['relu', 'tanh', 'softplus'] as const) {
      const plain = makeProblem({ activation, density: 1 });
      const weights = Float32Array.from(plain.state.weights);
      weights[5] = Number.NaN;
      const problem = { ...plain, state: { ...plain.state, weights } };
      withNetwork(engine(), problem, network => {
        expect(() => network.train(makeBatches(problem, 2), 2)).toThrow(DivergedError);
      });
    }
  });

  it('a pulse that throws unwinds the training, and leaves other networks alone', () => {
    const options = { width: 200, rows: 500, columns: 100, density: 0.2, batchSize: 128 };
    const calm = makeProblem();
    const batches = makeBatches(calm, STEPS);
    const expected = trained(engine(), calm, batches);
    let pulses = 0;
    const problem = makeProblem({
      ...options,
      pulse: () => {
        pulses++;
        if (pulses === 3) throw new StoppedError();
      },
    });
    const network = engine().open(problem);
    const manySteps = makeBatches(problem, 20_000);
    expect(() => network.train(manySteps, 20_000)).toThrow(StoppedError);
    expect(pulses).toBe(3);
    network.close();
    network.close();
    expectSameBits(trained(engine(), calm, batches), expected);
  });

  it('calls pulse after so much work, whatever the work is', () => {
    let pulses = 0;
    const problem = makeProblem({
      width: 150,
      rows: 1000,
      columns: 60,
      batchSize: 1000,
      pulse: () => pulses++,
    });
    withNetwork(engine(), problem, network => {
      const rows = makeInputs({ rows: 20_000, columns: 60, seed: 2 });
      const batches = selectionBatches({ seed: 0, t: 0, n: 1000, sampleSize: 256, picks: 60 });
      const work = {
        train: () => network.train(makeBatches(problem, 10), 10),
        squared: () => network.activate().greedy('squared', 60, null),
        logistic: () => network.activate().greedy('logistic', 25, null),
        brier: () => network.activate().greedy('brier', 5, null),
        sampled: () => network.activate().greedy('brier', 60, batches),
        outputs: () => network.outputs(rows),
      };
      for (const [name, run] of Object.entries(work)) {
        pulses = 0;
        let calls = 0;
        while (pulses === 0 && calls < MAX_CALLS) {
          run();
          calls++;
        }
        expect(pulses, name).toBeGreaterThan(0);
      }
    });
  });

  it('close is safe to call twice', () => {
    const network = engine().open(makeProblem());
    network.activate();
    network.close();
    network.close();
    const problem = makeProblem();
    withNetwork(engine(), problem, other => expect(other.outputs(problem.inputs)).toHaveLength(37));
  });

  it('states its memory', () => {
    const { memoryBytes, memoryLimitBytes } = engine();
    const shape: Shape = {
      datasetSize: 1000,
      width: 500,
      columns: 785,
      batchSize: 128,
      momentum: false,
      entriesPerRow: 150,
      shifted: false,
    };
    const bytes = memoryBytes(shape);
    const word = tolerances.storage === 'float32' ? 4 : 8;
    expect(bytes).toBeGreaterThanOrEqual(word * 500 * (1000 + 785));
    expect(bytes).toBeLessThan(memoryLimitBytes);
    for (const larger of [
      { datasetSize: 2000 },
      { width: 1000 },
      { columns: 1570 },
      { momentum: true },
      { entriesPerRow: 785 },
    ]) {
      expect(memoryBytes({ ...shape, ...larger })).toBeGreaterThan(bytes);
    }
    expect(memoryBytes({ ...shape, batchSize: 1000 })).toBeGreaterThanOrEqual(bytes);
    expect(memoryBytes({ ...shape, width: 100_000, datasetSize: 1_000_000 })).toBeGreaterThan(
      memoryLimitBytes,
    );
  });

  it('refuses what does not fit, in one line', () => {
    const rows = 2_000_000;
    const plain = makeProblem({ width: 40_000, columns: 1, rows: 3, batchSize: 1 });
    const empty = {
      rows,
      columns: 1,
      rowStart: new Uint32Array(rows + 1),
      column: new Uint16Array(0),
      value: new Float32Array(0),
    };
    const problem = { ...plain, inputs: empty, labels: new Float32Array(rows).fill(1) };
    let failure: unknown;
    try {
      engine().open(problem).close();
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(TooLargeError);
    expect((failure as Error).message).not.toContain('\n');
  });
}
