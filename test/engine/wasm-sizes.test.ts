/** Sizes at which the wasm engine takes code paths that small problems do not reach. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine, Problem } from '../../src/engine/engine.js';
import { createReferenceEngine } from '../../src/engine/reference/index.js';
import { createWasmEngine } from '../../src/engine/wasm/index.js';
import { PANEL } from '../../src/engine/wasm/layout.js';
import { compress, makeBatches, makeProblem, makeSeparateProblem } from '../support/problems.js';

let engine: Engine;
beforeAll(async () => {
  engine = await createWasmEngine();
});

/** ||change of wasm - change of the reference|| / ||change of the reference|| after some steps. */
function trainingError(problem: Problem, batches: Int32Array, steps: number): number {
  const [actual, expected] = [engine, createReferenceEngine()].map(each => {
    const network = each.open(problem);
    network.train(batches, steps);
    const { weights } = network.state();
    network.close();
    return weights;
  });
  let error = 0;
  let change = 0;
  for (let i = 0; i < expected!.length; i++) {
    error += (actual![i]! - expected![i]!) ** 2;
    change += (expected![i]! - problem.state.weights[i]!) ** 2;
  }
  expect(change).toBeGreaterThan(0);
  return Math.sqrt(error / change);
}

describe('training', () => {
  for (const layers of ['first', 'both'] as const) {
    it(`trains on batches that are too long to look ahead, ${layers}`, () => {
      const problem = makeProblem({
        rows: 1300,
        batchSize: 1100,
        columns: 15,
        density: 0.9,
        width: 30,
        layers,
      });
      expect(trainingError(problem, makeBatches(problem, 6), 6)).toBeLessThan(1e-4);
    });
  }

  it('trains on full batches, which it loads once', () => {
    const problem = makeProblem({ rows: 1200, batchSize: 1200, columns: 15, width: 30, weightDecay: 0.01 });
    expect(trainingError(problem, makeBatches(problem, 5), 5)).toBeLessThan(1e-4);
  });

  it('counts a row as often as it occurs in a batch', () => {
    const problem = makeProblem({ rows: 5, batchSize: 4, momentum: 0.3 });
    const batches = Int32Array.of(0, 0, 0, 0, 4, 1, 4, 4, 2, 3, 2, 3, 2, 3, 2, 3, 1, 0, 1, 0);
    expect(trainingError(problem, batches, 5)).toBeLessThan(1e-4);
  });

  it('refuses a position outside of the samples', () => {
    const problem = makeProblem({ rows: 5, batchSize: 2 });
    const network = engine.open(problem);
    expect(() => network.train(Int32Array.of(0, 5), 1)).toThrow('batch position 5, expected 0 to 4');
    expect(() => network.train(Int32Array.of(-1, 0), 1)).toThrow(RangeError);
    network.close();
  });

  it('is not confused by a batch that it refused', () => {
    const problem = makeProblem({ rows: 5, batchSize: 2 });
    const weights = (...batches: number[][]) => {
      const network = engine.open(problem);
      for (const batch of batches) {
        if (batch.includes(9)) expect(() => network.train(Int32Array.from(batch), 1)).toThrow(RangeError);
        else network.train(Int32Array.from(batch), 1);
      }
      const { weights: trained } = network.state();
      network.close();
      return trained;
    };
    // The refused batch begins with the position that the next one has in place of the first one's.
    expect(weights([1, 2], [3, 9], [3, 2])).toEqual(weights([1, 2], [3, 2]));
  });
});

describe('other inputs', () => {
  it('have outputs that do not depend on how they are staged', () => {
    const problem = makeProblem({ rows: 30, columns: 40, width: 1700 });
    const others = makeProblem({ rows: 2500, columns: 40, density: 1, seed: 2 }).inputs;
    const network = engine.open(problem);
    const all = network.outputs(others);
    const last = compressRow(others, 2499);
    expect(network.outputs(last)[0]).toBe(all[2499]);
    // 1,700 distinct picks are too many to gather; the first five alone are few.
    const picks = Int32Array.from({ length: 1700 }, (_, i) => (i * 7) % 1700);
    const [five, many] = network.subnetOutputs(others, picks, [5, 1700]);
    expect(network.subnetOutputs(others, picks, [5])[0]).toEqual(five);
    expect(network.subnetOutputs(last, picks, [1700])[0]![0]).toBe(many![2499]);
    for (let s = 0; s < many!.length; s++) expect(Math.abs(many![s]! - all[s]!)).toBeLessThan(1e-5);
    network.close();
  });

  it('must have the columns of the training inputs', () => {
    const network = engine.open(makeProblem({ columns: 12 }));
    expect(() => network.outputs(makeProblem({ columns: 11 }).inputs)).toThrow('11 columns, expected 12');
    network.close();
  });
});

function compressRow(inputs: Problem['inputs'], row: number) {
  const dense = new Array<number>(inputs.columns).fill(0);
  for (let e = inputs.rowStart[row]!; e < inputs.rowStart[row + 1]!; e++)
    dense[inputs.column[e]!] = inputs.value[e]!;
  return compress([dense], inputs.columns);
}

