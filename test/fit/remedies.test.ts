/** Each remedy is true in the case in which it is shown. */
import { describe, expect, test } from 'vitest';
import type { ThresholdSpec } from '../../src/domain/types.js';
import { type FitInput, type FitRow, fitSweep } from '../../src/fit/index.js';

const LOSS: ThresholdSpec = { metric: 'subnet_train_loss', kind: 'atMost', value: 0.15, primary: true };
const SIZES = [250, 500, 1000, 2000, 4000, 8000];
const SEEDS = [0, 1, 2, 3, 4];

const CROSSED = { lower: 40, upper: 50, censoring: 'interval', rawUpper: 50, sustainedUpper: 50 } as const;
const RIGHT = { lower: 50, upper: null, censoring: 'right', rawUpper: null, sustainedUpper: null } as const;
const GONE = { ...RIGHT, censoring: 'unreachable' } as const;
const LEFT = { lower: 0, upper: 5, censoring: 'left', rawUpper: 5, sustainedUpper: 5 } as const;

type Changes = Partial<FitRow>;
function curves(changes: (n: number, seed: number) => Changes, sizes = SIZES, seeds = SEEDS): FitRow[] {
  return sizes.flatMap(datasetSize =>
    seeds.map(
      (seed): FitRow => ({
        trajectoryId: `${datasetSize}-${seed}`,
        method: 'greedy',
        objective: 'squared',
        sampleSize: null,
        subnetSize: 20,
        retrainIterations: 0,
        metric: LOSS.metric,
        target: '<= 0.15',
        ...CROSSED,
        flagged: false,
        datasetSize,
        width: 50,
        seed,
        engine: 'wasm',
        numerics: 1,
        axes: {},
        checkpoints: [0, 5, 10, 20, 40, 50],
        pool: null,
        ...changes(datasetSize, seed),
      }),
    ),
  );
}

const reportOf = (rows: FitRow[], more: Partial<FitInput> = {}) =>
  fitSweep({ sweep: 's', thresholds: [LOSS], rows, ...more }, { simulations: 19, bandDraws: 2 });
const primaryOf = (rows: FitRow[], more: Partial<FitInput> = {}) => reportOf(rows, more).groups[0]!;
const shortfall = (code: string, rows: FitRow[], more: Partial<FitInput> = {}) =>
  primaryOf(rows, more).verdict.shortfalls.find(one => one.code === code);

describe('the sizes that cross', () => {
  test('are counted in words where a range has no meaning', () => {
    const found = (crossing: readonly number[]) =>
      shortfall(
        'sizes',
        curves(n => (crossing.includes(n) ? CROSSED : RIGHT)),
      )?.found;
    const half = 'at which at least half the seeds cross';
    expect(found([])).toBe(`no size ${half}`);
    expect(found([500])).toBe(`one size, 500, ${half}`);
    expect(found([500, 1000])).toBe(`2 sizes over 2x ${half}`);
    expect(found(SIZES)).toBeUndefined();
  });

  test('are more after longer training, where the sizes that there are would do', () => {
    const remedy = (rows: FitRow[]) => shortfall('sizes', rows)?.remedy;
    expect(remedy(curves(n => (n > 500 ? RIGHT : CROSSED)))).toBe(
      'longer training, so that more sizes cross',
    );
    expect(remedy(curves(() => RIGHT, [1000]))).toBe(
      'longer training, so that more sizes cross; more sizes over a wider range (8 over 128x)',
    );
    expect(remedy(curves(() => CROSSED, [1000]))).toBe('more sizes over a wider range (8 over 128x)');
    expect(remedy(curves(n => (n < 1000 ? CROSSED : n < 4000 ? RIGHT : GONE)))).toBe(
      'an easier target, or larger N or k: curves have flattened out short of this one; ' +
        'longer training, so that more sizes cross',
    );
  });
});

