/** The kept results are whole, and one command makes everything of them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

const ROOT = join(PACKAGE_ROOT, 'results-published');
const SWEEPS = readdirSync(ROOT).filter(name => existsSync(join(ROOT, name, 'sweep.json')));
/** What the table of the test says below what is kept. */
const BELOW = 0.01;

const espalier = (...args: string[]) =>
  execFileSync(process.execPath, [join(PACKAGE_ROOT, 'dist/src/cli/main.js'), ...args]);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each(SWEEPS)('%s is what a database made of it keeps', name => {
  const [kept, again, db] = [join(ROOT, name), join(folder, name), join(folder, `${name}.sqlite`)];
  espalier('restore', kept, db);
  espalier('keep', db, again);
  for (const file of readdirSync(kept))
    expect(readFileSync(join(again, file), 'utf8'), file).toBe(readFileSync(join(kept, file), 'utf8'));
});

it('all kept files together are smaller than 3 MB', () => {
  const bytes = SWEEPS.flatMap(name =>
    readdirSync(join(ROOT, name)).map(file => readFileSync(join(ROOT, name, file)).length),
  );
  expect(bytes.reduce((sum, count) => sum + count, 0)).toBeLessThan(3e6);
});

it('draws verdicts, figures and the comparison of a sweep', () => {
  const table = join(folder, 'table.csv');
  writeFileSync(table, tableBelow());
  const out = join(folder, 'drawn');
  const script = join(ROOT, 'draw.mjs');
  execFileSync(process.execPath, [script, table, out, 'mnist-paper'], { encoding: 'utf8' });
  const files = readdirSync(out);
  expect(files).toEqual(
    expect.arrayContaining(['mnist-paper-fit.txt', 'mnist-paper-5000.html', 'mnist-paper-compared.svg']),
  );
  expect(readdirSync(join(out, 'mnist-paper-5000'))).toContain('curves-two-columns.svg');
  const [names, row] = readFileSync(join(out, 'alternatives.csv'), 'utf8')
    .split('\n')
    .map(line => line.split(','));
  const value = (name: string) => Number(row![names!.indexOf(name)]);
  expect(value('width')).toBe(5000);
  for (const name of ['median', 'worst']) expect(value(name)).toBeCloseTo(BELOW, 5);
  for (const name of ['mean', 'mean_t0', 'mean_t1000']) expect(value(name)).toBeCloseTo(BELOW, 5);
});

/** The mean over seeds of what is kept, less `BELOW`: no accuracy is above 1. */
function tableBelow(): string {
  const rows: Record<string, string>[] = parse(readFileSync(join(ROOT, 'mnist-paper', 'results.csv')), {
    columns: true,
  });
  const sums = new Map<string, { sum: number; count: number }>();
  for (const row of rows) {
    const place = [row.width, row.dataset_size, row.pretrain_iterations].join(',');
    const { sum, count } = sums.get(place) ?? { sum: 0, count: 0 };
    sums.set(place, { sum: sum + Number(row.subnet_train_accuracy), count: count + 1 });
  }
  const lines = [...sums].map(([place, { sum, count }]) => `${place},${sum / count - BELOW}`);
  return ['width,dataset_size,pretrain_iterations,accuracy', ...lines].join('\n');
}
