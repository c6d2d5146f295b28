/** Sums over a million samples, and addresses beyond 2 GiB, where a signed 32-bit number ends. */
import { describe, expect, it } from 'vitest';
import { memoryBudget } from '../../src/base/memory.js';
import type { Engine, Network, Problem } from '../../src/engine/engine.js';
import { createReferenceEngine } from '../../src/engine/reference/index.js';
import { shapeOf } from '../../src/engine/shape.js';
import { createWasmEngine } from '../../src/engine/wasm/index.js';
import { stream } from '../../src/math/random.js';
import { measure } from '../../src/trajectory/measure.js';
import { bitsOf } from '../support/bits.js';
import { makeBatches, makeProblem } from '../support/problems.js';

const ROWS = 1_000_000;
const COLUMNS = 6;
const ENTRIES = 3;
const GIB = 2 ** 30;

/** n = 10^6 samples with three of six inputs each, whose labels one of the inputs tells, more or less. */
function largeProblem(width: number): Problem {
  const next = stream(3, 'test', 'large');
  const column = new Uint16Array(ROWS * ENTRIES);
  const value = new Float32Array(ROWS * ENTRIES);
  const labels = new Float32Array(ROWS);
  for (let r = 0; r < ROWS; r++) {
    const odd = next() < 0.5 ? 1 : 0;
    for (let e = 0; e < ENTRIES; e++) {
      column[r * ENTRIES + e] = 2 * e + odd;
      value[r * ENTRIES + e] = next();
    }
    labels[r] = value[r * ENTRIES]! + 0.3 * next() < 0.6 ? -1 : 1;
  }
  const rowStart = Uint32Array.from({ length: ROWS + 1 }, (_, r) => r * ENTRIES);
  const small = makeProblem({ rows: 8, columns: COLUMNS, width, batchSize: 8, learningRate: 0.2 });
  return {
    ...small,
    batchSize: 128,
    inputs: { rows: ROWS, columns: COLUMNS, rowStart, column, value },
    labels,
  };
}

function trained(engine: Engine, problem: Problem): Network {
  const network = engine.open(problem);
  network.train(makeBatches(problem, 100), 100);
  return network;
}

for (const kernels of [undefined, 'wasm']) {
  describe(`n = 10^6, ${kernels ?? 'default'} kernels`, () => {
    it('losses and what selection stands on are those of float64, within 1e-5', async () => {
      const problem = largeProblem(40);
      const network = trained(await createWasmEngine({ kernels }), problem);
      const state = network.state();
      const exact = createReferenceEngine().open({ ...problem, state });
      const found = network.activate();
      const expected = exact.activate();
      const close = (actual: number, value: number) =>
        expect(Math.abs(actual / value - 1)).toBeLessThan(1e-5);
      const { picks } = found.greedy('squared', 10, null);
      for (const loss of ['squared', 'logistic'] as const) {
        const { labels } = problem;
        close(measure(found.outputs, labels, loss).loss, measure(expected.outputs, labels, loss).loss);
        const subnet = (of: typeof found) =>
          of.subnetOutputs(picks, [10]).map(f => measure(f, labels, loss).loss);
        close(subnet(found)[0]!, subnet(expected)[0]!);
      }
      for (let i = 0; i < problem.width; i++)
        if (expected.squaredNorms[i]! > 0) close(found.squaredNorms[i]!, expected.squaredNorms[i]!);
      // Of 10^6 terms: the same neurons, in the same order.
      expect([...picks]).toEqual([...expected.greedy('squared', 10, null).picks]);
      network.close();
      exact.close();
    });

    it.skipIf(memoryBudget() < 12 * GIB)(
      'one memory of 3 GiB has the bits of several smaller ones (on machines of 12 GiB)',
      async () => {
        const problem = largeProblem(700);
        const [whole, split] = await Promise.all([
          createWasmEngine({ kernels }),
          createWasmEngine({ kernels, memoryLimit: 1.2 * GIB }),
        ]);
        expect(whole.memoryBytes(shapeOf(problem))).toBeGreaterThan(2.5 * GIB);
        const results = [whole, split].map(engine => {
          const network = trained(engine, problem);
          const activations = network.activate();
          const { picks } = activations.greedy('squared', 5, null);
          const logistic = activations.greedy('logistic', 2, null);
          const found = bitsOf({
            outputs: activations.outputs,
            squaredNorms: activations.squaredNorms,
            subnets: activations.subnetOutputs(picks, [1, 5]),
            weights: network.state().weights,
            picks,
            logistic: logistic.picks,
          });
          network.close();
          return found;
        });
        expect(results[1]).toEqual(results[0]);
      },
    );
  });
}
