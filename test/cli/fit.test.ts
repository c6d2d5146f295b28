import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderFit } from '../../src/cli/fit-screen.js';
import type { FitReport, LawReport } from '../../src/fit/index.js';
import { Store } from '../../src/store/write/store.js';
import { fill, logarithm } from '../fit/database.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';

const place = new Workplace();
beforeAll(() => {
  const store = Store.open(place.path('log.sqlite'));
  fill(store, 'grows', { mu: logarithm });
  store.close();
  const few = Store.open(place.path('few.sqlite'));
  fill(few, 'few', { mu: logarithm, sizes: [250, 500, 1000, 2000], seeds: 3 });
  fill(few, 'short', { mu: logarithm, checkpoints: [0, 5, 10, 20, 40, 80, 120] });
  few.close();
});
afterAll(() => place.remove());

test('prints one screen: thresholds, laws, lambda, verdict, the other targets', async () => {
  const { code, stdout, stderr } = await place.run('fit', 'log.sqlite');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Logarithmic growth supported (within the margin): lambda = ');
  expect(stdout.replace(/\s+/g, ' ')).toContain('8 sizes from 250 to 32000 (128x), 10 seeds, 80 curves');
  expect(stdout).toMatch(/│ +32000 │ +10 │ \d+ to \d+/);
  expect(stdout).toContain('dense_train_loss <= 0.15');
  expect(stdout).toContain('t counts iterations');
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  expect(stdout.split('\n').length).toBeLessThan(60);
});

test('names insufficient data, and what would be enough', async () => {
  const { stdout: folded } = await runInside(place, 'fit', 'few.sqlite', '--sweep', 'few');
  const stdout = folded.replace(/\s+/g, ' ');
  expect(stdout).toContain('Insufficient data: 3 seeds (needed: at least 5)');
  expect(stdout).toContain(
    '4 sizes over 8x at which at least half the seeds cross (needed: at least 5 over 16x)',
  );
  expect(stdout).toContain('would help: more seeds');
  const { stdout: late } = await runInside(place, 'fit', 'few.sqlite', '--sweep', 'short');
  expect(late).toMatch(/\d+% right-censored/);
  expect(late).toContain('would help: longer training');
  expect(late).toContain('> 120');
});

test('--json has a stable shape', async () => {
  const { code, stdout } = await runInside(place, 'fit', 'few.sqlite', '--sweep', 'few', '--json');
  expect(code).toBe(0);
  const { shape, db, stored, sweeps } = JSON.parse(stdout);
  expect({ shape, db, stored }).toEqual({ shape: 1, db: 'few.sqlite', stored: true });
  expect(sweeps.map((report: { sweep: string }) => report.sweep)).toEqual(['few']);
  expect(Object.keys(sweeps[0])).toEqual([
    'shape',
    'sweep',
    'conventions',
    'primary',
    'groups',
    'simulationSeed',
    'notes',
    'missing',
  ]);
  expect(sweeps[0].groups[0].verdict).toMatchObject({
    code: 'insufficient-data',
    label: 'insufficient data',
  });
});

test('refuses unknown sweeps, missing databases and bad seeds in one line', async () => {
  const { code, stdout, stderr } = await runInside(place, 'fit', 'few.sqlite', '--sweep', 'shorts');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toBe(
    'espalier: --sweep: found "shorts" (did you mean short?), expected one of: few, short\n',
  );
  const missing = await runInside(place, 'fit', 'no.sqlite');
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain('no.sqlite: no such database');
  const seed = await runInside(place, 'fit', 'log.sqlite', '--simulation-seed', '1.5');
  expect(seed.code).toBe(2);
  expect(seed.stderr).toContain('--simulation-seed');
});

test('a score far below any other is not shown as a number', async () => {
  const { stdout } = await runInside(place, 'fit', 'log.sqlite', '--json');
  const [report] = JSON.parse(stdout).sweeps as FitReport[];
  const screen = (change: (law: LawReport) => LawReport) =>
    renderFit({ ...report!, groups: report!.groups.map(each => ({ ...each, laws: each.laws.map(change) })) });
  expect(screen(law => law)).not.toContain('< -100');
  const alarming = screen(law => (law.name === 'constant' ? law : { ...law, leaveOneSizeOut: -2937 }));
  expect(alarming).toMatch(/│ *< -100 *│/);
  expect(alarming).not.toContain('2937');
  expect(alarming.replace(/\s+/g, ' ')).toContain('Below -100 the law misses them by many sigma');
});
