/**
 * Measures how many cells per second reach the disk with an engine that computes nothing, and the cost of a cell as
 * their number grows. For comparison, it measures GNU parallel (Debian `parallel`) and piscina alone.
 *
 * Run `npm run bench:throughput [-- largest]` after `npm run build`. 10^6 cells take some minutes. Results are in
 * docs/reliability.md.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { Piscina } from 'piscina';

const PROGRAM = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;
const THREADS = 2;
/** Runs of the small sweeps, for the median: they are too short to average out a disturbance. */
const REPEATS = 5;
const SAMPLE_MS = 50;

const largest = Number(process.argv[2] ?? 1e6);
const home = mkdtempSync(join(tmpdir(), 'espalier-throughput-'));
const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Writes a sweep of `cells` cells, `perTrajectory` in each trajectory. */
function sweepOf(cells, perTrajectory) {
  const file = join(home, `cells-${cells}-${perTrajectory}.yaml`);
  const [checkpoints, sizes] = perTrajectory === 1 ? [[0], [1]] : [range(0, 10), range(1, 11)];
  const axes = {
    datasetSize: 2,
    width: 10,
    seed: { count: cells / perTrajectory },
    pretrainIterations: checkpoints,
    subnetSize: sizes,
  };
  const dataset = { name: 'digits', pool: 10, test: 10 };
  writeFileSync(file, JSON.stringify({ name: 'cells', dataset, axes }));
  return file;
}
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** Seconds, and peak resident bytes (0 without /proc). */
async function timed(...args) {
  const started = performance.now();
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', text => {
    stderr += text;
  });
  let bytes = 0;
  const sampling = setInterval(() => {
    bytes = Math.max(bytes, residentPeak(child.pid));
  }, SAMPLE_MS);
  const code = await new Promise(resolve => child.on('close', resolve));
  clearInterval(sampling);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
  return { seconds: (performance.now() - started) / 1000, bytes };
}

function residentPeak(pid) {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Durable cells per second, from the first recorded to the last; excludes start-up. */
function rateOf(db) {
  const file = new Sqlite(db, { readonly: true });
  const { cells, ms } = file
    .prepare('SELECT count(*) AS cells, max(finished_ms) - min(finished_ms) AS ms FROM cells')
    .get();
  file.close();
  return { cells, perSecond: (1000 * cells) / ms };
}

async function measured(cells, perTrajectory) {
  const sweep = sweepOf(cells, perTrajectory);
  const db = join(home, `${cells}-${perTrajectory}.sqlite`);
  const runs = [];
  for (let i = 0; i < (cells <= 10_000 ? REPEATS : 1); i++) {
    rmSync(db, { force: true });
    const run = await timed('run', sweep, '--noop', '--threads', String(THREADS), '--db', db);
    runs.push({ ...run, ...rateOf(db) });
  }
  if (runs.some(run => run.cells !== cells)) throw new Error(`not ${cells} cells`);
  return {
    sweep,
    db,
    cells,
    perTrajectory,
    perSecond: median(runs.map(run => run.perSecond)),
    seconds: median(runs.map(run => run.seconds)),
    bytes: median(runs.map(run => run.bytes)),
  };
}

function parallelMs(jobs = 500) {
  try {
    const started = performance.now();
    execFileSync('sh', ['-c', `seq ${jobs} | parallel -j${THREADS} true`], { stdio: 'ignore' });
    return (performance.now() - started) / jobs;
  } catch {
    return null;
  }
}

async function piscinaPerSecond(tasks = 20_000) {
  const filename = new URL('empty.mjs', import.meta.url).href;
  const pool = new Piscina({ filename, minThreads: THREADS, maxThreads: THREADS });
  await pool.run(null);
  const started = performance.now();
  let next = 0;
  const worker = async () => {
    while (next++ < tasks) await pool.run(next);
  };
  await Promise.all(Array.from({ length: THREADS }, worker));
  const perSecond = (1000 * tasks) / (performance.now() - started);
  await pool.destroy();
  return perSecond;
}

try {
  console.log(`${cpus().length} x ${cpus()[0].model}, Node ${process.version}, ${THREADS} threads`);
  const results = [];
  for (const perTrajectory of [100, 1]) {
    for (const cells of [1e3, 1e5, 1e6]) {
      // One cell per trajectory is the costliest case; a tenth of the cells shows the rate as well.
      const count = perTrajectory === 1 ? Math.max(1e3, cells / 10) : cells;
      if (count > largest || (perTrajectory === 1 && cells === 1e3 && largest < 1e3)) continue;
      results.push(await measured(count, perTrajectory));
    }
  }
  console.log(
    '\n| cells | a trajectory | durable cells/s | us a cell | whole command | resident at most | file |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const { cells, perTrajectory, perSecond, seconds, bytes, db } of results) {
    const columns = [
      cells,
      perTrajectory,
      Math.round(perSecond),
      (1e6 / perSecond).toFixed(1),
      `${seconds.toFixed(1)} s`,
      `${Math.round(bytes / 1e6)} MB`,
      `${(statSync(db).size / 1e6).toFixed(1)} MB`,
    ];
    console.log(`| ${columns.join(' | ')} |`);
  }
  console.log('\n| on the finished database of | run again | plan | status | query progress | ten results |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const { cells, perTrajectory, sweep, db } of results.filter(({ cells }) => cells > 1e4)) {
    const times = [];
    for (const args of [
      ['run', sweep, '--noop', '--db', db],
      ['plan', sweep, '--noop', '--db', db],
      ['status', db],
      ['query', db, 'SELECT * FROM progress'],
      ['query', db, 'SELECT * FROM results LIMIT 10'],
    ]) {
      times.push(`${(await timed(...args)).seconds.toFixed(1)} s`);
    }
    console.log(`| ${cells} cells, ${perTrajectory} a trajectory | ${times.join(' | ')} |`);
  }
  const ms = parallelMs();
  console.log(
    `\nGNU parallel: ${ms === null ? 'not installed' : `${ms.toFixed(1)} ms a job (-j${THREADS} true)`}`,
  );
  console.log(`piscina alone: ${Math.round(await piscinaPerSecond())} empty tasks/s`);
} finally {
  rmSync(home, { recursive: true, force: true });
}
