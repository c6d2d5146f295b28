import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitDatabase } from '../../src/analysis/fit-database.js';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { querySql } from '../../src/store/user-sql/query.js';
import { Store } from '../../src/store/write/store.js';
import { ATTEMPT, greedy, planned, sweep } from '../store/fixtures.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

const PAGE = readFileSync(join(PACKAGE_ROOT, 'docs', 'queries.md'), 'utf8');

interface Question {
  readonly title: string;
  readonly sql: string;
}
const QUESTIONS: Question[] = PAGE.split(/^## /m)
  .slice(1)
  .flatMap(section =>
    [...section.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql]) => ({
      title: section.slice(0, section.indexOf('\n')),
      sql: sql!,
    })),
  );

const PARAMS = { n: 1000, seed: 1, k: 20 };
const work = new Workplace();
const db = work.path('a.sqlite');

/** A database of curves of a known law, with every kind of selection and target, and one failed trajectory. */
beforeAll(async () => {
  const file = work.sweep(
    plainSweep({
      name: 'known',
      dataset: { name: 'digits', pool: 60_000, test: 100 },
      axes: {
        datasetSize: [500, 1000, 2000, 4000, 8000],
        seed: { count: 5 },
        pretrainIterations: { from: 5, to: 500, ratio: 1.2 },
        subnetSize: [10, 20],
      },
      prune: { method: ['greedy', 'random', 'magnitude'] },
      thresholds: [
        { metric: 'subnet_train_loss', atMost: 0.15 },
        { metric: 'subnet_train_loss', atMost: 0.04 },
        { metric: 'dense_train_loss', atMost: 0.15 },
      ],
    }),
  );
  const { code, stderr } = await work.run(
    'design',
    file,
    '--write',
    db,
    '--law',
    'logarithmic',
    '--start',
    '60',
  );
  expect([code, stderr]).toEqual([0, '']);
  await fitDatabase(db, 'known', { simulations: 200, bandDraws: 10 });
  const store = Store.open(db);
  const broken = planned('broken', [0, 5], [greedy(3)]);
  store.saveSweep(sweep('broken'), [broken]);
  store.started(broken.id, ATTEMPT);
  void store.finished(broken.id, {
    kind: 'failed',
    code: 'DIVERGED',
    message: 'the loss is not finite',
    stack: null,
  });
  store.close();
}, 120_000);
afterAll(() => work.remove());

type Row = Readonly<Record<string, unknown>>;

async function answer({ sql }: Question): Promise<Row[]> {
  const named = Object.entries(PARAMS).filter(([name]) => sql.includes(`:${name}`));
  const rows: Row[] = [];
  for await (const batch of querySql(db, sql, { params: Object.fromEntries(named) })) {
    for (const row of batch.rows)
      rows.push(Object.fromEntries(batch.columns.map((column, i) => [column, row[i]])));
  }
  return rows;
}

const ask = (start: string) => answer(QUESTIONS.find(({ title }) => title.startsWith(start))!);