describe('seeds', () => {
  test('more of them help where there are few, and not where they do not cross', () => {
    const few = shortfall(
      'seeds',
      curves(() => CROSSED, SIZES, [0]),
    );
    expect(few).toMatchObject({ found: '1 seed', remedy: expect.stringMatching(/^more seeds \(10/) });
    const hidden = shortfall(
      'seeds',
      curves((_, seed) => (seed < 2 ? CROSSED : GONE)),
    );
    expect(hidden).toMatchObject({
      found: '2 of 5 seeds with a curve that is not unreachable',
      remedy: 'an easier target, or larger N or k: curves have flattened out short of this one',
    });
    const both = shortfall(
      'seeds',
      curves(() => GONE, SIZES, [0, 1]),
    );
    expect(both?.found).toBe('0 of 2 seeds with a curve that is not unreachable');
    expect(both?.remedy).toMatch(/^an easier target, .+; more seeds/);
    expect(primaryOf(curves(() => GONE)).verdict.sentence).toContain('5 seeds, 30 curves (30 unreachable)');
  });

  test('that are still to come, or failed, are named first', () => {
    const rows = curves(() => CROSSED, SIZES.slice(0, 2), [0]);
    const progress = { done: 2, failed: 3, open: 1 };
    expect(shortfall('seeds', rows, { progress })?.remedy).toMatch(
      /^the 1 trajectory not finished yet, or the 3 trajectories that failed, or more seeds \(10/,
    );
    expect(shortfall('sizes', rows, { progress })?.remedy).toMatch(/^the 1 trajectory not finished yet, or /);
    expect(reportOf(rows, { progress, notes: ['a note'] }).notes).toEqual([
      'of 6 trajectories, 1 not finished yet and 3 failed: the fits are without them',
      'a note',
    ]);
    expect(reportOf(rows, { progress: { done: 6, failed: 0, open: 0 } }).notes).toEqual([]);
  });
});

describe('left-censored curves', () => {
  const remedy = (changes: Changes, metric = LOSS.metric) =>
    shortfall(
      'left-censored',
      curves(() => ({ ...LEFT, metric, ...changes })),
    )?.remedy;

  test('ask for earlier checkpoints only where there are earlier iterations', () => {
    expect(remedy({})).toBe('earlier and finer checkpoints, or a harder target');
    expect(remedy({ rawUpper: 0 })).toBe('a harder target: 30 of 30 curves meet this one at the start');
    expect(remedy({ upper: 1, rawUpper: 1 })).toMatch(/^a harder target: 30 of 30/);
  });

  test('of a target that nobody sets ask for another one', () => {
    expect(remedy({ target: 'published' })).toBe('earlier and finer checkpoints, or another target');
  });
});

describe('curves that do not cross', () => {
  const trained = (deadNeurons: number | null, etaLambdaMax: number | null, loss = 'squared' as const) => ({
    training: { loss, deadNeurons, etaLambdaMax },
  });
  const DEAD =
    'all neurons are dead in 30 of 30 curves that do not cross, eta * lambda_max is up to 1.2e+10, stable below 2';

  test.each([
    ['right-censored', RIGHT],
    ['unreachable', GONE],
  ])('because all neurons died, %s, ask for a lower learning rate', (_, end) => {
    const { verdict, warnings } = primaryOf(curves(() => ({ ...end, ...trained(50, 1.2e10) })));
    const remedies = verdict.shortfalls.map(one => one.remedy);
    expect(remedies.length).toBeGreaterThan(0);
    // Without an interval, finer checkpoints would not help.
    for (const remedy of remedies) expect(remedy).toBe(`a lower train.learningRate: ${DEAD}`);
    expect(verdict.reasons.join()).not.toContain('longer training');
    expect(warnings).toContain(DEAD);
  });

  test('with neurons that died at a stable rate ask for other settings, too', () => {
    const remedy = shortfall(
      'right-censored',
      curves(() => ({ ...RIGHT, ...trained(50, 0.4) })),
    )?.remedy;
    expect(remedy).toBe(
      'a lower train.learningRate or train.weightDecay: all neurons are dead in 30 of 30 curves that do not cross',
    );
  });

  test('at a rate above the limit ask for a lower one first', () => {
    const remedy = (loss: 'squared' | 'logistic') =>
      shortfall(
        'right-censored',
        curves(() => ({ ...RIGHT, training: { loss, deadNeurons: 3, etaLambdaMax: 3.5 } })),
      )?.remedy;
    expect(remedy('squared')).toBe(
      'a lower train.learningRate (eta * lambda_max is up to 3.50, stable below 2), ' +
        'or else longer training, or an easier target',
    );
    expect(remedy('logistic')).toBe('longer training, or an easier target');
  });

  test('ask for longer training where few of them are unstable, or nothing is known', () => {
    const usual = 'longer training, or an easier target';
    const rows = (changes: (n: number, seed: number) => Changes) =>
      shortfall(
        'right-censored',
        curves((n, seed) => ({ ...RIGHT, ...changes(n, seed) })),
      )?.remedy;
    expect(rows(() => ({}))).toBe(usual);
    expect(rows(() => trained(null, null))).toBe(usual);
    expect(rows((_, seed) => trained(seed === 0 ? 50 : 0, 0.5))).toBe(usual);
    expect(rows(() => ({ target: 'published' }))).toBe('longer training, or another target');
  });

  test('of the dense network have no k', () => {
    const dense = { metric: 'dense_train_loss', ...GONE };
    expect(
      shortfall(
        'sizes',
        curves(() => dense),
      )?.remedy,
    ).toBe('an easier target, or larger N: curves have flattened out short of this one');
  });

  test('give no warning of instability where they cross', () => {
    expect(primaryOf(curves(() => trained(50, 1e9))).warnings).toEqual([]);
  });
});

describe('without any threshold', () => {
  const missing = (input: Partial<FitInput>) => reportOf([], input).missing;

  test('the true reason is given', () => {
    const progress = { done: 4, failed: 0, open: 0 };
    expect(missing({ thresholds: [], progress })).toBe(
      'the sweep sets no thresholds; with some in its file, run it again, which computes no finished trajectory anew',
    );
    expect(missing({ progress: { done: 0, failed: 0, open: 4 } })).toBe('no trajectory is finished yet');
    expect(missing({ progress: { done: 0, failed: 2, open: 2 } })).toBe('no trajectory is finished yet');
    expect(missing({ progress: { done: 0, failed: 4, open: 0 } })).toBe(
      'all trajectories failed; `espalier status` says why',
    );
    expect(missing({ progress, notes: ['why'] })).toBe('the notes say why');
    expect(missing({ progress })).toBe('no finished trajectory has a curve of it');
    expect(reportOf(curves(() => CROSSED)).missing).toBeNull();
  });

  test('of the primary target, others may have some', () => {
    const other = { ...LOSS, metric: 'dense_train_loss', primary: false };
    const rows = curves(() => ({ metric: other.metric }));
    const report = reportOf(rows, { thresholds: [LOSS, other], notes: ['why'] });
    expect([report.primary, report.missing, report.groups.length]).toEqual([null, 'the notes say why', 1]);
  });
});

test('predictions of fewer sizes than were measured are named as such', () => {
  const predicted = { lower: 30, upper: 40 };
  const upTo = (most: number) => primaryOf(curves(n => (n <= most ? { predicted } : {}))).warnings.join();
  expect(upTo(2000)).toContain('no prediction at n = 4000, 8000:');
  expect(upTo(8000)).not.toContain('prediction');
  expect(upTo(0)).not.toContain('prediction');
});
