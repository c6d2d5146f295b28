/** Commands that compute for long on the main thread hear signals meanwhile. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProcess, Workplace } from '../support/program.js';
import { query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';

const TICKS_PER_SECOND = 100;
/** CPU seconds after which every command is past its start, and each of these is far from its end. */
const WELL_UNDER_WAY = 3;

/** CPU seconds that a process has used. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function signalled({ child, ended }: RunningProcess, name: NodeJS.Signals) {
  while (child.exitCode === null && cpuSeconds(child.pid!) < WELL_UNDER_WAY) await sleep(50);
  child.kill(name);
  const { code, signal, stdout } = await ended;
  return { code, signal, stdout };
}

const STOPPED = { code: 3, signal: null, stdout: '' };

describe.skipIf(process.platform !== 'linux')('a signal ends', () => {
  let work: Workplace;
  let sweep: string;
  beforeAll(async () => {
    work = new Workplace();
    const targets = Array.from({ length: 60 }, (_, i) => 0.1 + 0.002 * i);
    sweep = work.sweep(
      plainSweep({
        name: 'long',
        dataset: { name: 'digits', positive: [5, 6, 7, 8, 9], pool: 300_000, test: 10 },
        axes: {
          datasetSize: [100, 200, 400, 800, 1600, 3200],
          width: 10,
          seed: { count: 10 },
          pretrainIterations: { from: 5, to: 4000, ratio: 1.12 },
          subnetSize: [5],
        },
        thresholds: targets.map(atMost => ({ metric: 'subnet_train_loss', atMost })),
      }),
    );
    const { code } = await work.run('design', sweep, '--write', 'long.sqlite', '--law', 'linear');
    expect(code).toBe(0);
  });
  afterAll(() => work.remove());

  it.each(['SIGINT', 'SIGTERM'] as const)('design with %s', async name => {
    const design = work.start('design', sweep, '--simulations', '1000000');
    expect(await signalled(design, name)).toEqual(STOPPED);
  });

  it('fit, which stores nothing and leaves the database free', async () => {
    expect(await signalled(work.start('fit', 'long.sqlite'), 'SIGINT')).toEqual(STOPPED);
    const db = work.path('long.sqlite');
    expect(query(db, 'SELECT * FROM fits')).toEqual([]);
    expect(query(db, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect((await work.run('forget', 'long.sqlite', '--unused', '--yes')).code).toBe(0);
  });

  it('report, which writes nothing', async () => {
    expect(await signalled(work.start('report', 'long.sqlite'), 'SIGTERM')).toEqual(STOPPED);
    expect(work.files().filter(file => file.includes('.html'))).toEqual([]);
  });

  it('bench', async () => {
    const bench = work.start('bench', '--quick', '--seconds', '600', '--only', 'step');
    expect(await signalled(bench, 'SIGINT')).toEqual(STOPPED);
  });
});