describe('selection', () => {
  it('continues where it needs more columns than fit', () => {
    const count = 620;
    const problem = makeSeparateProblem(count);
    const network = engine.open(problem);
    const { picks, passes } = network.activate().greedy('squared', 2 * count, null);
    // ||z - j y||^2 in closed form: each neuron moves one sample.
    const size = (q: number) => problem.state.weights[q * count + q]!;
    const z = new Float64Array(count);
    for (let j = 1; j <= 2 * count; j++) {
      let best = 0;
      let smallest = Infinity;
      for (let q = 0; q < count; q++) {
        const score = 2 * z[q]! * size(q) - 2 * j * size(q) + size(q) * size(q);
        if (score < smallest - 1e-6 * smallest) {
          best = q;
          smallest = score;
        }
      }
      expect(scoreOf(z, j, picks[j - 1]!)).toBeLessThanOrEqual(scoreOf(z, j, best) + 1e-6 * count * count);
      z[picks[j - 1]!]! += size(picks[j - 1]!);
    }
    function scoreOf(sum: Float64Array, j: number, q: number): number {
      return 2 * sum[q]! * size(q) - 2 * j * size(q) + size(q) * size(q);
    }
    expect(new Set(picks).size).toBeGreaterThan(512);
    expect(passes.at(-1)).toBeGreaterThan(new Set(picks).size / PANEL);
    network.close();
  });

  it('picks neuron 0 where weights are not numbers', () => {
    const problem = makeProblem();
    problem.state.weights.fill(Number.NaN);
    const network = engine.open(problem);
    const activations = network.activate();
    for (const objective of ['squared', 'logistic'] as const) {
      for (const pick of activations.greedy(objective, 3, null).picks) expect(pick).toBe(0);
    }
    network.close();
  });

  it('makes one pass for up to PANEL distinct picks where a sketch holds all samples', () => {
    const problem = makeProblem({ rows: 60, width: 80, columns: 20 });
    const network = engine.open(problem);
    const { picks, passes } = network.activate().greedy('squared', 40, null);
    const next = picks.findIndex((_, j) => new Set(picks.subarray(0, j + 1)).size === PANEL + 1);
    expect(passes[0]).toBe(0);
    expect(passes[1]).toBe(1);
    expect(passes[next < 0 ? 39 : next]).toBe(1);
    network.close();
  });

  it('makes few extra passes where a sketch alone predicts badly', () => {
    const problem = makeProblem({ rows: 3000, width: 800, columns: 20, batchSize: 64, learningRate: 1 });
    const network = engine.open(problem);
    network.train(makeBatches(problem, 300), 300);
    const { picks, passes } = network.activate().greedy('squared', 150, null);
    const distinct = new Set(picks).size;
    expect(distinct).toBeGreaterThan(4 * PANEL);
    expect(passes.at(-1)).toBeLessThan(1.5 * (distinct / PANEL));
    network.close();
  });
});

describe('pulse', () => {
  it('is called between slices of every kind of work, and can end it by throwing', () => {
    let pulses = 0;
    let stop = false;
    const problem = makeProblem({
      rows: 4000,
      columns: 100,
      density: 1,
      width: 800,
      batchSize: 4000,
      pulse: () => {
        pulses++;
        if (stop) throw new Error('stop');
      },
    });
    const network = engine.open(problem);
    const counted = (work: () => void) => {
      const before = pulses;
      work();
      return pulses - before;
    };
    const batches = makeBatches(problem, 3);
    expect(counted(() => network.train(batches, 3))).toBeGreaterThan(0);
    expect(counted(() => network.activate().greedy('squared', 100, null))).toBeGreaterThan(0);
    expect(counted(() => network.activate().greedy('logistic', 20, null))).toBeGreaterThan(0);
    expect(
      counted(() => {
        for (let i = 0; i < 4; i++) network.outputs(problem.inputs);
      }),
    ).toBeGreaterThan(0);
    stop = true;
    expect(() => {
      for (let i = 0; i < 4; i++) network.activate();
    }).toThrow('stop');
    network.close();
  });

  it('is also called where the work does not lie in the entries of the inputs', () => {
    let pulses = 0;
    const pulse = () => {
      pulses++;
    };
    const narrow = makeProblem({ rows: 4000, columns: 1, width: 2400, activation: 'tanh', pulse });
    const first = engine.open(narrow);
    first.activate();
    first.outputs(narrow.inputs);
    expect(pulses).toBeGreaterThan(3);
    first.close();
    const wide = makeProblem({
      rows: 2,
      columns: 20_000,
      width: 240,
      density: 1e-4,
      batchSize: 1,
      momentum: 0.5,
    });
    const second = engine.open({ ...wide, pulse });
    pulses = 0;
    second.train(makeBatches(wide, 40), 40);
    expect(pulses).toBeGreaterThan(1);
    second.close();
  });
});
