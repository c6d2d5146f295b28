import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { analyseSweep } from '../../src/analysis/analyse-sweep.js';
import { fitDatabase } from '../../src/analysis/fit-database.js';
import { readFitInput } from '../../src/analysis/fit-input.js';
import { refreshThresholds, sweepThresholds } from '../../src/analysis/thresholds.js';
import { renderFit } from '../../src/cli/fit-screen.js';
import { bentTimes } from '../../src/design/bends.js';
import { variantKey } from '../../src/domain/variant.js';
import { verdictSection } from '../../src/report/page/verdicts.js';
import { openReader, Reader } from '../../src/store/read/reader.js';
import { PREDICTION_COLUMNS, type StoredPrediction } from '../../src/store/schema/predictions.js';
import { Store } from '../../src/store/write/store.js';
import { THRESHOLD_VERSION } from '../../src/threshold/version.js';
import { fill, LOSS, logarithm, SIZES } from '../fit/database.js';
import { greedy, sampled, temporaryFolders } from '../store/fixtures.js';
import { query } from '../support/results.js';

const folder = temporaryFolders();
/** Enough for the verdict on these curves. */
const QUICK = { simulations: 99, bandDraws: 20 };

function filled(...names: string[]): string {
  const file = join(folder(), 'a.sqlite');
  const store = Store.open(file);
  for (const name of names) fill(store, name, { mu: logarithm });
  store.close();
  return file;
}

test('stores the same thresholds, laws and verdicts each time', async () => {
  const file = filled('one');
  const { reports, notStored } = await fitDatabase(file, undefined, QUICK);
  expect(notStored).toBeNull();
  const [report] = reports;
  expect(report!.groups.map(({ name, isPrimary }) => [name, isPrimary])).toEqual([
    ['subnet_train_loss <= 0.15, N = 10, greedy on squared loss, k = 20, wasm 1', true],
    ['subnet_train_loss <= 0.15, N = 10, greedy on squared loss, k = 10, wasm 1', false],
    ['dense_train_loss <= 0.15, N = 10, wasm 1', false],
  ]);
  expect(report!.groups[0]!.verdict.code).toBe('logarithmic');
  expect(query(file, 'SELECT count(*) AS count FROM thresholds')).toEqual([{ count: 4 * 80 }]);

  const fits = query(file, 'SELECT * FROM fits');
  expect(Object.keys(fits[0]!)).toEqual([
    'sweep',
    'width',
    'axes',
    'prune_method',
    'subnet_size',
    'metric',
    'target',
    'is_primary',
    'model',
    'parameters',
    'log_likelihood',
    'aicc',
    'weight',
    'verdict',
    'engine',
    'numerics',
  ]);
  expect(fits).toHaveLength(3 * 8);
  const [best] = query(file, "SELECT * FROM fits WHERE is_primary AND model = 'logarithmic'");
  expect(best).toMatchObject({
    sweep: 'one',
    width: 10,
    axes: '{}',
    prune_method: 'greedy',
    subnet_size: 20,
    target: '<= 0.15',
    verdict: 'logarithmic growth supported (within the margin)',
    engine: 'wasm',
    numerics: 1,
  });
  const { alpha, r, lambda, n_ref } = JSON.parse(best!.parameters as string);
  expect(lambda).toBe(0);
  for (const n of [250, 32_000])
    expect((Math.exp(alpha) * (1 + r * Math.log(n / n_ref))) / logarithm(n)).toBeCloseTo(1, 1);
  expect(query(file, 'SELECT sum(weight) AS total FROM fits WHERE is_primary')[0]!.total).toBeCloseTo(1, 12);
  expect(query(file, "SELECT prune_method, subnet_size FROM verdicts WHERE metric LIKE 'dense%'")).toEqual([
    { prune_method: null, subnet_size: null },
  ]);
  expect(query(file, 'SELECT DISTINCT simulation_seed FROM verdicts')).toEqual([{ simulation_seed: 1 }]);

  const again = await fitDatabase(file, undefined, QUICK);
  expect(again.reports).toEqual(reports);
  expect(query(file, 'SELECT * FROM fits')).toEqual(fits);
  const [stored] = query(file, 'SELECT report FROM fit_reports');
  expect(JSON.parse(stored!.report as string)).toEqual(JSON.parse(JSON.stringify(report)));
});

