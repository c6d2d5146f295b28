/** What schedulers and terminals send to a job: to its first process, or to all of them. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STOP_SIGNALS } from '../../src/base/stop-signals.js';
import { runInside } from '../support/inside.js';
import { endless, PROGRESS } from '../support/long-run.js';
import { childrenOf, hasScript, PROGRAM, Workplace } from '../support/program.js';
import { query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';
import { DEBUGGER, expectStopped } from './stopped-by-signal.js';

const ESC = '\x1b';

let work: Workplace;
beforeAll(() => {
  work = new Workplace();
});
afterAll(() => work.remove());

const slow = (name: string) => work.sweep(endless(name));

describe('a run', () => {
  // Node itself would open its debugger at this one. signals.slow.ts has the others.
  it('is stopped by SIGUSR1, and goes on', () => expectStopped(work, 'SIGUSR1'));

  it.skipIf(process.platform !== 'linux')(
    'keeps its live page where every process is signalled',
    async () => {
      const sweep = slow('page');
      const run = work.start(...['run', sweep, '--threads', '1', '--serve', '--port', '0']);
      await run.stderrMatches(/^live page: /m);
      await run.stderrMatches(/^\d+\/\d+ cells/m);
      const [page] = childrenOf(run.child.pid!, 'workers/page.js');
      for (const name of STOP_SIGNALS) process.kill(page!, name);
      run.child.kill('SIGUSR1');
      const { code, stderr } = await run.ended;
      expect(code).toBe(3);
      expect(stderr).not.toMatch(/live page has ended/);
      expect(stderr).not.toMatch(DEBUGGER);
    },
  );
});

describe('another command', () => {
  it('exits with 3 on every signal', async () => {
    const sweep = slow('watched');
    const run = work.start('run', sweep, '--threads', '1');
    await run.stderrMatches(PROGRESS);
    const ends = STOP_SIGNALS.map(async name => {
      const status = work.start('status', 'results/watched.sqlite', '--watch');
      await new Promise(resolve => status.child.stdout!.once('data', resolve));
      status.child.kill(name);
      const { code, signal, stderr } = await status.ended;
      expect({ name, code, signal, stderr }).toEqual({ name, code: 3, signal: null, stderr: '' });
    });
    await Promise.all(ends);
    run.child.kill('SIGTERM');
    await run.ended;
  });

  it.skipIf(process.platform !== 'linux')(
    'ends its query itself where every process is signalled',
    async () => {
      await runInside(work, 'run', work.sweep(plainSweep({ name: 'asked' })), '--noop');
      const counting =
        'WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT count(*) FROM t';
      const asked = work.start('query', 'results/asked.sqlite', counting);
      await expect
        .poll(() => childrenOf(asked.child.pid!, 'workers/query.js'), { timeout: 30_000 })
        .toHaveLength(1);
      // Its process is started, but handles signals only once its entry runs.
      await expect
        .poll(() => catches(childrenOf(asked.child.pid!, 'query.js')[0]!), { timeout: 30_000 })
        .toBe(true);
      const [child] = childrenOf(asked.child.pid!, 'workers/query.js');
      for (const name of STOP_SIGNALS) process.kill(child!, name);
      asked.child.kill('SIGUSR2');
      const { code, stderr } = await asked.ended;
      expect({ code, stderr }).toEqual({ code: 3, stderr: 'espalier: stopped on request\n' });
    },
  );
});

/** Whether a process has a handler for SIGXCPU, the last of its stop signals. */
function catches(pid: number): boolean {
  const [, mask] = /^SigCgt:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return (BigInt(`0x${mask}`) >> 23n) % 2n === 1n;
}

// Without a terminal of its own there is nothing to suspend.
it.skipIf(!hasScript())('^Z gives the terminal back to the shell, and `fg` takes it again', async () => {
  const run = `'${process.execPath}' '${PROGRAM}' run ${slow('suspended')} --threads 1`;
  writeFileSync(work.path('shell'), `set -m\n${run}\necho "suspended: $?"\nfg\necho "ended: $?"\n`);
  const terminal = spawn('script', ['-qec', 'bash shell', '/dev/null'], {
    cwd: work.folder,
    env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh', XDG_CACHE_HOME: work.cache },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  terminal.stdout.setEncoding('utf8').on('data', piece => {
    text += piece;
  });
  const closed = new Promise(resolve => terminal.once('close', resolve));
  const seen = (pattern: RegExp) =>
    expect.poll(() => pattern.test(text), { timeout: 60_000, message: String(pattern) }).toBe(true);
  await seen(/0\/1 trajectory/);
  const [holder] = query(work.path('results/suspended.sqlite'), 'SELECT pid FROM holder');
  process.kill(Number(holder!.pid), 'SIGTSTP');
  await seen(/suspended: \d+[\s\S]*0\/1 trajectory/);
  process.kill(Number(holder!.pid), 'SIGTERM');
  await closed;
  const parts = text.split(/suspended: 148\s/);
  expect(parts).toHaveLength(2);
  // Cursor (25) and line wrap (7), hidden and shown again.
  for (const part of parts) {
    for (const mode of ['25', '7']) {
      const states = part
        .split(`${ESC}[?${mode}`)
        .slice(1)
        .map(state => state[0]);
      expect([states[0], states.at(-1)]).toEqual(['l', 'h']);
    }
  }
  expect(parts[1]).toMatch(/ended: 3\s*$/);
});
