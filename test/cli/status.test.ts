import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { statusCommand } from '../../src/cli/status.js';
import { openReader } from '../../src/store/read/reader.js';
import { readStatus, type StatusReport } from '../../src/store/read/status.js';
import { Store } from '../../src/store/write/store.js';
import {
  ATTEMPT,
  cell,
  checkpoint,
  completeTrajectory,
  config,
  greedy,
  planned,
  sweep,
} from '../store/fixtures.js';

let home: string;
let db: string;
let store: Store;
let printed: string[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-status-'));
  db = join(home, 'a.sqlite');
  store = Store.open(db);
  printed = [];
  vi.spyOn(process.stdout, 'write').mockImplementation(text => printed.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  store.close();
  rmSync(home, { recursive: true, force: true });
});

const status = async (options: { json?: boolean; watch?: boolean } = {}) => {
  printed = [];
  await statusCommand.handler({ db, json: false, watch: false, ...options, _: [], $0: '' });
  return printed.join('');
};
const report = (now?: number): StatusReport => {
  const reader = openReader(db);
  try {
    return readStatus(reader, db, now);
  } finally {
    reader.close();
  }
};

/** Three trajectories of two cells: one done, one running with one cell, one failed. */
function halfway(): void {
  const plans = [0, 1, 2].map(seed => planned(`t${seed}`, [0, 5], [greedy(3)], config(20, seed)));
  store.saveSweep(sweep('one'), plans);
  completeTrajectory(store, plans[0]!);
  store.started('t2', ATTEMPT);
  store.finished('t2', { kind: 'failed', code: 'DIVERGED', message: 'not finite at step 3', stack: null });
  store.started('t1', ATTEMPT);
  store.rows('t1', checkpoint(0), [cell(0, greedy(3))]);
  store.flush();
}

describe('the report', () => {
  it('names the run, its progress and the failures', () => {
    halfway();
    const { since } = report().holder!;
    const result = report(Date.parse(since) + 60_000);
    expect(result).toMatchObject({
      db,
      holder: { pid: process.pid, since, sweep: 'one', alive: true },
      trajectories: { pending: 0, running: 1, done: 1, failed: 1 },
      sweeps: [
        {
          sweep: 'one',
          trajectories: 3,
          trajectoriesDone: 1,
          trajectoriesFailed: 1,
          cells: 6,
          cellsDone: 3,
          description: null,
        },
      ],
      cellsPerSecond: 3 / 60,
      secondsLeft: 60,
      failures: [
        {
          trajectoryId: 't2',
          datasetSize: 20,
          width: 10,
          seed: 2,
          errorCode: 'DIVERGED',
          error: 'not finite at step 3',
        },
      ],
    });
    expect(result.slowest.map(({ trajectoryId }) => trajectoryId).sort()).toEqual(['t0', 't1']);
    for (const { seconds } of result.slowest) expect(seconds).toBeGreaterThanOrEqual(0);
    expect(Object.keys(result)).toEqual([
      'db',
      'holder',
      'queue',
      'trajectories',
      'sweeps',
      'cellsPerSecond',
      'secondsLeft',
      'slowReader',
      'slowest',
      'failures',
    ]);
  });

  it('ignores cells finished more than five minutes ago in the pace', () => {
    halfway();
    const later = report(Date.now() + 6 * 60_000);
    expect([later.cellsPerSecond, later.secondsLeft]).toEqual([null, null]);
  });

  it('has no holder after a run, and marks a dead run as not alive', () => {
    halfway();
    store.close();
    expect(report()).toMatchObject({
      holder: null,
      cellsPerSecond: null,
      trajectories: { running: 0, pending: 1 },
    });
    const file = new Sqlite(db);
    file.exec(`INSERT INTO holder (only, token, host, pid, boot, process_start, tool_version, sweep, since, heartbeat)
      VALUES (1, 'x', 'elsewhere', 5, NULL, NULL, '0.1.0', 'one',
      '2020-01-01T00:00:00.000Z', '2020-01-01T00:00:00.000Z')`);
    file.close();
    expect(report()).toMatchObject({ holder: { pid: 5, alive: false }, cellsPerSecond: null });
  });
});

