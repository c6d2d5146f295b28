import { readFileSync, statSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { askYes } from '../../src/cli/ask.js';
import { Store } from '../../src/store/write/store.js';
import { ATTEMPT, completeTrajectory, config, greedy, planned, sweep } from '../store/fixtures.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { query } from '../support/results.js';

const work = new Workplace();
afterAll(() => work.remove());

const TIMES = Array.from({ length: 150 }, (_, t) => t);
const PLANS = [0, 1, 2].map(seed => planned(`s${seed}`, TIMES, [greedy(3), greedy(4)], config(20, seed)));
let database = 0;
let db = '';
const forget = (...args: string[]) => runInside(work, 'forget', db, ...args);
const cells = () => Number(query(work.path(db), 'SELECT count(*) AS n FROM cells')[0]!.n);

describe('forget', () => {
  /** Sweep `one` has lost trajectory 1 by an edit; trajectory 2 of sweep `two` has failed. */
  beforeEach(() => {
    db = `${database++}.sqlite`;
    const store = Store.open(work.path(db));
    store.saveSweep(sweep('one'), PLANS.slice(0, 2));
    for (const plan of PLANS.slice(0, 2)) completeTrajectory(store, plan);
    store.saveSweep(sweep('one', { definition: 'edited' }), PLANS.slice(0, 1));
    store.saveSweep(sweep('two'), [PLANS[0]!, PLANS[2]!]);
    store.started('s2', ATTEMPT);
    store.finished('s2', { kind: 'failed', code: 'DIVERGED', message: 'not finite', stack: null });
    store.close();
  });

  it.each([
    [[], 'expected one of --sweep NAME, --unused and --failed'],
    [['--unused', '--failed'], '--unused and --failed: expected one of --sweep NAME, --unused and --failed'],
    [
      ['--sweep', 'one', '--failed', '--yes'],
      '--sweep and --failed: expected one of --sweep NAME, --unused and --failed',
    ],
    [['--sweep', 'ona', '--yes'], '--sweep: found "ona" (did you mean one?), expected one of: one, two'],
    [['--sweep', '', '--yes'], '--sweep: found "", expected a value'],
  ])('is refused in one line for %j', async (args, message) => {
    const before = readFileSync(work.path(db));
    expect(await forget(...args)).toEqual({
      code: 2,
      signal: null,
      stdout: '',
      stderr: `espalier: ${message}\n`,
    });
    expect(readFileSync(work.path(db)).equals(before)).toBe(true);
  });

  it('creates no database', async () => {
    const { code, stderr } = await runInside(work, 'forget', 'none.sqlite', '--unused', '--yes');
    expect([code, stderr]).toEqual([
      2,
      'espalier: none.sqlite: no such database; `espalier run` creates it\n',
    ]);
  });

  it('says what it would delete, in one line, and deletes nothing without --yes or a terminal', async () => {
    const before = readFileSync(work.path(db));
    const { code, stdout, stderr } = await forget('--unused');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^espalier: \d+\.sqlite: deletes what no sweep asks for: 1 trajectory, 150 checkpoints, 300 cells, 1 attempt, about [\d.]+ kB; there is no terminal to ask, expected --yes\n$/,
    );
    const json = await forget('--sweep', 'two', '--json');
    expect([json.code, json.stderr]).toEqual([2, expect.stringMatching(/expected --yes\n$/)]);
    expect(JSON.parse(json.stdout)).toMatchObject({ scope: 'sweep', sweep: 'two', deleted: false });
    expect(readFileSync(work.path(db)).equals(before)).toBe(true);
  });

  it('deletes with --yes, and says how much smaller the file is', async () => {
    const before = statSync(work.path(db)).size;
    const { code, stdout, stderr } = await forget('--unused', '--yes');
    const freed = before - statSync(work.path(db)).size;
    expect([code, stderr, freed > 10_000]).toEqual([0, '', true]);
    expect(stdout).toMatch(/^\d+\.sqlite: deletes what no .*\ndeleted; the file is [\d.]+ kB smaller\n$/);
    expect(cells()).toBe(300);
    for (const args of [['--unused'], ['--unused', '--yes']])
      expect(await forget(...args)).toEqual({
        code: 0,
        signal: null,
        stdout: `${db}: nothing to forget\n`,
        stderr: '',
      });
  });

  it('prints JSON', async () => {
    const before = statSync(work.path(db)).size;
    const { code, stdout } = await forget('--sweep', 'one', '--yes', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      db,
      scope: 'sweep',
      sweep: 'one',
      deleted: true,
      trajectories: 1,
      pendingAgain: 0,
      checkpoints: 150,
      cells: 300,
      attempts: 1,
      snapshots: 0,
      bytes: before - statSync(work.path(db)).size,
      notShrunk: null,
    });
    expect(query(work.path(db), 'SELECT sweep FROM progress')).toEqual([{ sweep: 'two' }]);
  });

  it('makes failed trajectories pending', async () => {
    const { stdout } = await forget('--failed', '--yes');
    expect(stdout).toMatch(
      /what failed trajectories have recorded: 1 attempt, .*; pending again: 1 trajectory\n/,
    );
    expect(query(work.path(db), `SELECT status FROM trajectories WHERE id = 's2'`)).toEqual([
      { status: 'pending' },
    ]);
    expect(cells()).toBe(600);
  });

  it('gives back the space that a killed process has left', async () => {
    // The state after the deletion and before the file was made smaller.
    const file = new Sqlite(work.path(db));
    file.exec(`DELETE FROM cells WHERE trajectory = 2; DELETE FROM checkpoints WHERE trajectory = 2;
      DELETE FROM attempts WHERE trajectory_id = 's1'; DELETE FROM trajectory_keys WHERE key = 2;
      DELETE FROM trajectories WHERE id = 's1'`);
    file.close();
    expect((await forget('--unused')).stdout).toBe(`${db}: nothing to forget\n`);
    expect((await forget('--unused', '--yes')).stdout).toMatch(
      /: nothing to forget\nthe file is .* smaller\n$/,
    );
  });

  it('is refused while a run holds the database', async () => {
    const store = Store.open(work.path(db));
    try {
      for (const args of [['--unused'], ['--unused', '--yes']]) {
        const { code, stderr } = await forget(...args);
        expect(code).toBe(2);
        expect(stderr).toMatch(/^espalier: \d+\.sqlite: held by another run \(process \d+ on .*\n$/);
      }
    } finally {
      store.close();
    }
    expect(cells()).toBe(600);
  });

  it('asks a terminal', async () => {
    const terminals = [process.stdin, process.stderr];
    const were = terminals.map(stream => stream.isTTY);
    const input = new PassThrough();
    const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as never);
    Object.assign(input, { isTTY: true });
    process.stderr.isTTY = true;
    try {
      input.write('n\n');
      const no = await forget('--unused');
      expect([no.code, no.stderr]).toEqual([0, 'Delete it? [y/N] ']);
      expect(no.stdout).toMatch(/^\d+\.sqlite: deletes what .*\nnothing was deleted\n$/);
      expect(cells()).toBe(600);
      input.write('y\n');
      expect((await forget('--unused')).stdout).toMatch(/\ndeleted; the file is .* smaller\n$/);
      expect(cells()).toBe(300);
    } finally {
      stdin.mockRestore();
      process.stderr.isTTY = were[1]!;
    }
  });
});

describe('a question', () => {
  it.each([
    ['y\n', true],
    [' YES \n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['', false],
  ])('is answered by %j', async (answer, expected) => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end(answer);
    expect(await askYes('Delete it?', input, output)).toBe(expected);
    expect(String(output.read())).toBe('Delete it? [y/N] ');
  });
});
