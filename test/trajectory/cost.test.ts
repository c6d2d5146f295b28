import { describe, expect, it } from 'vitest';
import { atOnce } from '../../src/base/steps.js';
import type { PlannedTrajectory, SetName, TrajectoryConfig, Variant } from '../../src/domain/types.js';
import { createEngine } from '../../src/engine/index.js';
import { CANDIDATE_WIDTH, PANEL } from '../../src/engine/wasm/layout.js';
import { calibrate } from '../../src/run/calibrate.js';
import {
  arithmeticOf,
  type DataSizes,
  FEW_PASSES_WIDTH,
  shapeOf,
  snapshotBytes,
  WORK_KINDS,
  workerBytes,
} from '../../src/trajectory/cost.js';
import { initialState } from '../../src/trajectory/initial.js';
import { encodeSnapshot } from '../../src/trajectory/snapshot.js';
import { greedy, tinyConfig } from '../support/tiny.js';

const SIZES: DataSizes = { pool: 100, test: 20, columns: 50, entriesPerRow: 10, shifted: false };
const EVALUATE = { dense: ['train', 'test'], subnet: ['train', 'pool', 'test'] } as const;
const NONE: { dense: SetName[]; subnet: SetName[] } = { dense: ['train'], subnet: ['train'] };

const variant = (changes: Partial<Variant>): Variant => ({ ...greedy, ...changes });
const random = variant({ method: 'random', objective: null, subnetSize: 3 });

/** n = 10, N = 20, B = 4. */
function planned(
  checkpoints: readonly number[],
  variants: readonly Variant[],
  { train = {}, ...changes }: Partial<Omit<TrajectoryConfig, 'train'>> & { train?: object } = {},
): PlannedTrajectory {
  const config = tinyConfig('wasm', { datasetSize: 10, width: 20, ...changes });
  return {
    id: 'aa',
    config: { ...config, train: { ...config.train, batchSize: 4, ...train } },
    checkpoints: checkpoints.map(t => ({ t, variants })),
    refinement: null,
  };
}

describe('arithmetic', () => {
  it('counts every candidate on the samples of each pick', () => {
    const selection = (changes: Partial<Variant>) =>
      arithmeticOf(planned([0, 5], [variant({ subnetSize: 6, ...changes })]), NONE, SIZES).selection;
    const evaluations = (m: number) => 2 * 6 * m * 20;
    expect(selection({ objective: 'brier', sampleSize: 4 })).toBe(30 * evaluations(4));
    expect(selection({ objective: 'logistic', sampleSize: 4 })).toBe(30 * evaluations(4));
    expect(selection({ objective: 'squared', sampleSize: 4 })).toBe(6 * evaluations(4));
    // Of ten samples, twelve are all: the Brier score of all, and exact selection.
    expect(selection({ objective: 'brier', sampleSize: 12 })).toBe(30 * evaluations(10));
    expect(selection({ objective: 'squared', sampleSize: 12 })).toBe(selection({ objective: 'squared' }));
  });

  it('equals a count by hand', () => {
    const variants = [variant({ subnetSize: 14 }), variant({ subnetSize: 28 }), random];
    expect(arithmeticOf(planned([0, 5], variants), EVALUATE, SIZES)).toEqual({
      // Five steps on four samples: forward and back, two operations for each of 10 entries and 20 neurons.
      training: 5 * 4 * 20 * 10 * 2 * 2,
      // At two checkpoints, ten samples.
      activations: 2 * 10 * 20 * 10 * 2,
      // At t = 0 the longer greedy path takes two passes of twelve columns, at t = 5 some more; random selection none.
      selection: (2 + 2 + Math.min(4 * Math.log10(1 + 5 / 3), 28 / 12)) * PANEL * 2 * 10 * 20,
      // Training samples come from the activations. The dense network runs on 20 samples; the subnetworks, of about
      // 14 and of 3 distinct neurons, on 120.
      evaluation: 2 * (20 * 20 + 120 * 14 + 120 * 3) * 10 * 2,
    });
  });

  it('counts passes for each pick of the logistic objective, whole batches, and re-training', () => {
    const of = (...args: Parameters<typeof planned>) => arithmeticOf(planned(...args), NONE, SIZES);
    expect(of([0], [variant({ objective: 'logistic', subnetSize: 6 })]).selection).toBe(6 * 16 * 10 * 20);
    const logistic = { train: { loss: 'logistic' } };
    expect(of([975], [variant({ objective: 'logistic', subnetSize: 100 })], logistic).selection).toBeCloseTo(
      (100 + 30 * Math.log10(40)) * 16 * 10 * 20,
      6,
    );
    expect(of([0], [variant({ objective: 'logistic', subnetSize: 6 })], { width: 745 }).selection).toBe(
      (190 * 745 + 3500 * 6) * 10,
    );
    expect(of([0, 5], [greedy], { train: { batchSize: 'full' } }).training).toBe(5 * 10 * 20 * 40);
    expect(of([0, 5], [greedy], { train: { batchSize: 128 } }).training).toBe(5 * 10 * 20 * 40);
    expect(of([0], [variant({ subnetSize: 3, retrainIterations: 6 })]).training).toBe(6 * 4 * 3 * 40);
    expect(of([0], [greedy]).evaluation).toBe(0);
  });
});

