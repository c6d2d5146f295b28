/**
 * Draws every figure, verdict and comparison of the kept sweeps from the kept files alone:
 *
 *   node results-published/draw.mjs figure2.csv [FOLDER [SWEEP...]]
 *
 * figure2.csv is the published table (docs/compare.md). FOLDER (figures-published) gets, for each kept sweep, or those that
 * are named, its database, the verdicts as `fit` prints them and the figures of `report`; where the sweep has the published
 * criterion, each of its selections and settings beside the published figure; and alternatives.csv, one line for each.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { KEPT_FILES } from '../dist/src/keep/files.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const CLI = join(HERE, '../dist/src/cli/main.js');
const [table, out = 'figures-published', ...wanted] = process.argv.slice(2);
if (!table) {
  console.error('usage: node results-published/draw.mjs TABLE.csv [FOLDER [SWEEP...]]');
  process.exit(2);
}
mkdirSync(out, { recursive: true });

const espalier = (...args) =>
  execFileSync(process.execPath, [CLI, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
const query = (db, sql) => JSON.parse(espalier('query', db, sql, '--format', 'json'));

const alternatives = [];
/** Images of MNIST's pool. */
const MNIST = 60_000;

const kept = readdirSync(HERE).filter(each => existsSync(join(HERE, each, KEPT_FILES.sweep)));
for (const name of kept.filter(each => wanted.length === 0 || wanted.includes(each))) {
  const db = restored(name, join(HERE, name));
  const shapes = query(db, 'SELECT DISTINCT width, seed FROM results ORDER BY width');
  // One seed is a search: it has no verdict, and no figure of its own.
  if (shapes.some(({ seed }) => seed !== shapes[0].seed)) {
    writeFileSync(join(out, `${name}-fit.txt`), espalier('fit', db));
    const fewer = withFewerSamples(name);
    if (fewer) writeFileSync(join(out, `${name}-quarter-fit.txt`), espalier('fit', fewer));
    for (const width of new Set(shapes.map(each => each.width))) {
      const figures = join(out, `${name}-${width}`);
      const page = join(out, `${name}-${width}.html`);
      espalier('report', db, '--width', String(width), '--output', page, '--figures', figures);
    }
  }
  const criterion = `SELECT 1 FROM thresholds WHERE target LIKE 'published%' LIMIT 1`;
  if (query(db, criterion).length > 0) alternatives.push(...compareEach(name, db));
}
if (alternatives.length > 0) writeFileSync(join(out, 'alternatives.csv'), asCsv(alternatives));
console.log(out);

function restored(name, folder) {
  const db = join(out, `${name}.sqlite`);
  rmSync(db, { force: true });
  espalier('restore', folder, db);
  return db;
}

/**
 * A database of the sizes up to a quarter of the pool, above which seeds share samples, and their intervals come out too
 * narrow. Null where no size is larger, and for sweeps whose verdicts do not count.
 */
function withFewerSamples(name) {
  const { definition, ...sweep } = JSON.parse(readFileSync(join(HERE, name, KEPT_FILES.sweep), 'utf8'));
  if (definition.thresholds.some(({ published }) => published)) return null;
  const mostSamples = (definition.dataset.pool ?? MNIST) / 4;
  const datasetSize = definition.axes.datasetSize.filter(n => n <= mostSamples);
  if (datasetSize.length === definition.axes.datasetSize.length) return null;
  const part = `${name}-quarter`;
  const folder = join(out, part);
  mkdirSync(folder, { recursive: true });
  const smaller = { ...definition, name: part, axes: { ...definition.axes, datasetSize } };
  writeFileSync(
    join(folder, KEPT_FILES.sweep),
    JSON.stringify({ ...sweep, name: part, definition: smaller }),
  );
  const ids = new Set();
  const read = file => parse(readFileSync(join(HERE, name, file)), { columns: true });
  for (const row of read(KEPT_FILES.trajectories))
    if (Number(row.dataset_size) <= mostSamples) ids.add(row.trajectory_id);
  const { sweep: _, ...tables } = KEPT_FILES;
  for (const file of Object.values(tables).filter(each => existsSync(join(HERE, name, each)))) {
    const rows = read(file);
    const own = rows.filter(row => ids.has(row.trajectory_id));
    writeFileSync(join(folder, file), stringify(own, { header: true }));
  }
  return restored(part, folder);
}

/** Compares each curve that the sweep has at one width with the table. One row for each width. */
function compareEach(name, db) {
  const settings = query(db, 'SELECT DISTINCT axes FROM thresholds ORDER BY axes').map(({ axes }) =>
    typeof axes === 'string' ? JSON.parse(axes) : axes,
  );
  const widths = query(db, 'SELECT width, count(DISTINCT axes) AS axes FROM thresholds GROUP BY width');
  // Settings that are zipped with the width do not divide: one comparison has all widths.
  const choices = widths.every(({ axes }) => axes === 1) ? [{}] : settings;
  return choices.flatMap((choice, i) => {
    const where = Object.entries(choice).flatMap(([path, value]) => [
      '--where',
      `${path}=${JSON.stringify(value).replaceAll('"', '')}`,
    ]);
    const file = join(out, `${name}${choices.length > 1 ? `-${i + 1}` : ''}`);
    const args = ['compare', db, table, '--from', '2000', ...where];
    writeFileSync(`${file}-compared.txt`, espalier(...args));
    const compared = JSON.parse(espalier(...args, '--json', '--figure', `${file}-compared.svg`));
    return compared.widths.map(({ width, from, byT, thresholds }) => ({
      sweep: name,
      width,
      ...choice,
      median: from.medianAbsolute,
      worst: from.worstAbsolute,
      mean: from.meanDifference,
      ...Object.fromEntries([0, 1000].map(t => [`mean_t${t}`, byT.find(row => row.t === t)?.meanDifference])),
      within_one_checkpoint: thresholds.withinOneCheckpoint,
      of: thresholds.compared,
    }));
  });
}

function asCsv(rows) {
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))];
  const field = value =>
    typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(6) : (value ?? '');
  return `${[names, ...rows.map(row => names.map(name => field(row[name])))].map(row => row.join(',')).join('\n')}\n`;
}
