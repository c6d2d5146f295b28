/** A run whose working directory is removed or renamed, with everything in it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PROGRAM, Workplace } from '../support/program.js';
import { query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';

const work = new Workplace();
afterAll(() => work.remove());

const SWEEP = plainSweep({
  axes: { datasetSize: 20, width: [12, 13], seed: { count: 20 }, pretrainIterations: [2, 4] },
});

it.each([
  ['removed', (folder: string) => rmSync(folder, { recursive: true })],
  ['renamed', (folder: string) => renameSync(folder, `${folder}-moved`)],
])('%s: everything is written back where it was, and a stop ends the run', async (name, lose) => {
  const folder = work.path(name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'plain.yaml'), JSON.stringify(SWEEP));
  const args = ['run', 'plain.yaml', '--noop', '--threads', '2', '--snapshot-every', '0.1'];
  const run = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { ...process.env, ESPALIER_NOOP_STEP_MS: '300' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  run.stderr.setEncoding('utf8').on('data', text => {
    told += text;
  });
  const db = join(folder, 'results', 'plain.sqlite');
  const rows = () => (existsSync(db) ? query(db, 'SELECT count(*) AS n FROM results')[0]!.n : 0);
  await expect.poll(rows, { timeout: 60_000 }).toBeGreaterThan(0);
  lose(folder);
  await expect.poll(() => told, { timeout: 60_000 }).toContain('is written back; the run goes on');
  const before = Number(rows());
  await expect.poll(() => Number(rows()), { timeout: 60_000 }).toBeGreaterThan(before);
  run.kill('SIGTERM');
  const [code] = await once(run, 'exit');
  expect(code).toBe(3);
  expect(rows()).toBeGreaterThan(0);
  expect(query(db, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
});
