/** A run that gets a signal which would end a process without a handler. */
import { expect } from 'vitest';
import { endless, PROGRESS } from '../support/long-run.js';
import type { Workplace } from '../support/program.js';
import { query } from '../support/results.js';

/** As node says it. */
export const DEBUGGER = /[Dd]ebugger/;

/** The run stops as at Ctrl-C, and can go on. */
export async function expectStopped(work: Workplace, name: NodeJS.Signals): Promise<void> {
  const { child, ended, stderrMatches } = work.start('run', work.sweep(endless(name)), '--threads', '1');
  await stderrMatches(PROGRESS);
  child.kill(name);
  const { code, signal, stderr } = await ended;
  expect({ code, signal }).toEqual({ code: 3, signal: null });
  expect(stderr).toContain('stopping after the present step');
  expect(stderr).not.toMatch(DEBUGGER);
  const db = work.path(`results/${name}.sqlite`);
  expect(query(db, 'SELECT * FROM holder')).toEqual([]);
  expect(query(db, 'SELECT DISTINCT status FROM trajectories')).toEqual([{ status: 'pending' }]);
}
