import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runInside } from '../support/inside.js';
import { type ProcessResult, Workplace } from '../support/program.js';
import { numbers, query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';

let work: Workplace;
beforeAll(() => {
  work = new Workplace();
});
afterAll(() => work.remove());

const sweep = (name: string) =>
  work.sweep(plainSweep({ name, axes: { datasetSize: 40, width: [20, 21, 22], seed: [0] } }));
const statuses = (db: string) =>
  query(work.path(db), 'SELECT width, status, error_code, attempts FROM trajectories ORDER BY width');
function run(faults: string, ...args: string[]): Promise<ProcessResult> {
  vi.stubEnv('ESPALIER_NOOP_FAULTS', faults);
  return runInside(work, 'run', ...args, '--noop', '--threads', '2');
}

describe('a trajectory that fails', () => {
  it('is retried where that can help, and every attempt is recorded', async () => {
    const file = sweep('faulty');
    const first = await run(
      'exit:20:once divergence:21',
      ...[file, '--retries', '1', '--set', 'axes.width=[20, 21]'],
    );
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(
      /^warning: trajectory [0-9a-f]+ failed: WORKER_DIED: .+; it is tried again \(1 of 1\)$/m,
    );
    expect(first.stderr).toMatch(/^trajectory [0-9a-f]+ failed: DIVERGED: /m);
    // By itself, so that a busy machine makes no other trajectory too late.
    const late = await run('hang:22', file, '--timeout', '1', '--retries', '1');
    expect(late.code).toBe(1);
    expect(late.stderr).toMatch(
      /^trajectory [0-9a-f]+ failed: TIMEOUT: took longer than the 1 s that `espalier run --timeout` allows$/m,
    );
    expect(statuses('results/faulty.sqlite')).toEqual([
      { width: 20, status: 'done', error_code: null, attempts: 2 },
      { width: 21, status: 'failed', error_code: 'DIVERGED', attempts: 1 },
      { width: 22, status: 'failed', error_code: 'TIMEOUT', attempts: 2 },
    ]);
    const attempts = query(
      work.path('results/faulty.sqlite'),
      `SELECT width, outcome, a.error_code, a.error IS NULL AS no_message, a.stack IS NULL AS no_stack
       FROM attempts a JOIN trajectories y ON y.id = a.trajectory_id ORDER BY width, a.id`,
    );
    expect(attempts).toEqual([
      { width: 20, outcome: 'failed', error_code: 'WORKER_DIED', no_message: 0, no_stack: 0 },
      { width: 20, outcome: 'done', error_code: null, no_message: 1, no_stack: 1 },
      { width: 21, outcome: 'failed', error_code: 'DIVERGED', no_message: 0, no_stack: 0 },
      { width: 22, outcome: 'failed', error_code: 'TIMEOUT', no_message: 0, no_stack: 1 },
      { width: 22, outcome: 'failed', error_code: 'TIMEOUT', no_message: 0, no_stack: 1 },
    ]);
    // A failed trajectory does not count as done, and the next run does not retry it.
    const again = await run('', 'faulty.yaml');
    expect(again.code).toBe(1);
    expect(
      query(
        work.path('results/faulty.sqlite'),
        'SELECT trajectories_done, trajectories_failed FROM progress',
      ),
    ).toEqual([{ trajectories_done: 1, trajectories_failed: 2 }]);
  });

  it('is set to pending by retry, all or those of one code, and then gives the usual results', async () => {
    const db = 'results/faulty.sqlite';
    expect(await runInside(work, 'retry', db, '--code', 'ERROR')).toMatchObject({
      code: 0,
      stdout: '0 trajectories are pending again\n',
      stderr: 'note: none failed with ERROR, only with DIVERGED, TIMEOUT\n',
    });
    const json = JSON.parse((await runInside(work, 'retry', db, '--code', 'TIMEOUT', '--json')).stdout);
    expect(json).toEqual({
      db,
      retried: [
        {
          trajectoryId: expect.any(String),
          errorCode: 'TIMEOUT',
          error: expect.stringMatching(/^took longer/),
        },
      ],
    });
    const { code, stdout, stderr } = await runInside(work, 'retry', db);
    expect(code).toBe(0);
    expect(stderr).toBe('note: 1 diverged, and will again: with the same settings come the same bits\n');
    expect(stdout).toMatch(/DIVERGED/);
    expect(stdout).toMatch(/^1 trajectory is pending again; run the sweep to try again$/m);
    expect(statuses(db).map(({ status }) => status)).toEqual(['done', 'pending', 'pending']);
    expect((await run('', 'faulty.yaml')).code).toBe(0);
    expect((await run('', sweep('faulty'), '--db', 'sound.sqlite')).code).toBe(0);
    expect(numbers(work.path(db))).toEqual(numbers(work.path('sound.sqlite')));
    expect(readdirSync(work.path('results'))).toEqual(['faulty.sqlite', 'faulty.sqlite.log']);
  });
});

describe('retry', () => {
  it('is refused while a run holds the lock', async () => {
    const file = sweep('held');
    const { child, ended, stderrMatches } = work.startWith(
      { ESPALIER_NOOP_STEP_MS: '100' },
      'run',
      file,
      '--noop',
    );
    await stderrMatches(/cells/);
    const { code, stderr } = await runInside(work, 'retry', 'results/held.sqlite');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^espalier: results\/held.sqlite: held by another run \(process \d+ on /);
    child.kill('SIGINT');
    await ended;
  });

  it('creates no database', async () => {
    expect(await runInside(work, 'retry', 'none.sqlite')).toMatchObject({
      code: 2,
      stderr: 'espalier: none.sqlite: no such database; `espalier run` creates it\n',
    });
    expect(existsSync(work.path('none.sqlite'))).toBe(false);
  });
});