it('the width that spares passes is that of the engine', () =>
  expect(FEW_PASSES_WIDTH).toBe(CANDIDATE_WIDTH));

describe('memory', () => {
  it.each(['wasm', 'reference'] as const)('grows with n and with N: %s', async name => {
    const engine = await createEngine(name);
    const bytes = (datasetSize: number, width: number) =>
      workerBytes(planned([0], [greedy], { datasetSize, width }), EVALUATE, engine, {
        ...SIZES,
        pool: 70_000,
      });
    const counts = [1, 10, 100, 1000, 1024, 1025, 5000, 60_000];
    for (const [i, n] of counts.entries()) {
      for (const [j, width] of counts.entries()) {
        if (i > 0) expect(bytes(n, width)).toBeGreaterThanOrEqual(bytes(counts[i - 1]!, width));
        if (j > 0) expect(bytes(n, width)).toBeGreaterThanOrEqual(bytes(n, counts[j - 1]!));
      }
    }
    // The activations alone, in float32.
    expect(bytes(60_000, 1000)).toBeGreaterThan(60_000 * 1000 * 4);
    expect(bytes(1, 1)).toBeGreaterThan(10e6);
    expect(bytes(1, 1)).toBeLessThan(300e6);
  });

  it('holds a network and its subnetwork where that is re-trained', async () => {
    const engine = await createEngine('wasm');
    const bytes = (retrainIterations: number) => {
      const trajectory = planned([0], [random, variant({ subnetSize: 15, retrainIterations })]);
      return workerBytes(trajectory, EVALUATE, engine, SIZES);
    };
    const subnetwork = { ...shapeOf(planned([0], []), SIZES), width: 15 };
    expect(bytes(4) - bytes(0)).toBe(engine.memoryBytes(subnetwork));
  });

  it('counts the samples of the longest selection', async () => {
    const engine = await createEngine('wasm');
    const bytes = (sampleSize: number | null) =>
      workerBytes(planned([0], [variant({ subnetSize: 15, sampleSize })]), EVALUATE, engine, SIZES);
    expect(bytes(4) - bytes(null)).toBe(4 * (15 * 4 + 10));
    expect(bytes(10)).toBe(bytes(null));
  });

  it.each([0, 0.9])('of a snapshot equals its bytes on disk, momentum %s', momentum => {
    const trajectory = planned([0], [greedy], { width: 200, train: { momentum, layers: 'both' } });
    const state = initialState(trajectory.config.network, 0, 200, SIZES.columns);
    const velocities = { weightVelocity: state.weights, signVelocity: state.signs };
    const { length } = encodeSnapshot('aa', 5, momentum > 0 ? { ...state, ...velocities } : state);
    const expected = snapshotBytes(trajectory, SIZES);
    expect(length).toBeGreaterThan(expected);
    expect(length).toBeLessThan(expected + 1000);
  });
});

it('calibrated rates of work are plausible', async () => {
  for (const name of ['wasm', 'reference'] as const) {
    const typical = {
      width: 30,
      samples: 50,
      objective: name === 'wasm' ? 'squared' : 'logistic',
      sampleSize: null,
    } as const;
    const rates = atOnce(calibrate(await createEngine(name), typical, 0.01));
    expect(Object.keys(rates).sort()).toEqual([...WORK_KINDS].sort());
    for (const kind of WORK_KINDS) {
      expect(rates[kind]).toBeGreaterThan(1e5);
      expect(rates[kind]).toBeLessThan(1e12);
    }
  }
});
