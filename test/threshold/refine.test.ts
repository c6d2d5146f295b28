import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MeasuredCell } from '../../src/domain/messages.js';
import { refinedCheckpoints } from '../../src/domain/sweep-file/axes.js';
import type { CurveRow, ThresholdSpec, Variant } from '../../src/domain/types.js';
import { normals, stream } from '../../src/math/random.js';
import { type ChoiceRules, chosenCheckpoints } from '../../src/threshold/refine.js';
import { computeThresholds } from '../../src/threshold/targets.js';
import { config, spec } from './fixtures.js';

const GRID = refinedCheckpoints({ from: 5, to: 4000, ratio: 2, refine: 1.12 })!;
const LOSS = 'subnet_train_loss';
const variant: Variant = {
  method: 'greedy',
  objective: 'squared',
  sampleSize: null,
  subnetSize: 10,
  retrainIterations: 0,
};

const rules = (targets: readonly ThresholdSpec[], changes: Partial<ChoiceRules> = {}): ChoiceRules => ({
  ...GRID,
  targets,
  levels: [],
  variants: [variant],
  datasetSize: 100,
  ...changes,
});

type Metrics = Readonly<Record<string, (t: number) => number | null>>;

/** The cells of a full grid. */
const cellsOf = (metrics: Metrics, variants: readonly Variant[] = [variant]): MeasuredCell[] =>
  variants.flatMap(each =>
    GRID.fine.map(t => ({
      ...each,
      t,
      metrics: Object.fromEntries(Object.entries(metrics).map(([name, at]) => [name, at(t)])),
    })),
  );

/** Measures what is asked for until nothing more is. Returns all measured checkpoints, and the number of rounds. */
function refineFully(of: ChoiceRules, full: readonly MeasuredCell[]): { measured: number[]; rounds: number } {
  let measured = [...of.coarse];
  for (let rounds = 0; ; rounds++) {
    const known = new Set(measured);
    const chosen = chosenCheckpoints(
      of,
      full.filter(({ t }) => known.has(t)),
    );
    const next = [...new Set([...measured, ...chosen])].sort((a, b) => a - b);
    if (next.length === measured.length) return { measured, rounds };
    measured = next;
  }
}

/** Coarse intervals, by their upper ends, of which a list has fine checkpoints. */
function intervalsIn(chosen: readonly number[]): number[] {
  const uppers = chosen.map(t => GRID.coarse.find(coarse => coarse >= t)!);
  return [...new Set(uppers)];
}

const falling = (t: number): number => 0.5 * (1 + t / 10) ** -0.6;
const atMost = (value: number): ThresholdSpec => spec(LOSS, 'atMost', value);
/** Coarse checkpoints around iteration t. */
const around = (t: number): [number, number] => {
  const i = GRID.coarse.findIndex(coarse => coarse >= t);
  return [GRID.coarse[i - 1]!, GRID.coarse[i]!];
};

