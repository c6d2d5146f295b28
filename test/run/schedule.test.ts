import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/run/job-queue.js';
import { scheduleOf } from '../../src/run/schedule.js';
import { planned } from '../store/fixtures.js';

const job = (cost: number, bytes = 1): Job => {
  const trajectory = planned(`${cost}`, [0], []);
  return {
    trajectory,
    checkpoints: trajectory.checkpoints,
    rank: 0,
    cost,
    bytes,
    failures: 0,
    wasTried: false,
  };
};

describe('a schedule', () => {
  it('is as long as its work on one thread, and no longer than the longest on enough', () => {
    const jobs = [3, 1, 2].map(cost => job(cost));
    expect(scheduleOf(jobs, 1, 100)).toMatchObject({ duration: 6, threads: 1, bytes: 1 });
    expect(scheduleOf(jobs, 8, 100)).toMatchObject({ duration: 3, threads: 3, bytes: 3 });
    expect(scheduleOf([], 8, 100)).toMatchObject({ duration: 0, threads: 0, bytes: 0 });
  });

  it('tells when each job ends, in that order', () => {
    const { ended } = scheduleOf(
      [4, 1, 2].map(cost => job(cost)),
      2,
      100,
    );
    expect(ended.map(({ job: { cost }, end }) => [cost, end])).toEqual([
      [2, 2],
      [1, 3],
      [4, 4],
    ]);
  });

  it('starts the longest first', () => {
    expect(
      scheduleOf(
        [1, 1, 1, 1, 4].map(cost => job(cost)),
        2,
        100,
      ).duration,
    ).toBe(4);
    expect(
      scheduleOf(
        [2, 2, 3, 3].map(cost => job(cost)),
        2,
        100,
      ).duration,
    ).toBe(5);
  });

  it('runs small ones beside a large one, and large ones alone where two do not fit', () => {
    const large = [job(4, 8), job(4, 8)];
    const small = [1, 1, 1, 1].map(cost => job(cost, 2));
    expect(scheduleOf(large, 2, 10)).toMatchObject({ duration: 8, threads: 1, bytes: 8 });
    // As run does: the small ones fill the second thread. By the largest size, one thread would take 12.
    expect(scheduleOf([...large, ...small], 2, 10)).toMatchObject({ duration: 8, threads: 2, bytes: 10 });
    expect(scheduleOf([...large, ...small], 2, 16).duration).toBe(6);
  });
});
