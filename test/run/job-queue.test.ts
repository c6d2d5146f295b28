import { describe, expect, it } from 'vitest';
import type { PlannedTrajectory } from '../../src/domain/types.js';
import { Backlog, type Job } from '../../src/run/job-queue.js';
import { tinyConfig } from '../support/tiny.js';

const job = (id: string, cost: number, bytes = 1): Job => {
  const trajectory: PlannedTrajectory = { id, config: tinyConfig('reference'), checkpoints: [] };
  return { trajectory, checkpoints: [], cost, bytes, failures: 0 };
};
const idOf = (taken: Job | null) => taken?.trajectory.id ?? null;

describe('a backlog', () => {
  it('hands out the costliest first, equal ones in the order of the grid, and nothing twice', () => {
    const backlog = new Backlog([job('a', 1), job('b', 5, 2), job('c', 3), job('d', 3), job('e', 9)], 100);
    expect([1, 2, 3, 4, 5, 6].map(() => idOf(backlog.take()))).toEqual(['e', 'b', 'c', 'd', 'a', null]);
  });

  it('never has more at once than fits, and lets what fits pass by what does not', () => {
    const backlog = new Backlog([job('large', 9, 60), job('wide', 8, 50), job('small', 1, 40)], 100);
    const large = backlog.take()!;
    expect(idOf(large)).toBe('large');
    expect(idOf(backlog.take())).toBe('small');
    expect(backlog.take()).toBeNull();
    backlog.ended(large);
    expect(idOf(backlog.take())).toBe('wide');
  });

  it('lets one alone run however large, and what asks for it runs alone', () => {
    const backlog = new Backlog([job('huge', 9, 500), job('small', 1, 1)], 100);
    const huge = backlog.take()!;
    expect(idOf(huge)).toBe('huge');
    expect(backlog.take()).toBeNull();
    backlog.ended(huge);
    const small = backlog.take()!;
    backlog.again({ ...huge, bytes: Infinity, failures: 1 });
    expect(backlog.take()).toBeNull();
    backlog.ended(small);
    const again = backlog.take()!;
    expect(again).toMatchObject({ bytes: Infinity, failures: 1 });
    expect(backlog.take()).toBeNull();
    backlog.ended(again);
    expect(backlog.first()).toBeNull();
  });

  it('does not let small ones pass for ever', () => {
    const small = Array.from({ length: 50 }, (_, i) => job(`s${i}`, 1, 30));
    const backlog = new Backlog([job('first', 9, 30), job('large', 8, 90), ...small], 100);
    const running = [backlog.take()!];
    let passed = 0;
    for (; passed < 50; passed++) {
      const next = backlog.take();
      if (!next) break;
      if (idOf(next) === 'large') break;
      running.push(next);
      if (running.length === 3) backlog.ended(running.pop()!);
    }
    expect(passed).toBeGreaterThan(2);
    expect(passed).toBeLessThan(15);
    for (const each of running) backlog.ended(each);
    expect(idOf(backlog.take())).toBe('large');
  });
});
