#!/usr/bin/env node
// Measures what a queue costs: the same sweeps by a local pool of two threads and by two worker processes of one thread,
// side by side. Needs redis-server.
//
//   npm run build && node bench/queue/run.mjs [--only pace,small,wide,fleet,memory,snapshot] [--json]
//
//   pace      2,000 trajectories that wait for 50 ms: how much longer than the ideal
//   small     5,000 trajectories of 2 cells: trajectories a second; and BullMQ alone with empty jobs, the ceiling
//   wide      500 trajectories of 101 cells: cells a second
//   fleet     `wide` with 2 and with 50 workers: the coordinator's CPU per cell
//   memory    20,000 trajectories, of which workers that do nothing are ready to take 5,000: Redis's memory, and how many
//             are handed out
//   snapshot  126 MB written and read while others ask the same server, and one that does nothing else: their longest waits
//
// Wall times depend on what else runs; CPU times (of coordinator, workers and Redis together) much less. The machine's
// cores divided by the CPU time of one is what it could do at best: the ceiling.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Sqlite from 'better-sqlite3';
import { createRedisBackend, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { provenance } from '../../dist/src/base/provenance.js';
import { renderTable } from '../../dist/src/cli/output.js';
import { pack } from '../../dist/src/execute/queue/codec.js';
import { keysOf } from '../../dist/src/execute/queue/keys.js';
import { PROTOCOL } from '../../dist/src/execute/queue/schemas.js';
import { SnapshotTransfer } from '../../dist/src/execute/queue/snapshots.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const WORKERS = fileURLToPath(new URL('./workers.mjs', import.meta.url));
const PORT = 7_399;
const CONTROL_PORT = 7_398;
const URL_OF_QUEUE = `redis://127.0.0.1:${PORT}`;
const CORES = availableParallelism();
const TICKS_PER_S = 100;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'pace,small,wide,fleet,memory,snapshot' },
    json: { type: 'boolean', default: false },
  },
});
const wanted = options.only.split(',');
const home = mkdtempSync(join(tmpdir(), 'espalier-queue-'));
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

function sweepOf(name, trajectories, pretrainIterations) {
  const file = join(home, `${name}.yaml`);
  const sweep = {
    name,
    dataset: { name: 'digits', pool: 100, test: 10 },
    train: { batchSize: 1 },
    evaluate: { dense: ['train'], subnet: ['train'] },
    axes: {
      datasetSize: 2,
      width: 2,
      seed: { count: trajectories },
      pretrainIterations,
      subnetSize: 1,
    },
  };
  writeFileSync(file, JSON.stringify(sweep));
  return file;
}

/** CPU seconds of a process and its threads so far; 0 once it is gone. */
function cpuOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  } catch {
    return 0;
  }
}

const start = (file, args, env = {}) =>
  spawn(process.execPath, [file, ...args], {
    cwd: home,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });

/** Runs a sweep to its end. CPU times are of the part after the start of the processes. */
async function run(sweep, db, args, env, others = []) {
  rmSync(join(home, db), { force: true });
  const child = start(PROGRAM, ['run', sweep, '--noop', '--db', db, ...args], env);
  let stderr = '';
  child.stderr.on('data', text => {
    stderr += text;
  });
  const before = others.map(cpuOf);
  let cpu = 0;
  const sampling = setInterval(() => {
    cpu = Math.max(cpu, cpuOf(child.pid));
  }, 20);
  const code = await new Promise(resolve => child.on('close', resolve));
  clearInterval(sampling);
  if (code !== 0) throw new Error(`the run ended with ${code}: ${stderr}`);
  const othersCpu = others.reduce((sum, pid, i) => sum + cpuOf(pid) - before[i], 0);
  const file = new Sqlite(join(home, db), { readonly: true });
  const { cells, ms } = file
    .prepare('SELECT count(*) AS cells, max(finished_ms) - min(finished_ms) AS ms FROM cells')
    .get();
  const times = file.prepare('SELECT min(started_at) AS since, max(ended_at) AS until FROM attempts').get();
  file.close();
  return {
    cells,
    cellsPerSecond: (1000 * cells) / ms,
    seconds: (Date.parse(times.until) - Date.parse(times.since)) / 1000,
    coordinatorCpu: cpu,
    othersCpu,
  };
}

/** Starts worker processes, and waits until the first line of each. */
async function workers(count, env) {
  const children = range(0, count).map(() =>
    start(PROGRAM, ['worker', '--queue', URL_OF_QUEUE, '--threads', '1'], env),
  );
  await Promise.all(children.map(child => new Promise(resolve => child.stderr.once('data', resolve))));
  return children;
}