describe('the choice', () => {
  it('asks for the interval of the first raw crossing as soon as its end is measured', () => {
    const full = cellsOf({ [LOSS]: falling });
    const [lower, upper] = around(300);
    const of = rules([atMost(falling(300))]);
    const until = (t: number) => full.filter(cell => GRID.coarse.includes(cell.t) && cell.t <= t);
    expect(chosenCheckpoints(of, until(lower))).toEqual([]);
    const between = GRID.fine.filter(t => t > lower && t < upper);
    expect(between.length).toBeGreaterThan(3);
    expect(chosenCheckpoints(of, until(upper))).toEqual(between);
    // Rows of later checkpoints alone are not looked at: they may be of another sweep.
    expect(chosenCheckpoints(of, [...until(lower), ...full.filter(({ t }) => t > upper)])).toEqual([]);
    expect(refineFully(of, full)).toEqual({
      measured: GRID.fine.filter(t => GRID.coarse.includes(t) || between.includes(t)),
      rounds: 1,
    });
  });

  it('never asks before the first checkpoint, nor without a crossing', () => {
    const full = cellsOf({ [LOSS]: t => (t === 0 ? 1 : 0.2 - t / 1e6) });
    for (const level of [0.9, 0.1, 2])
      expect(refineFully(rules([atMost(level)]), full).measured).toEqual(GRID.coarse);
  });

  it('covers raw, isotonic and sustained crossings that lie apart', () => {
    // Meets the level once at 40, and again for good after 1000.
    const value = (t: number): number =>
      t === 0 ? 0.5 : t < 33 ? 0.3 : t < 50 ? 0.19 : t < 1000 ? 0.22 : 0.1;
    const { measured } = refineFully(rules([atMost(0.2)]), cellsOf({ [LOSS]: value }));
    const chosen = intervalsIn(measured.filter(t => !GRID.coarse.includes(t)));
    expect(chosen).toContain(around(1000)[1]);
    expect(chosen).toContain(around(40)[1]);
  });

  it('looks at every curve that has a threshold: each subnet size, and the dense network once', () => {
    const sizes = [10, 20].map(subnetSize => ({ ...variant, subnetSize }));
    const full = sizes.flatMap((each, i) =>
      cellsOf({ [LOSS]: t => falling(i === 0 ? t : t / 8), dense_train_loss: t => falling(t * 6) }, [each]),
    );
    const targets = [atMost(falling(90)), spec('dense_train_loss', 'atMost', falling(90))];
    const { measured } = refineFully(rules(targets, { variants: sizes }), full);
    const found = intervalsIn(measured.filter(t => !GRID.coarse.includes(t)));
    expect(found).toEqual([around(15), around(90), around(720)].map(([, upper]) => upper));
  });

  it('waits for a cell of every variant', () => {
    const sizes = [10, 20].map(subnetSize => ({ ...variant, subnetSize }));
    const full = cellsOf({ [LOSS]: falling }, sizes).filter(({ t }) => GRID.coarse.includes(t));
    const of = rules([atMost(falling(300))], { variants: sizes });
    const lacking = full.filter(cell => cell.subnetSize === 10 || cell.t < 300);
    expect(chosenCheckpoints(of, full).length).toBeGreaterThan(0);
    expect(chosenCheckpoints(of, lacking)).toEqual([]);
  });

  it('refines withinDense once the dense curve has converged, and published once its level is known', () => {
    const settled = (t: number): number => 0.1 + 0.4 * Math.exp(-t / 60);
    const full = cellsOf({ [LOSS]: settled, dense_train_loss: settled });
    const within = refineFully(rules([spec(LOSS, 'withinDense', 0.05)]), full).measured;
    const t = 60 * Math.log(0.4 / 0.05);
    expect(intervalsIn(within.filter(each => !GRID.coarse.includes(each)))).toContain(around(t)[1]);
    const open = cellsOf({ [LOSS]: falling, dense_train_loss: falling });
    expect(refineFully(rules([spec(LOSS, 'withinDense', 0.001)]), open).measured).toEqual(GRID.coarse);

    const published = [spec(LOSS, 'published')];
    expect(refineFully(rules(published), open).measured).toEqual(GRID.coarse);
    const levels = [{ metric: LOSS, variant, value: falling(900) }];
    const known = refineFully(rules(published, { levels }), open).measured;
    expect(intervalsIn(known.filter(each => !GRID.coarse.includes(each)))).toEqual([around(900)[1]]);
  });

  it('is the same whatever else is measured, in whatever order', () => {
    const noise = normals(stream(1, 'refine'));
    const full = cellsOf({ [LOSS]: t => falling(t) * Math.exp(0.05 * noise()) });
    const of = rules([atMost(0.2), atMost(0.1)]);
    const { measured } = refineFully(of, full);
    const chosen = measured.filter(t => !GRID.coarse.includes(t));
    expect(chosenCheckpoints(of, full)).toEqual(chosen);
    expect(chosenCheckpoints(of, full.toReversed())).toEqual(chosen);
  });
});

/** A shape of curve; `noise` gives a standard normal number. */
interface Kind {
  readonly value: (t: number, noise: () => number, shape: number) => number;
  readonly levels: readonly [min: number, max: number];
  /** Measured on the test set, where the fit ends at the optimum. */
  readonly turnsBack?: true;
}

