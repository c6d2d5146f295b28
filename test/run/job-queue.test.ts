import { describe, expect, it } from 'vitest';
import type { PlannedTrajectory } from '../../src/domain/types.js';
import { type Job, JobQueue } from '../../src/run/job-queue.js';
import { tinyConfig } from '../support/tiny.js';

const job = (id: string, cost: number, bytes = 1, rank = 0): Job => {
  const trajectory: PlannedTrajectory = {
    id,
    config: tinyConfig('reference'),
    checkpoints: [],
    refinement: null,
  };
  return { trajectory, checkpoints: [], rank, cost, bytes, failures: 0, wasTried: false };
};
const idOf = (taken: Job | null) => taken?.trajectory.id ?? null;

describe('a queue', () => {
  it('gives out the costliest job first, equal ones in grid order, and each job once', () => {
    const queue = new JobQueue([job('a', 1), job('b', 5, 2), job('c', 3), job('d', 3), job('e', 9)], 100);
    expect([1, 2, 3, 4, 5, 6].map(() => idOf(queue.take()))).toEqual(['e', 'b', 'c', 'd', 'a', null]);
  });

  it('gives out a lower rank first, whatever its cost and size', () => {
    const jobs = [
      job('a', 9, 1, 1),
      job('b', 5, 2, 0),
      job('c', 7, 1, 0),
      job('d', 1, 3, 2),
      job('e', 8, 2, 1),
    ];
    const queue = new JobQueue(jobs, 100);
    expect(jobs.map(() => idOf(queue.take()))).toEqual(['c', 'b', 'a', 'e', 'd']);
  });

  it('puts a stopped job back at its place, before equal ones, and a stopped retry before the retries', () => {
    const queue = new JobQueue([job('a', 3), job('b', 3), job('c', 3), job('d', 1)], 100);
    const [a, b] = [queue.take()!, queue.take()!];
    for (const each of [b, a]) {
      queue.release(each);
      queue.putBack(each);
    }
    expect([1, 2, 3].map(() => idOf(queue.take()))).toEqual(['a', 'b', 'c']);
    queue.retry({ ...b, failures: 1 });
    queue.putBack({ ...a, failures: 1 });
    expect([1, 2, 3].map(() => idOf(queue.take()))).toEqual(['d', 'a', 'b']);
  });

  it('never exceeds the memory; a job that fits overtakes one that does not', () => {
    const queue = new JobQueue([job('large', 9, 60), job('wide', 8, 50), job('small', 1, 40)], 100);
    const large = queue.take()!;
    expect(idOf(large)).toBe('large');
    expect(idOf(queue.take())).toBe('small');
    expect(queue.take()).toBeNull();
    queue.release(large);
    expect(idOf(queue.take())).toBe('wide');
  });

  it('runs a job alone if it exceeds the memory or needs to run alone', () => {
    const queue = new JobQueue([job('huge', 9, 500), job('small', 1, 1)], 100);
    const huge = queue.take()!;
    expect(idOf(huge)).toBe('huge');
    expect(queue.take()).toBeNull();
    queue.release(huge);
    const small = queue.take()!;
    queue.retry({ ...huge, bytes: Infinity, failures: 1 });
    expect(queue.take()).toBeNull();
    queue.release(small);
    const again = queue.take()!;
    expect(again).toMatchObject({ bytes: Infinity, failures: 1 });
    expect(queue.take()).toBeNull();
    queue.release(again);
    expect(queue.peek()).toBeNull();
  });

  it('limits how many small jobs overtake a large one', () => {
    const small = Array.from({ length: 50 }, (_, i) => job(`s${i}`, 1, 30));
    const queue = new JobQueue([job('first', 9, 30), job('large', 8, 90), ...small], 100);
    const running = [queue.take()!];
    let passed = 0;
    for (; passed < 50; passed++) {
      const next = queue.take();
      if (!next) break;
      if (idOf(next) === 'large') break;
      running.push(next);
      if (running.length === 3) queue.release(running.pop()!);
    }
    expect(passed).toBeGreaterThan(2);
    expect(passed).toBeLessThan(15);
    for (const each of running) queue.release(each);
    expect(idOf(queue.take())).toBe('large');
  });
});