async function end(children) {
  await Promise.all(
    children.map(
      child =>
        new Promise(resolve => {
          child.on('close', resolve);
          child.kill('SIGTERM');
        }),
    ),
  );
}

/** The sweep by a local pool of two threads, then by two workers. */
async function sideBySide(name, trajectories, iterations, env = {}) {
  const sweep = sweepOf(name, trajectories, iterations);
  const local = await run(sweep, `${name}-local.sqlite`, ['--threads', '2'], env);
  const children = await workers(2, env);
  const pids = [...children.map(({ pid }) => pid), server.pid];
  const queue = await run(sweep, `${name}-queue.sqlite`, ['--queue', URL_OF_QUEUE], env, pids);
  await end(children);
  const row = (what, result) => {
    const cpu = result.coordinatorCpu + result.othersCpu;
    return {
      what: `${name}, ${what}`,
      trajectories,
      cells: result.cells,
      seconds: result.seconds,
      trajectoriesPerSecond: (result.cellsPerSecond * trajectories) / result.cells,
      cellsPerSecond: result.cellsPerSecond,
      cpuMsPerTrajectory: (1000 * cpu) / trajectories,
      coordinatorCpuMsPerTrajectory: (1000 * result.coordinatorCpu) / trajectories,
      ceilingTrajectoriesPerSecond: (CORES * trajectories) / cpu,
    };
  };
  return [row('local pool', local), row('queue', queue)];
}

/** BullMQ alone, with empty jobs, as workers take them: added in bulk, leased and completed one by one. */
async function bare() {
  const trajectories = 2_000;
  const redis = new Redis(PORT, { maxRetriesPerRequest: null });
  const queue = new Queue('bare', { connection: redis });
  const worker = new Worker('bare', null, { connection: redis, autorun: false }, (name, options) =>
    createRedisBackend(name, options),
  );
  await queue.waitUntilReady();
  const [since, cpu, ofServer] = [performance.now(), process.cpuUsage(), cpuOf(server.pid)];
  for (let added = 0; added < trajectories; added += 200)
    await queue.addBulk(
      range(0, 200).map(() => ({ name: 'x', data: {}, opts: { attempts: 1, removeOnComplete: true } })),
    );
  for (let done = 0; done < trajectories; ) {
    const jobs = await Promise.all(
      range(0, 8).map(i => worker.getNextJob(`token-${i}`, { block: false }).then(job => ({ i, job }))),
    );
    const taken = jobs.filter(({ job }) => job);
    await Promise.all(taken.map(({ i, job }) => job.moveToCompleted(null, `token-${i}`, false)));
    done += taken.length;
  }
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - since) / 1000;
  const spent = (user + system) / 1e6 + cpuOf(server.pid) - ofServer;
  await worker.close(true);
  await queue.obliterate({ force: true });
  await queue.close();
  redis.disconnect();
  return [
    {
      what: 'BullMQ alone, empty jobs',
      trajectories,
      seconds,
      cpuMsPerTrajectory: (1000 * spent) / trajectories,
      ceilingTrajectoriesPerSecond: (CORES * trajectories) / spent,
    },
  ];
}

/** Coordinator's CPU per cell, less that of its start. */
async function fleet() {
  const sweep = sweepOf('fleet', 500, range(0, 101));
  const results = [];
  for (const count of [2, 50]) {
    const child = start(WORKERS, [URL_OF_QUEUE, String(count)]);
    await new Promise(resolve => child.stderr.once('data', resolve));
    const result = await run(sweep, `fleet-${count}.sqlite`, ['--queue', URL_OF_QUEUE], {}, [child.pid]);
    await end([child]);
    results.push({
      what: `fleet of ${count}`,
      cells: result.cells,
      seconds: result.seconds,
      coordinatorCpuUsPerCell: (1e6 * result.coordinatorCpu) / result.cells,
    });
  }
  return results;
}