const LEVELS = [0.06, 0.35] as const;
const power = (t: number, shape: number): number => 0.5 * (1 + t / 10) ** -(0.3 + 0.7 * shape);

/** Curves of the kinds that real ones are of. */
const KINDS: Readonly<Record<string, Kind>> = {
  smooth: { value: (t, _, shape) => power(t, shape), levels: LEVELS },
  noisy: { value: (t, noise, shape) => power(t, shape) * Math.exp(0.03 * noise()), levels: LEVELS },
  'very noisy': { value: (t, noise, shape) => power(t, shape) * Math.exp(0.1 * noise()), levels: LEVELS },
  'with constant noise': { value: (t, noise, shape) => falling(t) + 0.01 * shape * noise(), levels: LEVELS },
  flat: {
    value: (t, noise, shape) => 0.15 + 0.02 * Math.exp(-t / 50) + 0.02 * shape * noise(),
    levels: [0.13, 0.19],
  },
  'turning back for a while': {
    value: (t, noise, shape) =>
      falling(t) + 0.2 * shape * Math.exp(-((Math.log((t + 1) / 200) / 0.8) ** 2)) + 0.003 * noise(),
    levels: LEVELS,
  },
  'turning back for good': {
    value: (t, noise, shape) =>
      0.12 + 0.5 * (1 + t / 10) ** -0.9 + 0.1 * shape * (t / 4000) + 0.002 * noise(),
    levels: [0.12, 0.25],
    turnsBack: true,
  },
};

describe.each(Object.keys(KINDS))('a curve that is %s', kind => {
  it('has the crossing of the full grid, to one fine interval, for at most its cells', () => {
    const { value, levels, turnsBack } = KINDS[kind]!;
    const level = fc.double({ min: levels[0], max: levels[1], noNaN: true });
    const shape = fc.double({ min: 0, max: 1, noNaN: true });
    const direction = fc.boolean();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        level,
        shape,
        direction,
        (seed, target, form, isRising) => {
          const noise = normals(stream(seed, 'curve', kind));
          const values = new Map(GRID.fine.map(t => [t, value(t, noise, form)]));
          // An accuracy is a loss upside down.
          const metric = `subnet_${turnsBack ? 'test' : 'train'}_${isRising ? 'accuracy' : 'loss'}`;
          const at = (t: number): number => (isRising ? 1 - values.get(t)! : values.get(t)!);
          const goal = isRising ? spec(metric, 'atLeast', 1 - target) : spec(metric, 'atMost', target);
          const full = cellsOf({ [metric]: at });
          const { measured, rounds } = refineFully(rules([goal]), full);
          expect(rounds).toBeLessThanOrEqual(GRID.coarse.length);
          expect(measured.length).toBeLessThanOrEqual(GRID.fine.length);
          const known = new Set(measured);
          const head = { trajectoryId: 'one', config: config() };
          const rows: CurveRow[] = full.map(cell => ({ ...head, ...cell }));
          const [right] = computeThresholds([goal], rows).rows;
          const [found] = computeThresholds(
            [goal],
            rows.filter(({ t }) => known.has(t)),
            { grid: GRID },
          ).rows;
          const place = (upper: number | null) =>
            upper === null ? GRID.fine.length : GRID.fine.indexOf(upper);
          expect(Math.abs(place(found!.upper) - place(right!.upper))).toBeLessThanOrEqual(1);
          if (found!.upper === null && right!.upper === null) expect(found!.censoring).toBe(right!.censoring);
          // The interval is one of the fine sequence, or starts at 0.
          if (found!.censoring === 'interval')
            expect(GRID.fine[GRID.fine.indexOf(found!.lower!) + 1]).toBe(found!.upper);
        },
      ),
      { numRuns: 120, seed: 11 },
    );
  });
});

