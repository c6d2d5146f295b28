/**
 * The long form of the kill test: `npm run test:kill`, about half an hour on two cores. ESPALIER_KILL_SEED repeats a
 * run, ESPALIER_KILLS is the number of kills (500).
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPoolExecutor, parseSweep, prepareSweep, runSweep } from '../../src/index.js';
import { integerBelow, stream } from '../../src/math/random.js';
import { STALE_MS } from '../../src/store/file/lock-row.js';
import { type RunningProcess, Workplace } from '../support/program.js';
import { query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';
import {
  addOutcomes,
  compareDatabases,
  killAndCompare,
  NO_OUTCOME,
  type Outcome,
  SEED,
  type Subject,
} from './harness.js';
import { SmallDisk } from './small-disk.js';
import { NOOP, PLAIN, REFINED, RICH } from './subjects.js';
import { withThreadKiller } from './threads.js';

const KILLS = Number(process.env.ESPALIER_KILLS ?? 500);
const RIGHT = { missing: 0, duplicate: 0, differing: 0 };

const work = new Workplace();
afterAll(() => work.remove());
const report = (what: string, outcome: object) => console.log(`${what}: ${JSON.stringify(outcome)}`);

/** Its long steps keep it at work whenever SIGSTOP comes, and longer than the other tests run. */
const PATIENT: Subject = {
  sweep: plainSweep({
    name: 'patient',
    axes: { datasetSize: 40, seed: { count: 2 }, pretrainIterations: [10, 20, 30, 40], subnetSize: 3 },
  }),
  args: ['--noop', '--timeout', '20', '--retries', '0'],
  env: { ESPALIER_NOOP_STEP_MS: '400' },
  threads: [1],
  withinMs: 0,
};

let sleeper: RunningProcess;
let asleepSince = 0;
beforeAll(async () => {
  console.log(`seed ${SEED}; ESPALIER_KILL_SEED repeats it`);
  const file = work.sweep(PATIENT.sweep);
  sleeper = work.startWith(
    PATIENT.env!,
    'run',
    file,
    '--db',
    'asleep.sqlite',
    '--threads',
    '1',
    ...PATIENT.args!,
  );
  await sleeper.stderrMatches(/cells/);
  await wait(6_000);
  sleeper.child.kill('SIGSTOP');
  asleepSince = performance.now();
}, 60_000);

describe('the whole process', () => {
  const share = (of: number) => Math.ceil(KILLS * of);
  it.each([
    ['plain', PLAIN, share(0.35)],
    ['refined', REFINED, share(0.2)],
    ['rich', RICH, share(0.2)],
    ['full-batch', fullBatch(), share(0.1)],
    ['noop', NOOP, share(0.16)],
  ] as const)('loses nothing when killed: %s', async (name, subject, kills) => {
    const outcome = await killAndCompare(work, subject, kills, `long-${name}`);
    report(name, outcome);
    expect(outcome).toMatchObject(RIGHT);
    expect(outcome.kills).toBeGreaterThanOrEqual(kills);
  });
});

function fullBatch(): Subject {
  const axes = { datasetSize: 60, seed: { count: 3 }, pretrainIterations: { from: 0, to: 3000, ratio: 2 } };
  const sweep = plainSweep({
    name: 'full-batch',
    network: { activation: 'softplus', scaling: 'ntk', symmetricInit: true },
    inputs: { scaling: 'unit' },
    train: { batchSize: 'full', learningRate: 2, momentum: 0.5 },
    axes,
  });
  return { ...PLAIN, sweep, threads: [1, 4] };
}

