#!/usr/bin/env node
// Measures the cost of scheduling and recording: many short trajectories, compared with their own time.
//
//   npm run build && node bench/schedule/run.mjs [options]
//
//   --trajectories N   10000
//   --ms MS            duration of a trajectory (50); it sleeps, so it needs no core of its own
//   --threads T        2
//   --json             prints the figures as JSON
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Sqlite from 'better-sqlite3';
import { renderTable } from '../../dist/src/cli/output.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

const { values: options } = parseArgs({
  options: {
    trajectories: { type: 'string', default: '10000' },
    ms: { type: 'string', default: '50' },
    threads: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
const [trajectories, ms, threads] = [options.trajectories, options.ms, options.threads].map(Number);

const folder = mkdtempSync(join(tmpdir(), 'espalier-schedule-'));
try {
  const sweep = {
    name: 'schedule',
    dataset: { name: 'digits', pool: 100, test: 10 },
    train: { batchSize: 1 },
    evaluate: { dense: ['train'], subnet: ['train'] },
    // One step takes the whole trajectory's time.
    axes: { datasetSize: 2, width: 2, seed: { count: trajectories }, pretrainIterations: [1], subnetSize: 1 },
  };
  writeFileSync(join(folder, 'schedule.yaml'), JSON.stringify(sweep));
  const args = ['run', 'schedule.yaml', '--noop', '--threads', String(threads), '--db', 'schedule.sqlite'];
  const loadBefore = loadavg()[0];
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { ...process.env, ESPALIER_NOOP_STEP_MS: String(ms) },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`the run ended with ${status}: ${stderr}`);
  const report = { ...measured(join(folder, 'schedule.sqlite')), loadBefore, loadAfter: loadavg()[0] };
  if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else print(report);
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * Seconds from the start of the first trajectory to the end of the last, from the database. Compared with the ideal
 * and with the trajectories' own time, since sleeping for 50 ms takes longer on a busy machine.
 */
function measured(file) {
  const db = new Sqlite(file, { readonly: true });
  const {
    began: started,
    ended,
    done,
  } = db
    .prepare(
      `SELECT min(started_at) AS began, max(ended_at) AS ended, sum(outcome = 'done') AS done FROM attempts`,
    )
    .get();
  const { waited } = db.prepare('SELECT sum(train_wall_s) AS waited FROM trajectories').get();
  db.close();
  if (done !== trajectories) throw new Error(`${done} of ${trajectories} trajectories are done`);
  const seconds = (Date.parse(ended) - Date.parse(started)) / 1000;
  const ideal = (trajectories * ms) / 1000 / threads;
  const own = waited / threads;
  const longer = { thanIdeal: seconds / ideal - 1, thanOwn: seconds / own - 1 };
  return { trajectories, ms, threads, cores: availableParallelism(), seconds, ideal, own, longer };
}

function print({ seconds, ideal, own, longer, cores, loadBefore, loadAfter }) {
  const percent = share => `${(100 * share).toFixed(2)}%`;
  const columns = [
    'trajectories',
    'ms each',
    'threads',
    'took s',
    'ideal s',
    'longer',
    'own s',
    'longer than own',
  ];
  const row = [
    trajectories,
    ms,
    threads,
    seconds,
    ideal,
    percent(longer.thanIdeal),
    own.toFixed(3),
    percent(longer.thanOwn),
  ];
  process.stdout.write(renderTable(columns, [row]));
  process.stdout.write(
    `${cores} cores, load ${loadBefore.toFixed(1)} before and ${loadAfter.toFixed(1)} after\n`,
  );
}