test('tells selections on samples apart, in verdicts and stored thresholds', async () => {
  const file = join(folder(), 'sampled.sqlite');
  const store = Store.open(file);
  const variants = [sampled(20, 128), sampled(20, 64), greedy(20)];
  fill(store, 'one', { mu: logarithm, thresholds: [LOSS], variants, sizes: SIZES.slice(0, 3), seeds: 2 });
  const computed = refreshThresholds(store, store.toReader().sweep('one'));
  store.close();
  await fitDatabase(file, undefined, QUICK);
  const shown = query(file, 'SELECT prune_objective, prune_sample_size, curves FROM verdicts ORDER BY 1, 2');
  expect(shown).toEqual([
    { prune_objective: 'brier', prune_sample_size: 64, curves: 6 },
    { prune_objective: 'brier', prune_sample_size: 128, curves: 6 },
    { prune_objective: 'squared', prune_sample_size: null, curves: 6 },
  ]);
  const reader = openReader(file);
  const stored = reader.validThresholds('one', THRESHOLD_VERSION);
  reader.close();
  expect(stored!.rows).toEqual(computed.rows);
  expect(new Set(stored!.rows.map(variantKey)).size).toBe(3);
});

test('stores where which law holds, last in the view', async () => {
  const file = join(folder(), 'bent.sqlite');
  const store = Store.open(file);
  const times = bentTimes({ shape: 'power-to-constant', start: 60, at: 0.5, exponent: 0.5 }, SIZES);
  fill(store, 'bent', { mu: n => times[SIZES.indexOf(n)]!, thresholds: [LOSS] });
  store.close();
  const { reports } = await fitDatabase(file, undefined, QUICK);
  const { regimes } = reports[0]!.groups[0]!;
  const [row] = query(file, 'SELECT * FROM verdicts WHERE is_primary');
  expect(reports[0]!.groups[0]!.regimesPredicted).toBeNull();
  expect(Object.entries(row!).slice(-10)).toEqual([
    ['regimes', regimes!.sentence],
    ['lower_law', 'power'],
    ['lower_to', regimes!.lower!.to],
    ['upper_law', 'constant'],
    ['upper_from', regimes!.upper!.from],
    ['bend_low', regimes!.bend!.low],
    ['bend_high', regimes!.bend!.high],
    ['regimes_predicted', null],
    ['regimes_agree', null],
    ['prune_sample_size', null],
  ]);
  // The bend lies between 2,000 and 4,000.
  expect(row!.bend_low).toBeLessThanOrEqual(2000);
  expect(row!.bend_high).toBeGreaterThanOrEqual(4000);
  expect(renderFit(reports[0]!).replace(/\s+/g, ' ')).toContain(
    `Where which law holds: ${regimes!.sentence}`,
  );
});

test('lays the regimes of predictions beside the measured ones', async () => {
  const file = join(folder(), 'predicted.sqlite');
  const store = Store.open(file);
  const times = (at: number) =>
    bentTimes({ shape: 'power-to-constant', start: 60, at, exponent: 0.5 }, SIZES);
  for (const [name, at] of [
    ['alike', 0.5],
    ['apart', 1],
  ] as const) {
    fill(store, name, { mu: n => times(0.5)[SIZES.indexOf(n)]!, thresholds: [LOSS] });
    const scope = { kernel: 'initial', horizon: 3000, subnetSize: 20 };
    const nothing = Object.fromEntries(PREDICTION_COLUMNS.map(column => [column, null])) as StoredPrediction;
    SIZES.forEach((n, i) => {
      for (let seed = 0; seed < 10; seed++) {
        const predicted = Math.round(
          times(at)[i]! * (1 + 0.05 * Math.sin(7 * seed) + 0.02 * Math.sin(3 * seed + 11 * i)),
        );
        store.replacePredictions(name, `${name}-${n}-${seed}`, scope, [
          {
            ...nothing,
            kernel: 'initial',
            target: 0.15,
            predicted,
            predicted_lower: predicted,
            predicted_upper: predicted,
          },
        ]);
      }
    });
  }
  store.close();
  const { reports } = await fitDatabase(file, undefined, QUICK);
  const [alike, apart] = reports.map(report => report.groups[0]!);
  expect(alike!.regimesPredicted!.means.map(({ n }) => n)).toEqual(SIZES);
  expect(alike!.regimesPredicted!.regimes.bend).not.toBeNull();
  expect([alike!, apart!].map(({ regimesPredicted }) => regimesPredicted!.agree)).toEqual([true, false]);
  expect(
    query(
      file,
      'SELECT sweep, regimes_predicted, regimes_agree FROM verdicts WHERE is_primary ORDER BY sweep',
    ),
  ).toEqual(
    [alike!, apart!].map(({ regimesPredicted }, i) => ({
      sweep: ['alike', 'apart'][i],
      regimes_predicted: regimesPredicted!.regimes.sentence,
      regimes_agree: 1 - i,
    })),
  );
  // Subnetworks of another size have the same predictions.
  const [, other] = reports[0]!.groups;
  expect(other!.regimesPredicted!.regimes).toEqual(alike!.regimesPredicted!.regimes);
  for (const report of reports) {
    const { regimes, sentence } = report.groups[0]!.regimesPredicted!;
    expect(renderFit(report).replace(/\s+/g, ' ')).toContain(
      `Predicted by the kernel at t = 0: ${regimes.sentence} ${sentence}`,
    );
    expect(verdictSection(report).text).toContain(`${regimes.sentence} ${sentence}`);
  }
});