describe('status', () => {
  it('prints a screen for people', async () => {
    expect(await status()).toContain('trajectories: 0 pending, 0 running, 0 done, 0 failed');
    halfway();
    const text = await status();
    expect(text).toContain(`running one (process ${process.pid} on `);
    expect(text).toMatch(/: \d.* cells\/s, about \d+ s left/);
    expect(text).toContain('trajectories: 0 pending, 1 running, 1 done, 1 failed');
    expect(text).toMatch(/│ one +│ +3 │ +1 │ +1 │ +6 │ +3 │ +50 │/);
    expect(text).toMatch(/│ +1 │ DIVERGED │ not finite at step 3 │ t2 +│/);
    store.close();
    expect(await status()).toContain('no run is at work on it');
  });

  it('shows what a sweep file says about its sweep, its line breaks as spaces', async () => {
    halfway();
    expect(await status()).not.toContain('description');
    store.saveSweep(sweep('two', { description: 'First words\nof <two>.\n' }), []);
    const text = await status();
    expect(text).toMatch(/│ cells │ done │ +% │ description +│/);
    expect(text).toMatch(/│ two .*│ First words of <two>\. │/);
    expect(report().sweeps.map(({ description }) => description)).toEqual([null, 'First words\nof <two>.\n']);
  });

  it('prints JSON', async () => {
    halfway();
    const { cellsPerSecond, secondsLeft, slowest, ...result } = JSON.parse(await status({ json: true }));
    const { cellsPerSecond: _, secondsLeft: __, slowest: ___, ...expected } = report();
    expect(result).toEqual(expected);
    expect(cellsPerSecond).toBeGreaterThan(0);
    expect(secondsLeft).toBeGreaterThan(0);
    expect(slowest).toHaveLength(2);
  });

  it('watches until the run ends', async () => {
    halfway();
    setTimeout(() => store.close(), 1000);
    const lines = (await status({ json: true, watch: true })).trimEnd().split('\n');
    const reports = lines.map(line => JSON.parse(line) as StatusReport);
    expect(reports.map(({ holder }) => holder?.alive ?? null)).toEqual([true, null]);
    expect(reports.map(({ trajectories }) => trajectories.pending)).toEqual([0, 1]);
  });

  it('refuses a file that is not a database', async () => {
    store.close();
    db = join(home, 'none.sqlite');
    await expect(status()).rejects.toMatchObject({ code: 'DATABASE_MISSING', exitCode: 2 });
    db = home;
    await expect(status()).rejects.toMatchObject({ code: 'NOT_A_DATABASE' });
  });

  it('shows the workers of a queue while its run is alive', async () => {
    halfway();
    store.setQueue({
      server: 'redis://server:6379',
      name: 'one-1234',
      workers: [
        {
          host: 'node7',
          process: 42,
          threads: 16,
          kernels: 'native-512',
          toolVersion: '0.2.0',
          since: new Date(0).toISOString(),
          heartbeat: new Date().toISOString(),
          running: ['t1'],
          trajectories: 3,
          cells: 6,
          cellsPerSecond: 12.3,
        },
      ],
      waiting: 2,
      taken: 1,
      unstored: 5,
      oldestS: 1.5,
      moved: 4,
      dropped: 7,
    });
    store.flush();
    expect(report().queue).toMatchObject({ moved: 4, workers: [{ host: 'node7', running: ['t1'] }] });
    const shown = await status();
    expect(shown).toContain(
      'workers of one-1234 at redis://server:6379: 2 waiting, 1 taken, 4 moved, 5 reports not stored yet (2 s), 7 messages dropped',
    );
    expect(shown).toMatch(/node7\/42 .* 16 .* native-512 .* 3 .* 12 .* t1/);
    store.close();
    expect(report().queue).toBeNull();
  });
});
