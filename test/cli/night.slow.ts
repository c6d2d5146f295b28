/** A night that is too short, several times: `--for`, by seeds, until all is done. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { Workplace } from '../support/program.js';
import { numbers, query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';

const work = new Workplace();
afterAll(() => work.remove());

/** A trajectory sleeps for two seconds: 60 of them take a minute on two threads, however fast the machine. */
const SWEEP = plainSweep({
  name: 'night',
  axes: {
    datasetSize: [20, 30, 40],
    width: [12, 13],
    seed: { count: 10 },
    pretrainIterations: { from: 5, to: 20, step: 5 },
    subnetSize: 3,
  },
});
const ENV = { ESPALIER_NOOP_STEP_MS: '100' };

it('a run that is stopped by --for again and again equals one in one piece', async () => {
  const sweep = work.sweep(SWEEP);
  const db = work.path('results/night.sqlite');
  const args = ['--noop', '--threads', '2', '--order', 'seeds'];
  const onEnd = ['--on-end', 'cat >> ends.ndjson; echo >> ends.ndjson'];
  const codes: (number | null)[] = [];
  do {
    const { code, stderr } = await work.startWith(ENV, 'run', sweep, ...args, '--for', '20s', ...onEnd).ended;
    codes.push(code);
    if (code === 3) expect(stderr).toContain('the time is up: stopping after the present step');
    if (codes.length > 1) continue;
    // Whole seeds: all their sizes and widths, and nothing of later ones but what was at work.
    const done = query(
      db,
      `SELECT seed, count(*) AS n FROM trajectories WHERE status = 'done' GROUP BY seed ORDER BY seed`,
    );
    const whole = done.filter(({ n }) => n === 6).map(({ seed }) => seed);
    expect(whole.length).toBeGreaterThan(0);
    expect(whole).toEqual(whole.map((_, seed) => seed));
    expect(done.length - whole.length).toBeLessThanOrEqual(1);
    const fit = await work.run('fit', 'results/night.sqlite', '--json');
    expect(fit.code).toBe(0);
  } while (codes.at(-1) === 3);
  expect(codes.length).toBeGreaterThan(1);
  expect(codes).toEqual([...codes.slice(1).map(() => 3), 0]);

  const ends = readFileSync(work.path('ends.ndjson'), 'utf8').split(/^(?=\{)/m);
  expect(ends.map(text => JSON.parse(text).exitCode)).toEqual(codes);
  const whole = await work.run('run', sweep, '--noop', '--threads', '2', '--db', 'whole.sqlite');
  expect(whole.code).toBe(0);
  expect(numbers(db)).toEqual(numbers(work.path('whole.sqlite')));
});
