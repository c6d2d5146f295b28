import { describe, expect, it } from 'vitest';
import type { Variant } from '../../src/domain/types.js';
import { createEngine } from '../../src/engine/index.js';
import { certifiedLosses, neuronVariance } from '../../src/trajectory/certificate.js';
import { InputLibrary } from '../../src/trajectory/environment.js';
import { runTrajectory } from '../../src/trajectory/run-trajectory.js';
import { greedy, tinyDatasets, tinyTask } from '../support/tiny.js';

describe('the certificate', () => {
  /** Two neurons on two samples: outputs (2, 0) and (0, 2), mean (1, 1). */
  const activations = { outputs: Float64Array.of(1, 1), squaredNorms: Float64Array.of(4, 4) };

  it('is the recursion', () => {
    // V = (||(1, -1)||^2 + ||(-1, 1)||^2) / 2 = 2, and e_N = ||(0, 2)|| = 2 for the labels (1, -1).
    expect(neuronVariance(activations)).toBe(1);
    const e1 = Math.sqrt(4 + 2);
    const e2 = Math.sqrt(((e1 + 2) / 2) ** 2 + 2 / 4);
    const e3 = Math.sqrt(((2 * e2 + 2) / 3) ** 2 + 2 / 9);
    const labels = Float32Array.of(1, -1);
    const expected = [e1, e2, e3].map(e => expect.closeTo((e * e) / 4, 14));
    expect(certifiedLosses(activations, labels, [1, 2, 3])).toEqual(expected);
    expect(certifiedLosses(activations, labels, [3])).toEqual([expected[2]]);
  });

  it('is at most the closed form', () => {
    const labels = Float32Array.of(1, -1);
    const sizes = [1, 2, 5, 20, 100];
    const dense = 4 / 4;
    certifiedLosses(activations, labels, sizes).forEach((certified, i) => {
      expect(certified).toBeLessThanOrEqual(
        dense + (2 * (1 + Math.log(sizes[i]!))) / (2 * 2 * sizes[i]!) + 1e-12,
      );
    });
  });
});

describe.each(['wasm', 'reference'] as const)('a trajectory of the %s engine', engineName => {
  const variants: Variant[] = [
    ...[1, 3, 10].map(subnetSize => ({ ...greedy, subnetSize })),
    { ...greedy, method: 'random', objective: null },
    { ...greedy, objective: 'logistic' },
  ];
  const rowsOf = async (changes: Parameters<typeof tinyTask>[1] = {}) => {
    const environment = {
      engine: await createEngine(engineName),
      inputs: new InputLibrary(tinyDatasets),
      stopRequested: () => false,
    };
    const events = [...runTrajectory(tinyTask(engineName, { variants, ...changes }), environment)];
    expect(events.at(-1)!.kind).toBe('done');
    return events.flatMap(event => (event.kind === 'rows' ? [event] : []));
  };

  it('never selects worse than certified', async () => {
    for (const { cells } of await rowsOf({ checkpoints: [0, 5, 20, 60] })) {
      for (const { method, objective, certifiedLoss, subnet } of cells) {
        if (method === 'greedy' && objective === 'squared')
          expect(subnet.train!.loss).toBeLessThanOrEqual(certifiedLoss! * (1 + 1e-5));
        else expect(certifiedLoss).toBeNull();
      }
    }
  });

  it('counts the gates that have changed', async () => {
    const rows = await rowsOf({ checkpoints: [0, 20, 200] });
    const changed = rows.map(({ checkpoint }) => checkpoint.gatesChanged!);
    expect(changed[0]).toBe(0);
    expect(changed[2]).toBeGreaterThan(changed[1]!);
    expect(changed[2]).toBeLessThan(1);
    for (const { checkpoint } of rows) expect(checkpoint.neuronVariance).toBeGreaterThan(0);
    const smooth = { ...tinyTask(engineName).config.network, activation: 'tanh' as const };
    for (const { checkpoint } of await rowsOf({ config: { network: smooth } }))
      expect(checkpoint.gatesChanged).toBeNull();
  });

  it('certifies nothing under another training loss', async () => {
    const train = { ...tinyTask(engineName).config.train, loss: 'logistic' as const };
    for (const { cells } of await rowsOf({ config: { train } }))
      expect(cells.every(({ certifiedLoss }) => certifiedLoss === null)).toBe(true);
  });
});