describe('what is not measured', () => {
  /** The thresholds of the full grid and of the refined one. */
  const both = (values: (t: number) => number, goal: ThresholdSpec) => {
    const full = cellsOf({ [goal.metric]: values });
    const known = new Set(refineFully(rules([goal]), full).measured);
    const rows: CurveRow[] = full.map(cell => ({ trajectoryId: 'one', config: config(), ...cell }));
    const refined = rows.filter(({ t }) => known.has(t));
    return [
      computeThresholds([goal], rows).rows[0]!,
      computeThresholds([goal], refined, { grid: GRID }).rows[0]!,
    ] as const;
  };
  /** Falls to 0.1 at 2000, with one value far below the level inside of an interval that no crossing lies in. */
  const hidden = GRID.fine[GRID.fine.indexOf(around(50)[0]) + 2]!;
  const withDip = (depth: number) => (t: number) =>
    t === hidden ? 0.2 - depth : t === 0 ? 0.5 : t < 1500 ? 0.3 : 0.1;

  it('may hide a first raw crossing, which moves neither the isotonic nor the sustained one', () => {
    const [full, refined] = both(withDip(0.01), atMost(0.2));
    expect(full.rawUpper).toBe(hidden);
    expect(refined.rawUpper).toBe(refined.upper);
    expect(refined).toMatchObject({ lower: full.lower, upper: full.upper, censoring: 'interval' });
    expect(refined.sustainedUpper).toBe(full.sustainedUpper);
  });

  it('may hide an isotonic crossing only where it outweighs all that is measured up to the one seen', () => {
    const above = GRID.fine.filter(t => t > hidden && t < 1500).length;
    const [full, refined] = both(withDip(0.1 * above - 0.05), atMost(0.2));
    expect(refined.upper).toBe(full.upper);
    const [pulled, kept] = both(withDip(0.1 * above + 0.05), atMost(0.2));
    expect(pulled.upper).toBe(hidden);
    expect(kept.upper).toBe(full.upper);
  });

  it('is measured where it decides whether a curve is unreachable', () => {
    // Gains 5% of the distance to the level in the last doubling, near the limit of the rule.
    for (const gain of [0.04, 0.048, 0.052, 0.06]) {
      const value = (t: number): number =>
        t === 0 ? 0.6 : t < 2000 ? 0.3 : 0.3 - gain * 0.2 * (t / 2000 - 1);
      const [full, refined] = both(t => Math.min(value(t), t === 0 ? 1 : 0.3 + 0.3 / t), atMost(0.1));
      expect(full.censoring).toBe(gain < 0.05 ? 'unreachable' : 'right');
      expect(refined.censoring).toBe(full.censoring);
    }
  });

  it('is measured before the last doubling, too, where the fit at its start depends on it', () => {
    // Pooled with the two low values, the fit at 2000 lies 1% of the distance to the level lower.
    const gap = around(1000);
    const low = GRID.fine.filter(t => t > gap[0] && t < gap[1]).slice(-2);
    const value = (t: number): number => {
      if (t === 0) return 0.6;
      if (low.includes(t)) return 0.28;
      return t < 2200 ? 0.3 + 2 / t ** 2 : 0.2895;
    };
    const [full, refined] = both(value, atMost(0.1));
    expect(full.censoring).toBe('unreachable');
    expect(refined).toMatchObject(full);
  });

  it('is measured where it decides whether a dense curve has converged', () => {
    // From 2000 on it gains 0.0050 of the tolerance's half; 0.0056 on the line between the coarse checkpoints around 2000.
    for (const [scale, converges] of [
      [0.0424, true],
      [0.0432, false],
    ] as const) {
      const dense = (t: number): number =>
        t === 0 ? 0.5 : scale * Math.exp(-t / 1000) + 0.4 * Math.exp(-t / 100);
      const goal = spec(LOSS, 'withinDense', 0.01);
      const full = cellsOf({ [LOSS]: dense, dense_train_loss: dense });
      const known = new Set(refineFully(rules([goal]), full).measured);
      const rows: CurveRow[] = full.map(cell => ({ trajectoryId: 'one', config: config(), ...cell }));
      const { rows: right } = computeThresholds([goal], rows);
      const refined = rows.filter(({ t }) => known.has(t));
      expect(right.length).toBe(converges ? 1 : 0);
      expect(computeThresholds([goal], refined, { grid: GRID }).rows).toEqual(right);
    }
  });
});
