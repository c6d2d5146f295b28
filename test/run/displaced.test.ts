/** A run whose database is removed, or replaced by another file, while it is written. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPoolExecutor, parseSweep, prepareSweep, type RunOptions, runSweep } from '../../src/index.js';
import { numbers, query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';

let home: string;
let db: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-displaced-'));
  db = join(home, 'a.sqlite');
  vi.stubEnv('ESPALIER_NOOP_STEP_MS', '100');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

async function run(options: Partial<RunOptions> = {}) {
  const sweep = plainSweep({
    axes: { datasetSize: 20, width: [12, 13], seed: { count: 20 }, pretrainIterations: [2, 4] },
  });
  const prepared = await prepareSweep(parseSweep(JSON.stringify(sweep)), { engine: 'noop' });
  return runSweep(prepared, {
    db,
    threads: 2,
    executor: datasets => createPoolExecutor({ engine: 'noop', datasets, threads: 2 }),
    ...options,
  });
}

/** An observer that calls `lose` when the third trajectory ends. */
function observing(lose: () => void) {
  const warnings: string[] = [];
  let ends = 0;
  const observer = {
    warning: (message: string) => {
      warnings.push(message);
    },
    ended: () => {
      if (++ends === 3) lose();
    },
  };
  return { observer, warnings };
}

it('removed: is told at once, written back, and the run goes on with nothing lost', async () => {
  const { observer, warnings } = observing(() => rmSync(db));
  const stop = new AbortController();
  const outcome = await run({
    observer: {
      ...observer,
      started: () => {
        if (warnings.length === 2) stop.abort();
      },
    },
    signal: stop.signal,
  });
  expect(warnings).toEqual([
    `${db} was removed, moved or replaced while it is written; what was recorded is being saved`,
    `${db} is written back; the run goes on`,
  ]);
  expect(outcome.stopped).toBe(true);
  expect(outcome.progress.trajectoriesDone).toBeGreaterThanOrEqual(3);
  expect(query(db, 'SELECT trajectories_done AS n FROM progress')).toEqual([
    { n: outcome.progress.trajectoriesDone },
  ]);
  expect(query(db, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  vi.stubEnv('ESPALIER_NOOP_STEP_MS', '0');
  expect((await run()).progress.trajectoriesDone).toBe(40);
  const undisturbed = join(home, 'b.sqlite');
  await run({ db: undisturbed });
  expect(numbers(db)).toEqual(numbers(undisturbed));
  expect(query(db, `SELECT count(*) AS n FROM attempts WHERE outcome = 'lost'`)).toEqual([{ n: 0 }]);
});

it('replaced: the run ends with an error that says where everything is', async () => {
  const { observer, warnings } = observing(() => {
    rmSync(db);
    writeFileSync(db, 'of someone else');
  });
  const copy = join(home, 'a.rescued-1.sqlite');
  await expect(run({ observer })).rejects.toMatchObject({
    code: 'DATABASE_REPLACED',
    exitCode: 2,
    message: expect.stringContaining(`what was recorded is in ${copy}: go on with that`),
  });
  expect(warnings).toHaveLength(1);
  expect(readFileSync(db, 'utf8')).toBe('of someone else');
  expect(readdirSync(home).filter(name => /^a\.sqlite-/.test(name))).toEqual([]);
  expect(Number(query(copy, 'SELECT trajectories_done AS n FROM progress')[0]!.n)).toBeGreaterThanOrEqual(3);
  expect(existsSync(`${copy}-wal`)).toBe(false);
});
