import { describe, expect, it } from 'vitest';
import { stream } from '../../src/math/random.js';
import { CostModel, type Work } from '../../src/run/cost-model.js';
import { EtaEstimator } from '../../src/run/eta.js';

/** Seconds on a machine that does each kind of work at its own speed. */
const machine = ([training, activations, selection, evaluation, starts]: Work) =>
  4e-10 * training + 2e-10 * activations + 1e-11 * selection + 1e-10 * evaluation + 0.2 * starts;

const next = stream(0, 'eta');
const someWork = (scale: number): Work => [
  1e9 * scale * next(),
  1e8 * scale * next(),
  1e9 * scale * next(),
  1e7 * scale * next(),
  next() < 0.2 ? 1 : 0,
];

describe('the cost model', () => {
  it('learns the speed of the machine for all sizes', () => {
    const model = new CostModel();
    const before = Math.abs(model.seconds([1e12, 0, 0, 0, 0]) / machine([1e12, 0, 0, 0, 0]) - 1);
    expect(before).toBeGreaterThan(0.5);
    for (let i = 0; i < 300; i++) {
      const work = someWork(10 ** (3 * next()));
      model.observe(work, machine(work) * (0.9 + 0.2 * next()));
    }
    for (let i = 0; i < 20; i++) {
      const work = someWork(1000);
      expect(Math.abs(model.seconds(work) / machine(work) - 1)).toBeLessThan(0.1);
    }
  });

  it('has the right order of magnitude after one observation', () => {
    const model = new CostModel();
    const work: Work = [1e9, 1e8, 1e8, 1e7, 1];
    model.observe(work, 20 * model.seconds(work));
    const further: Work = [1e10, 1e9, 1e9, 1e8, 0];
    const ratio = model.seconds(further) / new CostModel().seconds(further);
    expect(ratio).toBeGreaterThan(10);
    expect(ratio).toBeLessThan(30);
  });

  it('stays finite over many equal observations, and follows a machine that slows down', () => {
    const model = new CostModel();
    const work: Work = [1e9, 0, 0, 0, 0];
    for (let i = 0; i < 100_000; i++) model.observe(work, 1);
    expect(model.seconds(work)).toBeCloseTo(1, 3);
    for (let i = 0; i < 2_000; i++) model.observe(work, 2);
    expect(model.seconds(work)).toBeCloseTo(2, 1);
    expect(Number.isFinite(model.seconds([1, 1, 1, 1, 1]))).toBe(true);
  });
});

describe('an ETA', () => {
  it('divides the work among threads, but never one trajectory', () => {
    const eta = new EtaEstimator();
    const piece: Work = [1e9, 0, 0, 0, 0];
    const long: Work = [10e9, 0, 0, 0, 0];
    for (const work of [piece, piece, piece, long]) eta.add(work);
    expect(eta.secondsLeft(2, long)).toBeNull();
    for (const id of ['a', 'b']) {
      eta.start(id, piece);
      eta.record(id, piece, 3);
      eta.end(id, false);
    }
    const alone = eta.secondsLeft(4, long)!;
    expect(alone).toBeGreaterThan(28);
    expect(alone).toBeLessThan(31);
    expect(eta.secondsLeft(1, long)! / alone).toBeCloseTo(1.1, 5);
    expect(eta.shareDone()).toBeCloseTo(2 / 13, 5);
    // A final failure leaves the estimate. A trajectory that is retried stays in it.
    eta.start('long', long);
    eta.end('long', true);
    expect(eta.secondsLeft(1, long)! / alone).toBeCloseTo(1.1, 5);
    eta.start('long', long);
    eta.end('long', false);
    expect(eta.secondsLeft(1, piece)! / alone).toBeCloseTo(0.1, 5);
  });

  it('is never negative where a trajectory does more than was expected, and has what is known to be left', () => {
    const eta = new EtaEstimator();
    const piece: Work = [0, 1e9, 0, 0, 0];
    eta.add(piece);
    eta.add(piece);
    eta.start('a', piece);
    for (let i = 0; i < 5; i++) eta.record('a', piece, 3);
    const other = eta.secondsLeft(1, piece)!;
    expect(other).toBeGreaterThan(2.5);
    expect(other).toBeLessThan(3.5);
    eta.expectAtLeast('a', [0, 2e9, 0, 0, 0]);
    expect(eta.secondsLeft(1, piece)! / other).toBeCloseTo(3, 5);
    expect(eta.shareDone()).toBeCloseTo(5 / 8, 5);
    // Less than is expected changes nothing; the end leaves the other trajectory.
    eta.expectAtLeast('a', piece);
    expect(eta.secondsLeft(1, piece)! / other).toBeCloseTo(3, 5);
    eta.end('a', false);
    expect(eta.secondsLeft(1, piece)! / other).toBeCloseTo(1, 5);
  });
});
