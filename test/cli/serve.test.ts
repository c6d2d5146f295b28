import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { serveOptionsOf } from '../../src/cli/serve.js';
import { Listener } from '../serve/client.js';
import { runInside } from '../support/inside.js';
import { childrenOf, type RunningProcess, Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

let work: Workplace;
let sweep: string;
beforeAll(() => {
  work = new Workplace();
  sweep = work.sweep(plainSweep({ thresholds: [{ metric: 'subnet_train_loss', atMost: 0.4 }] }));
  writeFileSync(work.path('notes.txt'), 'not a database');
});
afterAll(() => work.remove());

/** The link that a command prints to stdout or stderr. */
async function linkOf({ child }: RunningProcess): Promise<string> {
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', part => {
      text += part;
    });
  await expect.poll(() => text, { timeout: 60_000 }).toMatch(/http:\S+\n/);
  return /http:\S+/.exec(text)![0];
}

describe('serve', () => {
  it('shows a database until Ctrl-C, also one of an earlier version', async () => {
    const db = `${PACKAGE_ROOT}/test/store/released/0.1.0.sqlite`;
    const served = work.start('serve', db, '--port', '0');
    const listener = new Listener(await linkOf(served));
    const state = await listener.until('state', ({ kind }) => kind === 'open');
    expect(state).toMatchObject({ kind: 'open', holder: null, sweeps: { leftOut: 0 } });
    const figures = await listener.until('figures', ({ read, members }) => members > 0 && read === members);
    expect(figures.drawings.map(({ name }) => name)).toEqual(['targets', 'curves', 'accuracy-map']);
    served.child.kill('SIGINT');
    const { code, stdout, stderr } = await served.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
    expect(stderr).toContain(`live page of ${db}; Ctrl-C ends it`);
    expect(listener.latest('end')).toEqual({ reason: 'the server was stopped' });
  });

  it('waits for a database that does not exist yet', async () => {
    const served = work.start('serve', 'results/plain.sqlite', '--port', '0');
    const listener = new Listener(await linkOf(served));
    await listener.until('state', ({ kind }) => kind === 'waiting');
    expect(work.files()).not.toContain('results');
    expect((await runInside(work, 'run', sweep)).code).toBe(0);
    await listener.until('state', state => state.kind === 'open' && state.sweeps.rows[0]?.cellsDone === 32);
    expect((await runInside(work, 'fit', 'results/plain.sqlite')).code).toBe(0);
    const { verdicts } = await listener.until('figures', figures => figures.verdicts.length > 0);
    expect(verdicts).toEqual([
      {
        criterion: 'subnetwork training loss ≤ 0.4',
        sentence: expect.stringMatching(/^Insufficient data: /),
      },
    ]);
    listener.close();
    served.child.kill('SIGTERM');
    expect((await served.ended).code).toBe(0);
    expect(work.files().filter(file => /-(wal|shm)$/.test(file))).toEqual([]);
  });

  it('accepts only valid tokens', () => {
    const refused = () => expect(() => serveOptionsOf('a', {}));
    vi.stubEnv('ESPALIER_TOKEN', 'too-short');
    refused().toThrow(/^ESPALIER_TOKEN: expected 16 or more letters/);
    vi.stubEnv('ESPALIER_TOKEN', 'long-enough-to-be-one');
    expect(serveOptionsOf('a', {}).token).toBe('long-enough-to-be-one');
    vi.unstubAllEnvs();
  });

  it.each([
    [['serve', 'notes.txt'], /notes\.txt: this is not an SQLite file/],
    [['run', 'plain.yaml', '--port', '0'], /--port: expected with --serve/],
    [['run', 'plain.yaml', '--serve', '--host', '203.0.113.7', '--db', 'b.sqlite'], /--host: cannot listen/],
  ])('%j is refused in one line', async (args, message) => {
    const before = work.files();
    const { code, stdout, stderr } = await runInside(work, ...(args as string[]));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^espalier: /);
    expect(work.files()).toEqual(before);
  });
});

describe('run --serve', () => {
  it('continues when its page process dies', async () => {
    // Longer than a busy machine takes to start the page.
    process.env.ESPALIER_NOOP_STEP_MS = '150';
    const run = work.start(
      'run',
      sweep,
      '--noop',
      '--db',
      'c.sqlite',
      '--serve',
      '--port',
      '0',
      '--threads',
      '1',
    );
    delete process.env.ESPALIER_NOOP_STEP_MS;
    const url = await linkOf(run);
    const listener = new Listener(url);
    const state = await listener.until('state', each => each.kind === 'open' && each.holder !== null);
    expect(state).toMatchObject({ holder: { pid: run.child.pid, alive: true } });
    const [page] = childrenOf(run.child.pid!, 'workers/page.js');
    process.kill(page!, 'SIGKILL');
    await run.stderrMatches(/warning: the live page has ended \(SIGKILL\)/);
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('32 of 32 cells');
  });
});
