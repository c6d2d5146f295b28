/**
 * Kills a run repeatedly at random moments, lets it finish, and compares its database bit for bit with that of an
 * undisturbed run. Everything random comes from one seed.
 */
import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { expect } from 'vitest';
import { integerBelow, stream, type Uniform } from '../../src/math/random.js';
import type { Workplace } from '../support/program.js';
import { numbers, query, type Row } from '../support/results.js';
import type { SweepObject } from '../support/small-sweeps.js';

/** ESPALIER_KILL_SEED, or a new seed each time. */
export const SEED = Number(process.env.ESPALIER_KILL_SEED ?? Math.floor(Math.random() * 1e9));

export interface Subject {
  readonly sweep: SweepObject;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly threads: readonly number[];
  /** Maximum time from the first line of progress to the kill. */
  readonly withinMs: number;
  /** Share of kills that follow a stop signal, during the stop. */
  readonly afterStop?: number;
  /** Share of kills after which a snapshot is damaged. */
  readonly damage?: number;
}

export interface Outcome {
  kills: number;
  databases: number;
  damaged: number;
  /** Rows compared, and the number of each kind of error. */
  rows: number;
  missing: number;
  duplicate: number;
  differing: number;
  /** Checks by the reader during the runs. */
  looks: number;
}

export const NO_OUTCOME: Outcome = {
  kills: 0,
  databases: 0,
  damaged: 0,
  rows: 0,
  missing: 0,
  duplicate: 0,
  differing: 0,
  looks: 0,
};

export const addOutcomes = (a: Outcome, b: Outcome): Outcome =>
  Object.fromEntries(
    Object.entries(a).map(([key, value]) => [key, value + b[key as keyof Outcome]]),
  ) as unknown as Outcome;

/** Kills runs of each subject, one after the other; prints the seed and what was found. */
export async function killAll(
  work: Workplace,
  subjects: readonly (readonly [name: string, subject: Subject, kills: number])[],
): Promise<Outcome> {
  console.log(`seed ${SEED}; ESPALIER_KILL_SEED repeats it`);
  let total = NO_OUTCOME;
  for (const [name, subject, kills] of subjects)
    total = addOutcomes(total, await killAndCompare(work, subject, kills, name));
  console.log(JSON.stringify(total));
  return total;
}

/** Kills runs of the subject at least `kills` times, on as many databases as that takes. */
export async function killAndCompare(
  work: Workplace,
  subject: Subject,
  kills: number,
  name: string,
): Promise<Outcome> {
  const { sweep, args = [], env = {}, threads } = subject;
  const next = stream(SEED, 'kill', name);
  const file = work.sweep(sweep);
  const calm = `${name}-calm.sqlite`;
  expect((await work.startWith(env, 'run', file, '--db', calm, '--threads', '2', ...args).ended).code).toBe(
    0,
  );
  let total = NO_OUTCOME;
  for (let database = 0; total.kills < kills; database++) {
    const db = `${name}-${database}.sqlite`;
    const outcome = { ...NO_OUTCOME, databases: 1 };
    const reader = new WatchingReader(work.path(db));
    for (let isDone = false; !isDone; ) {
      const some = threads[integerBelow(next, threads.length)]!;
      const started = work.startWith(env, 'run', file, '--db', db, '--threads', String(some), ...args);
      if (total.kills + outcome.kills < kills) await killLater(started, subject, next);
      const { code, signal, stderr } = await started.ended;
      if (signal === 'SIGKILL') outcome.kills++;
      // The run may have obeyed a stop signal before the kill, or received it before its handler was installed.
      else if (code !== 3 && signal !== 'SIGTERM') expect({ code, stderr }).toMatchObject({ code: 0 });
      isDone = code === 0;
      reader.look();
      if (!isDone && next() < (subject.damage ?? 0) && damageSnapshot(work.path(db), next)) outcome.damaged++;
    }
    outcome.looks = reader.close();
    total = addOutcomes(total, { ...outcome, ...compareDatabases(work.path(db), work.path(calm)) });
  }
  return total;
}

async function killLater(
  { child, stderrMatches, ended }: ReturnType<Workplace['startWith']>,
  { withinMs, afterStop = 0 }: Subject,
  next: Uniform,
): Promise<void> {
  const [isEarly, isAfterStop, isTwice, moment, patience] = [next(), next(), next(), next(), next()];
  // Some kills come while the program loads or opens its database.
  if (isEarly < 0.15) await wait(800 * moment);
  else {
    await stderrMatches(/cells/).catch(() => {});
    await Promise.race([wait(withinMs * moment * moment), ended]);
  }
  if (isAfterStop < afterStop) {
    child.kill('SIGTERM');
    if (isTwice < 0.3) child.kill('SIGTERM');
    await Promise.race([wait(300 * patience), ended]);
  }
  child.kill('SIGKILL');
}

