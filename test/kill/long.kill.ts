/**
 * The long form of the kill test: `npm run test:kill`. ESPALIER_KILL_SEED repeats a run, ESPALIER_KILLS says how often
 * to kill (500). About half an hour on two cores.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPoolExecutor, parseSweep, prepareSweep, runSweep } from '../../src/index.js';
import { integerBelow, stream } from '../../src/math/random.js';
import { STALE_MS } from '../../src/store/file/lock-row.js';
import { type Started, Workplace } from '../support/program.js';
import { query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';
import { added, compared, killAndCompare, NOTHING, type Outcome, SEED, type Subject } from './harness.js';
import { SmallDisk } from './small-disk.js';
import { NOOP, PLAIN, RICH } from './subjects.js';
import { killingThreads } from './threads.js';

const KILLS = Number(process.env.ESPALIER_KILLS ?? 500);
const RIGHT = { missing: 0, duplicate: 0, differing: 0 };

const work = new Workplace();
afterAll(() => work.remove());
const say = (what: string, outcome: object) => console.log(`${what}: ${JSON.stringify(outcome)}`);

/** Its steps take so long that it is at work whenever it is stopped, and for as long as the other tests take. */
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

let sleeper: Started;
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
  await sleeper.said(/cells/);
  await wait(6_000);
  sleeper.child.kill('SIGSTOP');
  asleepSince = performance.now();
}, 60_000);

describe('the whole process', () => {
  const share = (of: number) => Math.ceil(KILLS * of);
  it.each([
    ['plain', PLAIN, share(0.45)],
    ['rich', RICH, share(0.3)],
    ['full-batch', fullBatch(), share(0.1)],
    ['noop', NOOP, share(0.16)],
  ] as const)('is killed: %s', async (name, subject, kills) => {
    const outcome = await killAndCompare(work, subject, kills, `long-${name}`);
    say(name, outcome);
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
  it.each([1, 2, 3])('are ended at random moments, of %s', async threads => {
    const { sweep } = RICH;
    const file = work.sweep(sweep);
    const calm = `threads-calm-${threads}.sqlite`;
    expect((await work.run('run', file, '--db', calm)).code).toBe(0);
    const next = stream(SEED, 'threads', threads);
    const prepared = await prepareSweep(parseSweep(JSON.stringify(sweep)));
    let outcome: Outcome = NOTHING;
    let failures = 0;
    const killed = await killingThreads(next, 250, async count => {
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
        outcome = added(outcome, { ...NOTHING, databases: 1, ...compared(db, work.path(calm)) });
      }
    });
    say(`threads of ${threads}`, { ...outcome, killed, failures });
    expect(outcome).toMatchObject(RIGHT);
    expect(failures).toBeGreaterThan(killed / 4);
    expect(failures).toBeLessThanOrEqual(killed);
  });
});

it('the disk is full again and again, and the process killed then, too', async () => {
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
        await run.said(/cells/).catch(() => {});
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
      // On a disk that is full from the start there is nothing to wait with.
      if (code === 2) expect(stderr).toMatch(/no room on the disk|cannot be read or written/);
      else if (code !== null) expect([0, 3]).toContain(code);
    }
    const outcome = compared(db, work.path('disk-calm.sqlite'));
    say('full disk', { ...outcome, ...count });
    expect(outcome).toMatchObject(RIGHT);
    expect(count.waits).toBeGreaterThan(3);
  } finally {
    disk.unmount();
  }
});

it('a process that is stopped for longer than every lease goes on as if nothing had been', async () => {
  const { sweep, args, env } = PATIENT;
  const left = STALE_MS + 15_000 - (performance.now() - asleepSince);
  if (left > 0) await wait(left);
  const other = await work.run('run', 'patient.yaml', '--db', 'asleep.sqlite', ...args!);
  expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('held by another run') });
  sleeper.child.kill('SIGCONT');
  const { code, stderr } = await sleeper.ended;
  const sleptS = Math.round((performance.now() - asleepSince) / 1000);
  // Neither timed out nor lost.
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
  const outcome = compared(work.path('asleep.sqlite'), work.path('awake.sqlite'));
  say('stopped', { ...outcome, sleptS });
  expect(outcome).toMatchObject(RIGHT);
});
