/** A full disk pauses a sweep, and it continues when space returns. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, expect, it } from 'vitest';
import { Workplace } from '../support/program.js';
import { query } from '../support/results.js';
import { compareDatabases } from './harness.js';
import { SmallDisk } from './small-disk.js';
import { NOOP } from './subjects.js';

const SMALL = { ...NOOP.sweep, axes: { ...(NOOP.sweep.axes as object), seed: { count: 15 } } };

const work = new Workplace();
const disk = SmallDisk.mount(16);
afterEach(() => disk?.empty());
afterAll(() => {
  work.remove();
  disk?.unmount();
});

it.skipIf(!disk)(
  'warns and waits on a full disk, then continues and loses nothing',
  async () => {
    const { args = [] } = NOOP;
    const file = work.sweep(SMALL);
    const db = `${disk!.folder}/torn.sqlite`;
    const start = (path: string, stepMs: string) =>
      work.startWith({ ESPALIER_NOOP_STEP_MS: stepMs }, 'run', file, '--db', path, '--threads', '2', ...args);
    const run = start(db, '1');
    await run.stderrMatches(/cells/);
    await wait(1000);
    disk!.fill(64 << 10);
    await run.stderrMatches(/^warning: the disk is full: .+; the sweep waits until there is room$/m);
    // Rows already on their way may still fit.
    const cells = () => Number(query(db, 'SELECT count(*) AS n FROM cells')[0]!.n);
    await wait(1000);
    const waiting = cells();
    await wait(2500);
    expect(cells()).toBe(waiting);
    expect(run.child.exitCode).toBeNull();
    disk!.empty();
    await run.stderrMatches(/^warning: there is room on the disk again; the sweep goes on$/m);
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toMatchObject({ code: 0 });

    expect((await start('calm.sqlite', '0').ended).code).toBe(0);
    const { rows, ...wrong } = compareDatabases(db, work.path('calm.sqlite'));
    expect(rows).toBeGreaterThan(waiting);
    expect(wrong).toEqual({ missing: 0, duplicate: 0, differing: 0 });
  },
  120_000,
);

it.skipIf(!disk)(
  'stops on SIGTERM while it waits, and continues in a later run',
  async () => {
    const { args = [] } = NOOP;
    const file = work.sweep({ ...SMALL, name: 'later' });
    const db = `${disk!.folder}/later.sqlite`;
    const start = () =>
      work.startWith({ ESPALIER_NOOP_STEP_MS: '1' }, 'run', file, '--db', db, '--threads', '2', ...args);
    const first = start();
    await first.stderrMatches(/cells/);
    await wait(1000);
    disk!.fill(32 << 10);
    await first.stderrMatches(/the disk is full/);
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(3);
    disk!.empty();
    expect((await start().ended).code).toBe(0);
  },
  120_000,
);
