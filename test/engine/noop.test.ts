import { afterEach, expect, it, vi } from 'vitest';
import { createInlineExecutor } from '../../src/execute/inline.js';
import { collect, tinyDatasets, tinyTask, withoutTimes } from '../support/tiny.js';

afterEach(() => vi.unstubAllEnvs());

async function events(options: Parameters<typeof tinyTask>[1], snapshot = false) {
  const executor = await createInlineExecutor({ engine: 'noop', datasets: tinyDatasets });
  const task = tinyTask('noop', options);
  const all = [];
  for await (const event of executor.submit(task)) {
    all.push(event);
    if (snapshot && event.kind === 'rows' && event.checkpoint.t === 5) executor.stop();
  }
  return all;
}

it('gives the same rows after a snapshot, and other rows after another history', async () => {
  const whole = await events({});
  expect(whole.map(event => event.kind)).toEqual(['started', 'rows', 'rows', 'rows', 'done']);
  const stopped = await events({}, true);
  const last = stopped.find(event => event.kind === 'snapshot')!;
  const executor = await createInlineExecutor({ engine: 'noop', datasets: tinyDatasets });
  const rest = { ...tinyTask('noop', { checkpoints: [20] }), snapshot: last.snapshot };
  const resumed = await collect(executor.submit(rest));
  expect(withoutTimes(resumed.slice(1, 2))).toEqual(withoutTimes(whole.slice(3, 4)));

  const otherSeed = await events({ config: { seed: 1 } });
  for (const i of [1, 2, 3]) {
    expect(withoutTimes([otherSeed[i]!])).not.toEqual(withoutTimes([whole[i]!]));
  }
  expect(withoutTimes([whole[2]!])).not.toEqual(withoutTimes([whole[3]!]));
});

it('takes ESPALIER_NOOP_STEP_MS for each step', async () => {
  vi.stubEnv('ESPALIER_NOOP_STEP_MS', '2');
  // A clock that stands still but for what the engine waits.
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.spyOn(Atomics, 'wait').mockImplementation((...[, , , ms]) => {
    now += ms!;
    return 'timed-out';
  });
  await events({ checkpoints: [50] });
  vi.restoreAllMocks();
  expect(now).toBe(100);
});
