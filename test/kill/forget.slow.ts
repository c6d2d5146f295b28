/** Kills `espalier forget` at random moments. The database must be whole, as it was before or as it is afterwards. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { stream } from '../../src/math/random.js';
import { Snapshots } from '../../src/store/file/snapshots.js';
import { Store } from '../../src/store/write/store.js';
import { ATTEMPT, completeTrajectory, config, greedy, planned, sweep } from '../store/fixtures.js';
import { Workplace } from '../support/program.js';
import { SEED } from './harness.js';

/** Of each way to forget. */
const KILLS = 12;
const work = new Workplace();
afterAll(() => work.remove());

const TIMES = Array.from({ length: 150 }, (_, t) => t);
const plan = (seed: number, id = `abc${seed}`) =>
  planned(id, TIMES, [greedy(3), greedy(4), greedy(5)], config(20, seed));

/** `kept` shares trajectories with `trial`, of which an edit has dropped others; one has failed, some have snapshots. */
function fill(file: string): void {
  const store = Store.open(file);
  const all = Array.from({ length: 60 }, (_, seed) => plan(seed));
  store.saveSweep(sweep('trial'), all);
  for (const each of all) completeTrajectory(store, each);
  store.saveSweep(sweep('trial', { definition: 'edited' }), all.slice(0, 40));
  store.saveSweep(sweep('kept'), [...all.slice(30, 50), plan(99, 'abc99')]);
  store.started('abc99', ATTEMPT);
  store.finished('abc99', { kind: 'failed', code: 'DIVERGED', message: 'not finite', stack: null });
  store.close();
  addSnapshots(file);
}

function addSnapshots(file: string): void {
  const snapshots = new Snapshots(file);
  for (const id of ['abc3', 'abc55', 'abc99']) snapshots.write(id, { t: 5, bytes: new Uint8Array(99) });
}

function snapshotsOf(file: string): string[] {
  const folder = `${file}-snapshots`;
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

interface State {
  /** Hash of all that users see of the sweep `kept`. */
  readonly kept: string;
  readonly counts: unknown;
}

function read(file: string): State {
  const db = new Sqlite(file, { timeout: 5_000 });
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    const all = (sql: string) => db.prepare(sql).raw().all();
    return {
      kept: hashOf([
        all(
          `SELECT * FROM results WHERE sweep = 'kept' ORDER BY trajectory_id, pretrain_iterations, subnet_size`,
        ),
        all(`SELECT * FROM thresholds WHERE sweep = 'kept'`),
        all(`SELECT trajectories, trajectories_done, cells, cells_done FROM progress WHERE sweep = 'kept'`),
      ]),
      counts:
        all(`SELECT (SELECT count(*) FROM cells) AS cells, (SELECT count(*) FROM checkpoints) AS checkpoints,
        (SELECT count(*) FROM trajectories) AS trajectories, (SELECT count(*) FROM trajectory_keys) AS keys,
        (SELECT count(*) FROM attempts) AS attempts, (SELECT count(*) FROM members) AS members,
        (SELECT group_concat(name) FROM sweeps) AS sweeps,
        (SELECT count(*) FROM trajectories WHERE status = 'pending') AS pending`)[0],
    };
  } finally {
    db.close();
  }
}

const hashOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

it.each(['--sweep trial', '--unused', '--failed'])(
  'forget %s that is killed leaves the database as before or as afterwards',
  async how => {
    const name = how.replace(/\W/g, '');
    const original = work.path(`${name}.sqlite`);
    fill(original);
    const copy = (to: string): string => {
      copyFileSync(original, work.path(to));
      addSnapshots(work.path(to));
      return work.path(to);
    };
    // With --json it says on stderr what it is about to delete.
    const forget = (db: string, ...args: string[]) => work.start('forget', db, ...args, '--yes', '--json');
    const calmFile = copy(`${name}-calm.sqlite`);
    const calm = forget(`${name}-calm.sqlite`, ...how.split(' '));
    await calm.stderrMatches(/deletes/);
    const saidAt = performance.now();
    expect((await calm.ended).code).toBe(0);
    /** Longest wait for the kill: shorter after a process that was faster, longer after a kill that came early. */
    let window = performance.now() - saidAt;
    const [before, after] = [read(original), read(calmFile)];
    expect(after.counts).not.toEqual(before.counts);
    expect(after.kept).toEqual(before.kept);

    const next = stream(SEED, 'kill-forget', name);
    const seen = { kills: 0, before: 0, after: 0 };
    console.log(`seed ${SEED}; ESPALIER_KILL_SEED repeats it`);
    for (let i = 0; seen.kills < KILLS; i++) {
      const db = `${name}-${i}.sqlite`;
      const file = copy(db);
      const { child, ended, stderrMatches } = forget(db, ...how.split(' '));
      await stderrMatches(/deletes/);
      await Promise.race([wait(window * next() ** 2), ended]);
      child.kill('SIGKILL');
      const isKilled = (await ended).signal === 'SIGKILL';
      if (isKilled) seen.kills++;
      const { kept, counts } = read(file);
      expect(kept).toEqual(before.kept);
      const isAfter = JSON.stringify(counts) === JSON.stringify(after.counts);
      if (!isAfter) expect(counts).toEqual(before.counts);
      seen[isAfter ? 'after' : 'before']++;
      window *= isKilled ? (isAfter ? 1 : 1.2) : 0.6;
      // Again, to the end. A sweep that is gone already cannot be named again: what it left is unused.
      const again = isAfter && how !== '--failed' ? ['--unused'] : how.split(' ');
      expect((await forget(db, ...again).ended).code).toBe(0);
      expect(read(file)).toEqual(after);
      expect(statSync(file).size).toBe(statSync(calmFile).size);
      // A trajectory that is pending again may have kept its snapshot: the next run uses or removes it.
      const left = snapshotsOf(file).filter(each => how !== '--failed' || !each.startsWith('abc99'));
      expect(left).toEqual(snapshotsOf(calmFile));
    }
    console.log(JSON.stringify({ name, ...seen }));
  },
);