/** Reads the database during the runs. Rows once seen must stay unchanged, and progress must be consistent. */
class WatchingReader {
  readonly #seen = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;
  #looks = 0;
  #fault: unknown = null;

  constructor(private readonly file: string) {
    this.#timer = setInterval(() => {
      try {
        this.look();
      } catch (error) {
        this.#fault ??= error;
      }
    }, 40);
  }

  look(): void {
    if (!existsSync(this.file)) return;
    const db = openAsOthersDo(this.file);
    try {
      const now = new Map(
        db
          .prepare<[], Row>('SELECT * FROM cells')
          .all()
          .map(row => [`${row.trajectory} ${row.t} ${row.variant}`, JSON.stringify(row)]),
      );
      for (const [key, row] of this.#seen) expect(now.get(key), `cell ${key}`).toBe(row);
      for (const [key, row] of now) this.#seen.set(key, row);
      const [progress] = db.prepare<[], Row>('SELECT * FROM progress').all();
      if (progress) expect(Number(progress.cells_done)).toBeLessThanOrEqual(Number(progress.cells));
      this.#looks++;
    } finally {
      db.close();
    }
  }

  close(): number {
    clearInterval(this.#timer);
    if (this.#fault) throw this.#fault;
    return this.#looks;
  }
}

/** Opens read-only, or writable where a killed process left a journal: only a writer can roll it back. */
function openAsOthersDo(file: string): Sqlite.Database {
  const db = new Sqlite(file, { readonly: true, timeout: 5_000 });
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return db;
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code !== 'SQLITE_READONLY_ROLLBACK') throw error;
    return new Sqlite(file, { timeout: 5_000 });
  }
}

/** Damages a snapshot of the database in one of several ways. Returns whether there was one. */
export function damageSnapshot(db: string, next: Uniform): boolean {
  const folder = `${db}-snapshots`;
  const files = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.snapshot')) : [];
  if (files.length === 0) return false;
  const file = join(folder, files[integerBelow(next, files.length)]!);
  const { size } = statSync(file);
  const ways = [
    () => truncateSync(file, integerBelow(next, size)),
    () => writeFileSync(file, Buffer.alloc(integerBelow(next, 1 << 16), 7), { flag: 'r+' }),
    () => writeFileSync(file, ''),
    () => writeFileSync(join(folder, 'abcd.part'), 'a rest'),
    () => rmSync(file),
  ];
  ways[integerBelow(next, ways.length)]!();
  return true;
}

const CELL = [
  'sweep',
  'trajectory_id',
  'pretrain_iterations',
  'prune_method',
  'prune_objective',
  'subnet_size',
  'retrain_iterations',
];

/** Compares all result columns except times, row by row, and checks that the database is finished. */
export function compareDatabases(
  torn: string,
  calm: string,
): Pick<Outcome, 'rows' | 'missing' | 'duplicate' | 'differing'> {
  const keyOf = (row: Row) => JSON.stringify(CELL.map(column => row[column]));
  const expected = new Map(numbers(calm).map(row => [keyOf(row), JSON.stringify(row)]));
  const rows = numbers(torn);
  const found = new Map(rows.map(row => [keyOf(row), JSON.stringify(row)]));
  expect(query(torn, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(query(torn, `SELECT id, status FROM trajectories WHERE status <> 'done'`)).toEqual([]);
  expect(query(torn, 'SELECT * FROM attempts WHERE ended_at IS NULL OR outcome IS NULL')).toEqual([]);
  expect(query(torn, 'SELECT * FROM holder')).toEqual([]);
  expect(existsSync(`${torn}-snapshots`)).toBe(false);
  const thresholds =
    'SELECT * FROM thresholds ORDER BY sweep, trajectory_id, prune_method, subnet_size, metric, target';
  expect(query(torn, thresholds)).toEqual(query(calm, thresholds));
  return {
    rows: rows.length,
    missing: [...expected.keys()].filter(key => !found.has(key)).length,
    duplicate: rows.length - found.size,
    differing: [...found].filter(([key, row]) => expected.get(key) !== row).length,
  };
}
