import { describe, expect, it } from 'vitest';
import { DivergedError } from '../../src/base/errors.js';
import type { Problem, Shape } from '../../src/engine/engine.js';
import { createWasmEngine } from '../../src/engine/wasm/index.js';
import { layOut } from '../../src/engine/wasm/layout.js';
import { makeBatches, makeProblem } from '../support/problems.js';

const SHAPE: Shape = {
  datasetSize: 100,
  width: 70,
  columns: 13,
  batchSize: 20,
  momentum: true,
  entriesPerRow: 7,
  shifted: false,
};

/** Every address of a layout. */
function addresses(layout: object): number[] {
  const sizes = new Set([
    'blocks',
    'padded',
    'bytes',
    'columnCapacity',
    'candidateCapacity',
    'contenderCapacity',
    'capacity',
    'entryCapacity',
    'floats',
    'sketchRows',
    'groups',
    'tiles',
  ]);
  return Object.entries(layout).flatMap(([name, value]: [string, number | object | null]) => {
    if (sizes.has(name) || value === null) return [];
    return typeof value === 'number' ? [value] : addresses(value);
  });
}

/** The results of a network as text: equal text means equal bits. */
function results(
  problem: Problem,
  network: ReturnType<Awaited<ReturnType<typeof createWasmEngine>>['open']>,
) {
  network.train(makeBatches(problem, 20), 20);
  const activations = network.activate();
  const { picks, passes } = activations.greedy('squared', 12, null);
  const logistic = activations.greedy('logistic', 12, null);
  return JSON.stringify([
    [...network.state().weights],
    [...activations.outputs],
    [...activations.squaredNorms],
    [...picks, ...passes, ...logistic.picks, ...logistic.passes],
    activations.subnetOutputs(picks, [1, 5, 12]).map(outputs => [...outputs]),
    [...network.outputs(problem.inputs)],
    network.subnetOutputs(problem.inputs, picks, [1, 12]).map(outputs => [...outputs]),
  ]);
}

describe('the layout of a memory', () => {
  it('has distinct aligned regions inside its bytes, none at address 0', () => {
    const layout = layOut({ ...SHAPE, width: 800 });
    const places = addresses(layout);
    expect(places.length).toBeGreaterThan(30);
    expect(new Set(places).size).toBe(places.length);
    for (const address of places) {
      expect(address % 64).toBe(0);
      expect(address).toBeGreaterThan(0);
      expect(address).toBeLessThan(layout.bytes);
    }
    expect(layOut({ ...SHAPE, momentum: false }).velocity).toBe(0);
  });

  it('has room in the output region for the values and columns of staged entries', () => {
    for (const columns of [1, 65_535]) {
      const { staged, phi } = layOut({ ...SHAPE, columns });
      expect(phi - staged.phi).toBeGreaterThanOrEqual(6 * staged.entryCapacity);
    }
  });

  it('grows by the activations', () => {
    const more = layOut({ ...SHAPE, datasetSize: 200 }).bytes - layOut(SHAPE).bytes;
    expect(more).toBeGreaterThan(100 * 96 * 4);
  });
});

describe('memory of the engine', () => {
  it('uses as many memories as needed', async () => {
    const engine = await createWasmEngine();
    const shape = { ...SHAPE, datasetSize: 60_000, width: 20_000, columns: 784, entriesPerRow: 150 };
    expect(engine.memoryBytes(shape)).toBeGreaterThan(60_000 * 20_000 * 4);
    expect(engine.memoryBytes(shape)).toBeLessThan(1.15 * 60_000 * 20_000 * 4);
    expect(engine.memoryLimitBytes).toBeGreaterThan(200e9);
  });

  it('is reused without affecting later results', async () => {
    const problem = makeProblem({ rows: 90, width: 60, columns: 20, momentum: 0.5 });
    const fresh = await createWasmEngine();
    const expected = results(problem, fresh.open(problem));

    const used = await createWasmEngine();
    const wild = makeProblem({
      rows: 300,
      width: 200,
      columns: 40,
      learningRate: 1e6,
      density: 1,
      momentum: 0.9,
    });
    const diverging = used.open(wild);
    expect(() => diverging.train(makeBatches(wild, 60), 60)).toThrow(DivergedError);
    diverging.activate().greedy('squared', 5, null);
    diverging.close();
    diverging.close();
    const network = used.open(problem);
    expect(results(problem, network)).toBe(expected);
    network.close();
    // Grows an idle memory, with two networks open at the same time.
    const one = used.open(wild);
    const two = used.open(problem);
    expect(results(problem, two)).toBe(expected);
    one.close();
    two.close();
  });

  it('belongs to a network until it is closed, and to activations until the next are built', async () => {
    const problem = makeProblem();
    const network = (await createWasmEngine()).open(problem);
    const first = network.activate();
    const second = network.activate();
    expect(() => first.greedy('squared', 1, null)).toThrow('overwritten');
    network.train(makeBatches(problem, 1), 1);
    expect(() => second.subnetOutputs(Int32Array.of(0), [1])).toThrow('overwritten');
    network.close();
    expect(() => network.state()).toThrow('closed');
    expect(() => network.train(makeBatches(problem, 1), 1)).toThrow('closed');
  });
});