describe('worker threads', () => {
  it.each([1, 2, 3])('lose nothing when terminated at random moments, of %s', async threads => {
    const { sweep } = RICH;
    const file = work.sweep(sweep);
    const calm = `threads-calm-${threads}.sqlite`;
    expect((await work.run('run', file, '--db', calm)).code).toBe(0);
    const next = stream(SEED, 'threads', threads);
    const prepared = await prepareSweep(parseSweep(JSON.stringify(sweep)));
    let outcome: Outcome = NO_OUTCOME;
    let failures = 0;
    const killed = await withThreadKiller(next, 250, async count => {
      for (let database = 0; count() < 60; database++) {
        const db = work.path(`threads-${threads}-${database}.sqlite`);
        await runSweep(prepared, {
          db,
          threads,
          retries: Number.POSITIVE_INFINITY,
          snapshotEveryMs: 30,
          executor: datasets => createPoolExecutor({ engine: 'wasm', datasets, threads }),
        });
        failures += Number(
          query(db, `SELECT count(*) AS n FROM attempts WHERE error_code = 'WORKER_DIED'`)[0]!.n,
        );
        outcome = addOutcomes(outcome, {
          ...NO_OUTCOME,
          databases: 1,
          ...compareDatabases(db, work.path(calm)),
        });
      }
    });
    report(`threads of ${threads}`, { ...outcome, killed, failures });
    expect(outcome).toMatchObject(RIGHT);
    expect(failures).toBeGreaterThan(killed / 4);
    expect(failures).toBeLessThanOrEqual(killed);
  });
});

it('a run on a disk that fills repeatedly, killed in between, loses nothing', async () => {
  const disk = SmallDisk.mount(24);
  if (!disk) return;
  try {
    const next = stream(SEED, 'disk');
    const { args = [] } = NOOP;
    const file = work.sweep(NOOP.sweep);
    expect((await work.run('run', file, '--db', 'disk-calm.sqlite', ...args)).code).toBe(0);
    const db = `${disk.folder}/torn.sqlite`;
    const count = { full: 0, waits: 0, kills: 0 };
    for (let round = 0, isDone = false; !isDone; round++) {
      const run = work.startWith(
        { ESPALIER_NOOP_STEP_MS: '1' },
        'run',
        file,
        '--db',
        db,
        '--threads',
        '2',
        ...args,
      );
      if (round < 20) {
        await run.stderrMatches(/cells/).catch(() => {});
        await Promise.race([wait(600 * next()), run.ended]);
        disk.fill(integerBelow(next, 1 << 17));
        count.full++;
        await Promise.race([wait(2_500 * next()), run.ended]);
        if (next() < 0.5) {
          run.child.kill('SIGKILL');
          count.kills++;
        }
        disk.empty();
        await Promise.race([wait(1_500 * next()), run.ended]);
        run.child.kill(next() < 0.5 ? 'SIGTERM' : 'SIGKILL');
      }
      const { code, stderr } = await run.ended;
      if (/the disk is full/.test(stderr)) count.waits++;
      isDone = code === 0;
      // A run that starts on a full disk cannot wait: it has no database yet.
      if (code === 2) expect(stderr).toMatch(/no room on the disk|cannot be read or written/);
      else if (code !== null) expect([0, 3]).toContain(code);
    }
    const outcome = compareDatabases(db, work.path('disk-calm.sqlite'));
    report('full disk', { ...outcome, ...count });
    expect(outcome).toMatchObject(RIGHT);
    expect(count.waits).toBeGreaterThan(3);
  } finally {
    disk.unmount();
  }
});

it('a process stopped (SIGSTOP) for longer than every lease continues normally', async () => {
  const { sweep, args, env } = PATIENT;
  const left = STALE_MS + 15_000 - (performance.now() - asleepSince);
  if (left > 0) await wait(left);
  const other = await work.run('run', 'patient.yaml', '--db', 'asleep.sqlite', ...args!);
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('held by another run') });
  sleeper.child.kill('SIGCONT');
  const { code, stderr } = await sleeper.ended;
  const sleptS = Math.round((performance.now() - asleepSince) / 1000);
  // It has neither timed out nor lost its lock.
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const outcomes = 'SELECT outcome, error_code FROM attempts';
  expect(query(work.path('asleep.sqlite'), outcomes)).toEqual(
    [1, 2].map(() => ({ outcome: 'done', error_code: null })),
  );
  const file = work.sweep(sweep);
  expect(
    (
      await work.startWith(
        { ...env, ESPALIER_NOOP_STEP_MS: '0' },
        'run',
        file,
        '--db',
        'awake.sqlite',
        ...args!,
      ).ended
    ).code,
  ).toBe(0);
  const outcome = compareDatabases(work.path('asleep.sqlite'), work.path('awake.sqlite'));
  report('stopped', { ...outcome, sleptS });
  expect(outcome).toMatchObject(RIGHT);
});