describe('docs/queries.md', () => {
  it('has a dozen questions or more', () => {
    expect(QUESTIONS.length).toBeGreaterThanOrEqual(12);
  });

  it.each(QUESTIONS.map(question => [question.title, question] as const))('%s', async (_, question) => {
    const rows = await answer(question);
    expect(rows.length).toBeGreaterThan(0);
    // A column of NULLs answers nothing, except upper ends: curves that have not crossed have none.
    for (const column of Object.keys(rows[0]!).filter(name => !/^(|raw_|sustained_)upper$/.test(name))) {
      expect([column, rows.some(row => row[column] !== null)]).toEqual([column, true]);
    }
  });

  it('gives answers that agree with the law of the curves', async () => {
    expect(await ask('How far')).toEqual([
      { sweep: 'broken', cells_done: 0, cells: 2, percent: 0, trajectories_failed: 1 },
      { sweep: 'known', cells_done: 4200, cells: 4200, percent: 100, trajectories_failed: 0 },
    ]);
    expect(await ask('What failed')).toMatchObject([{ error_code: 'DIVERGED', attempts: 1 }]);
    const growth = (await ask('By how much')).filter(
      ({ k, metric, target }) => k === 20 && metric === 'subnet_train_loss' && target === '<= 0.15',
    );
    // t* grows from 60 to 180: by 30 iterations in each of the four doublings.
    expect(growth.map(({ n }) => n)).toEqual([500, 1000, 2000, 4000, 8000]);
    expect(growth[0]).toMatchObject({ added: null, factor: null });
    expect(Math.abs((growth.at(-1)!.t_star as number) / (growth[0]!.t_star as number) - 3)).toBeLessThan(0.5);
    for (const { ratio, k } of await ask('How much later')) {
      expect(Math.abs((ratio as number) - (k === 20 ? 1.25 : 1.25 * 2 ** 0.3))).toBeLessThan(0.25);
    }
    for (const { greedy, random, magnitude, dense } of (await ask('Does greedy')) as Record<
      string,
      number
    >[]) {
      expect(greedy).toBeLessThan(random!);
      expect(greedy).toBeLessThan(magnitude!);
      expect(dense).toBeLessThan(greedy!);
    }
    expect((await ask('What is the verdict'))[0]).toMatchObject({
      is_primary: 1,
      metric: 'subnet_train_loss',
      target: '<= 0.15',
      sizes: 5,
      seeds: 5,
    });
    const laws = (await ask('Which law')).map(({ model }) => model);
    expect(laws.indexOf('logarithmic')).toBeLessThan(laws.indexOf('linear'));
  });
});

describe('the table of values', () => {
  /** Backquotes hold a text; ⏎ stands for a line break. */
  const cellText = (cell: string) => cell.replace(/^`(.*)`$/, '$1').replaceAll('⏎', '\n');
  const [, section] = PAGE.split('## How is each value written?\n');
  const values = [...section!.split('\n## ')[0]!.matchAll(/^\| (`.*) \|$/gm)].map(([, line]) =>
    line!.split(' | ').map(cell => cellText(cell.trim())),
  );
  const column = (i: number) => values.map(value => value[i]!);
  const sql = `SELECT ${column(0)
    .map((value, i) => `${value} AS v${i}`)
    .join(', ')}`;
  const ask = (format: string, ...args: string[]) =>
    runInside(work, 'query', 'a.sqlite', sql, '--format', format, ...args);

  it('has every type', () => {
    expect(values.length).toBeGreaterThan(12);
    for (const value of values) expect([value[0], value.length]).toEqual([value[0], 5]);
  });

  it('csv', async () => {
    const names = values.map((_, i) => `v${i}`).join(',');
    expect((await ask('csv')).stdout).toBe(`${names}\n${column(1).join(',')}\n`);
  });

  it.each(['json', 'ndjson'])('%s', async format => {
    const object = `{${column(2)
      .map((value, i) => `"v${i}":${value}`)
      .join(',')}}`;
    expect((await ask(format)).stdout).toBe(format === 'json' ? `[\n${object}\n]\n` : `${object}\n`);
  });

  it('parquet', async () => {
    expect(await ask('parquet', '--output', 'values.parquet')).toMatchObject({ code: 0 });
    const file = new Uint8Array(readFileSync(work.path('values.parquet'))).buffer;
    const types = parquetSchema(parquetMetadata(file)).children.map(
      ({ element }) => element.converted_type ?? element.type,
    );
    const [row] = await parquetReadObjects({ file });
    const read = Object.values(row!).map((value, i) => `${types[i]} ${value}`.trimEnd());
    expect(read).toEqual(column(3));
  });

  it('table', async () => {
    const [, , , line] = (await ask('table')).stdout.split('\n');
    expect(
      line!
        .split('│')
        .slice(1, -1)
        .map(cell => cell.trim()),
    ).toEqual(column(4));
  });

  it.each(['csv', 'json', 'ndjson', 'table'])('one name for two columns: %s', async format => {
    const { stdout } = await runInside(
      work,
      'query',
      'a.sqlite',
      'SELECT 1 AS a, 2 AS a',
      '--format',
      format,
    );
    expect(stdout).toMatch(/\ba\b.*\ba_2\b/s);
  });
});