test('fits without storing while a run holds the database', async () => {
  const file = filled('one');
  const run = Store.open(file);
  try {
    const { reports, notStored } = await fitDatabase(file, undefined, QUICK);
    expect(notStored).toContain('held by another run');
    expect(reports[0]!.groups[0]!.verdict.code).toBe('logarithmic');
    expect(query(file, 'SELECT * FROM fits')).toEqual([]);
  } finally {
    run.close();
  }
  expect((await fitDatabase(file, undefined, QUICK)).notStored).toBeNull();
});

test('fits are deleted with the thresholds that they were computed from', async () => {
  const file = filled('one', 'two');
  const { reports } = await fitDatabase(file, undefined, QUICK);
  expect(reports.map(({ sweep }) => sweep)).toEqual(['one', 'two']);
  const sweepsWithFits = () => query(file, 'SELECT DISTINCT sweep FROM fits').map(row => row.sweep);
  const store = Store.open(file);
  // A run that changes nothing.
  fill(store, 'one', { mu: logarithm });
  expect(sweepsWithFits()).toEqual(['one', 'two']);
  // Fewer thresholds.
  store.replaceThresholds('two', { rows: [], notes: [] }, { version: 0, data: '' });
  expect(sweepsWithFits()).toEqual(['one']);
  // Another definition of the sweep.
  fill(store, 'one', { mu: logarithm, thresholds: [{ ...LOSS, value: 0.2 }] });
  expect(sweepsWithFits()).toEqual([]);
  store.close();
});

test('thresholds that were overtaken by an edit while they were computed are not valid', () => {
  const file = filled('one');
  const store = Store.open(file);
  const sweep = store.toReader().sweep('one');
  const other = new Sqlite(file);
  // Another client writes between two curves.
  const rows = Reader.prototype.curveRows;
  let edits = 0;
  vi.spyOn(Reader.prototype, 'curveRows').mockImplementation(function* (this: Reader, name: string) {
    for (const row of rows.call(this, name)) {
      if (edits++ === 0) other.exec('UPDATE cells SET subnet_train_loss = subnet_train_loss * 2');
      yield row;
    }
  });
  editAndForget(file);
  refreshThresholds(store, sweep);
  vi.restoreAllMocks();
  other.close();
  expect(store.toReader().validThresholds('one', THRESHOLD_VERSION)).toBeNull();
  expect(refreshThresholds(store, sweep)).toEqual(sweepThresholds(store.toReader(), sweep));
  expect(store.toReader().validThresholds('one', THRESHOLD_VERSION)).not.toBeNull();
  store.close();
});

/** Stored thresholds are to be computed anew. */
function editAndForget(file: string): void {
  const db = new Sqlite(file);
  db.exec('UPDATE sweeps SET thresholds_from = NULL');
  db.close();
}

test('stored and computed thresholds are fitted to the same bytes, in the same order', async () => {
  const file = filled('one', 'two');
  const store = Store.open(file);
  const published = { ...LOSS, kind: 'published', value: null, primary: false } as const;
  fill(store, 'three', { mu: logarithm, thresholds: [published, LOSS], seeds: 1, sizes: [250, 500] });
  for (const sweep of store.toReader().sweeps()) {
    refreshThresholds(store, sweep);
    const quick = { simulations: 19, bandDraws: 10 };
    const stored = await analyseSweep(store.toReader(), sweep, quick);
    expect(store.toReader().validThresholds(sweep.name, THRESHOLD_VERSION)).not.toBeNull();
    vi.spyOn(Reader.prototype, 'validThresholds').mockReturnValue(null);
    expect(JSON.stringify(await analyseSweep(store.toReader(), sweep, quick))).toBe(JSON.stringify(stored));
    vi.restoreAllMocks();
  }
  store.close();
});

test('knows how the dense networks ended, and which trajectories are lacking', () => {
  const file = filled('one');
  const db = new Sqlite(file);
  db.exec(`UPDATE checkpoints SET dead_neurons = 10, eta_lambda_max = 4.5
    WHERE t = (SELECT max(t) FROM checkpoints) AND trajectory = (SELECT min(trajectory) FROM checkpoints)`);
  const [{ id }] = db
    .prepare('SELECT id FROM trajectory_keys WHERE key = (SELECT min(trajectory) FROM checkpoints)')
    .all() as [{ id: string }];
  db.close();
  const reader = openReader(file);
  const { rows, progress } = readFitInput(reader, reader.sweep('one'));
  reader.close();
  expect(progress).toEqual({ done: 80, failed: 0, open: 0 });
  for (const { trajectoryId, training } of rows) {
    const isChanged = trajectoryId === id;
    expect(training).toMatchObject(isChanged ? { deadNeurons: 10, etaLambdaMax: 4.5 } : { loss: 'squared' });
    if (!isChanged) expect(training!.deadNeurons).not.toBe(10);
  }
});
