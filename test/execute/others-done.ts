/** One trajectory has a fault; what becomes of it, of those beside it, and of those after it. */
import { expect } from 'vitest';
import type { Executor } from '../../src/execute/executor.js';
import { collect, tinyTask } from '../support/tiny.js';

export const task = (width: number, checkpoints = [0, 5, 20]) =>
  tinyTask('noop', { config: { width }, checkpoints });

/** Runs five trajectories on a pool of two threads whose fault is at width 13. */
export async function expectOthersDone(
  pool: Executor,
  { code, message, stack }: { code: string; message: string; stack: RegExp | null },
): Promise<void> {
  const widths = [10, 13, 11, 13, 12];
  const all = await Promise.all(widths.map(width => collect(pool.submit(task(width)))));
  for (const [i, width] of widths.entries()) {
    const kinds = all[i]!.map(event => event.kind);
    if (width !== 13) expect(kinds).toEqual(['started', 'rows', 'rows', 'rows', 'done']);
    else {
      expect(kinds).toEqual(['started', 'rows', 'failed']);
      const failed = all[i]!.at(-1)!;
      expect(failed).toMatchObject({ code, message: expect.stringContaining(message) });
      if (stack) expect(failed).toMatchObject({ stack: expect.stringMatching(stack) });
    }
  }
  expect(pool.stats()).toEqual({ capacity: 2, running: 0, finished: 5 });
  expect((await collect(pool.submit(task(14)))).at(-1)?.kind).toBe('done');
}
