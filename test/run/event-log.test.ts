import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createInlineExecutor, parseSweep, prepareSweep, runSweep } from '../../src/index.js';
import { EventLog } from '../../src/run/event-log.js';
import { plainSweep } from '../support/small-sweeps.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-log-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const linesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));

it('a run logs every event, and the machine that it runs on', async () => {
  const db = join(home, 'a.sqlite');
  const train = { batchSize: 16 };
  const sweep = plainSweep({ train, axes: { 'train.learningRate': [0.1, 1e30], datasetSize: 40 } });
  const prepared = await prepareSweep(parseSweep(JSON.stringify(sweep)), { engine: 'wasm' });
  const executor = (datasets: Parameters<typeof createInlineExecutor>[0]['datasets']) =>
    createInlineExecutor({ engine: 'wasm', datasets });
  await runSweep(prepared, { db, threads: 1, executor });
  const lines = linesOf(`${db}.log`);
  const messages = lines.map(({ msg }) => msg);
  expect(messages[0]).toBe('run began');
  expect(lines[0]).toMatchObject({ sweep: 'plain', left: 4, threads: 1, engine: 'wasm', pid: process.pid });
  for (const field of ['host', 'cpu', 'toolVersion', 'nodeVersion', 'gitRevision', 'gitDirty', 'numerics'])
    expect(lines[0], field).toHaveProperty(field);
  expect(lines[0]!.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const times = (text: string) => messages.filter(each => each === text).length;
  expect([times('trajectory started'), times('trajectory done'), times('trajectory failed')]).toEqual([
    4, 2, 2,
  ]);
  expect(lines.find(({ msg }) => msg === 'trajectory failed')).toMatchObject({
    level: 50,
    code: 'DIVERGED',
    reason: expect.stringContaining('finite'),
    stack: expect.stringContaining('DivergedError'),
    seconds: expect.any(Number),
  });
  expect(lines.some(({ level }) => level === 40)).toBe(true);
  expect(lines.at(-1)).toMatchObject({
    msg: 'run ended',
    stopped: false,
    trajectoriesFailed: 2,
    cellsDone: 20,
  });
  // A second run appends to the log.
  await runSweep(prepared, { db, threads: 1, executor });
  expect(linesOf(`${db}.log`).length).toBeGreaterThan(lines.length);
});

it('never throws where the log cannot be written', () => {
  const db = join(home, 'c.sqlite');
  mkdirSync(`${db}.log`);
  const log = new EventLog(db);
  log.observer.warning!('lost');
  log.event('lost', {});
  log.close();
  expect(readdirSync(home)).toEqual(['c.sqlite.log']);
});

it.skipIf(!existsSync('/dev/full'))('does not block on a full disk', () => {
  const db = join(home, 'd.sqlite');
  symlinkSync('/dev/full', `${db}.log`);
  const log = new EventLog(db);
  log.observer.warning!('lost');
  log.event('lost', {});
  log.close();
});

it('is bounded in size, and drops only the oldest lines', () => {
  const db = join(home, 'b.sqlite');
  const maxBytes = 20_000;
  for (const half of [0, 1]) {
    const log = new EventLog(db, maxBytes);
    for (let i = 0; i < 1_000; i++) log.observer.warning!(`line ${half * 1_000 + i}`);
    log.close();
  }
  expect(readdirSync(home).sort()).toEqual(['b.sqlite.log', 'b.sqlite.log.1']);
  const files = [`${db}.log.1`, `${db}.log`];
  for (const file of files) expect(statSync(file).size).toBeLessThanOrEqual(maxBytes);
  const kept = files.flatMap(linesOf).map(({ msg }) => Number(String(msg).split(' ')[1]));
  expect(kept.length).toBeGreaterThan(200);
  expect(kept).toEqual(Array.from(kept, (_, i) => 2_000 - kept.length + i));
});