/** Heartbeats of workers that take nothing, until what is handed out grows no more. */
async function memory() {
  const sweep = sweepOf('memory', 20_000, range(0, 100));
  const keys = keysOf('bench-memory');
  const redis = new Redis(PORT);
  const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1]);
  const before = await used();
  const args = ['run', sweep, '--noop', '--db', 'memory.sqlite', '--queue', URL_OF_QUEUE];
  const child = start(PROGRAM, [...args, '--queue-name', 'bench-memory']);
  const by = { ...provenance(1_000), kernels: null };
  const [since, nothing] = [new Date().toISOString(), { running: [], cells: 0, trajectories: 0, dropped: 0 }];
  let [outstanding, unchanged] = [0, 0];
  for (let beat = 0; unchanged < 10 || outstanding === 0; beat++) {
    const message = { protocol: PROTOCOL, by, beat, since, memoryBytes: 2 ** 40, wanted: 1_000, ...nothing };
    await redis.hset(keys.workers, ...range(0, 5).flatMap(i => [`idle-${i}`, pack(message)]));
    await wait(500);
    const now = await redis.hlen(keys.tasks);
    unchanged = now === outstanding ? unchanged + 1 : 0;
    outstanding = now;
  }
  const bytes = (await used()) - before;
  child.kill('SIGKILL');
  await redis.flushall();
  redis.disconnect();
  return [
    {
      what: 'handed out, 100 checkpoints each',
      outstanding,
      redisKbEach: bytes / outstanding / 1e3,
      redisMb: bytes / 1e6,
    },
  ];
}

/**
 * The longest waits of a client that asks all the time: without and with a snapshot of 126 MB on its way, and, at the same
 * moments, of one that asks a server of its own: what the machine's other load makes anybody wait.
 */
async function snapshot() {
  const [busy, other, control] = [new Redis(PORT), new Redis(PORT), new Redis(CONTROL_PORT)];
  const transfer = new SnapshotTransfer(busy, keysOf('snapshot'), reason => {
    throw new Error(reason);
  });
  const longest = async work => {
    let isDone = false;
    const asking = [other, control].map(async client => {
      let most = 0;
      while (!isDone) {
        const since = performance.now();
        await client.ping();
        most = Math.max(most, performance.now() - since);
        await wait(1);
      }
      return most;
    });
    const since = performance.now();
    await work();
    isDone = true;
    const [ms, controlMs] = await Promise.all(asking);
    return { ms, controlMs, seconds: (performance.now() - since) / 1000 };
  };
  const bytes = new Uint8Array(126e6);
  const row = (what, { seconds, ms, controlMs }) => ({
    what: `126 MB, ${what}`,
    seconds,
    longestWaitMs: ms,
    controlWaitMs: controlMs,
  });
  const rows = [];
  for (let round = 0; round < 3; round++)
    rows.push(
      row('no transfer', await longest(() => wait(2_000))),
      row('written', await longest(() => transfer.write('ticket', { t: 1, bytes }, () => true))),
      row('read', await longest(() => transfer.read('ticket'))),
    );
  await transfer.remove('ticket');
  for (const client of [busy, other, control]) client.disconnect();
  return rows;
}

const startServer = port =>
  spawn('redis-server', ['--port', String(port), '--save', '', '--dir', home], { stdio: 'ignore' });
const server = startServer(PORT);
const control = startServer(CONTROL_PORT);
const report = { cores: CORES, load: [loadavg()[0]], rows: [], redisPeakBytes: 0 };
try {
  const redis = new Redis(PORT);
  await redis.ping();
  if (wanted.includes('pace'))
    report.rows.push(...(await sideBySide('pace', 2_000, [1], { ESPALIER_NOOP_STEP_MS: '50' })));
  if (wanted.includes('small'))
    report.rows.push(...(await sideBySide('small', 5_000, [0, 1])), ...(await bare()));
  if (wanted.includes('wide')) report.rows.push(...(await sideBySide('wide', 500, range(0, 101))));
  if (wanted.includes('fleet')) report.rows.push(...(await fleet()));
  if (wanted.includes('memory')) report.rows.push(...(await memory()));
  report.redisPeakBytes = Number(/used_memory_peak:(\d+)/.exec(await redis.info('memory'))[1]);
  if (wanted.includes('snapshot')) report.rows.push(...(await snapshot()));
  report.load.push(loadavg()[0]);
  redis.disconnect();
} finally {
  server.kill();
  control.kill();
  rmSync(home, { recursive: true });
}
if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
else {
  const columns = [...new Set(report.rows.flatMap(row => Object.keys(row)))];
  const shown = value => (typeof value === 'number' ? Number(value.toPrecision(4)) : (value ?? null));
  process.stdout.write(
    renderTable(
      columns,
      report.rows.map(row => columns.map(column => shown(row[column]))),
    ),
  );
  process.stdout.write(
    `${CORES} cores, load ${report.load.map(load => load.toFixed(1)).join(' before, ')} after; ` +
      `Redis took at most ${(report.redisPeakBytes / 1e6).toFixed(1)} MB without the snapshot\n`,
  );
}
