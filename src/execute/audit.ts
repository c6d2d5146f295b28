/**
 * An executor that has a share of the trajectories computed twice, and compares the two to the bit. Which ones follows
 * from their ids, so that it is the same share in every run.
 */
import { createHash } from 'node:crypto';
import { processName } from '../base/process-name.js';
import type { ExecutorEvent, TrajectoryTask } from '../domain/messages.js';
import { BITS_DIFFER, bitsOf, differingBits } from './bits.js';
import type { Executor } from './executor.js';

const SUFFIX = '-audit';

/** Whether this is the id of a second computation. */
export const isAudit = (id: string): boolean => id.endsWith(SUFFIX);

/** @param share 0 to 1. @param worker names this process, where the executor does not say who computes. */
export function withAudit(executor: Executor, share: number, worker: string): Executor {
  const submit = executor.submit.bind(executor);
  executor.submit = task => (isAudited(task.id, share) ? audited(task, submit, worker) : submit(task));
  return executor;
}

/** Whether the trajectory is in a share of all. */
export function isAudited(id: string, share: number): boolean {
  const [word] = new Uint32Array(createHash('sha256').update(`audit ${id}`).digest().buffer.slice(0, 4));
  return word! < share * 2 ** 32;
}

async function* audited(
  task: TrajectoryTask,
  submit: Executor['submit'],
  worker: string,
): AsyncGenerator<ExecutorEvent, void> {
  const heard = new Map<number, string>();
  let first = worker;
  let done: ExecutorEvent | null = null;
  for await (const event of submit(task)) {
    if (event.kind === 'started' && event.by) first = processName(event.by);
    if (event.kind === 'rows')
      heard.set(event.checkpoint.t, bitsOf(task.evaluate, event.checkpoint, event.cells));
    if (event.kind === 'done') done = event;
    else yield event;
  }
  // The first one's events are read to their end: only then does its slot report of another.
  if (done) yield (await secondTime(task, heard, first, submit, worker)) ?? done;
}

/** Computes it again from iteration 0. Returns the event that takes the place of the end; null if all is equal. */
async function secondTime(
  task: TrajectoryTask,
  heard: ReadonlyMap<number, string>,
  first: string,
  submit: Executor['submit'],
  worker: string,
): Promise<ExecutorEvent | null> {
  let second = worker;
  const again = { ...task, id: `${task.id}${SUFFIX}`, snapshot: null, avoid: first };
  let difference: string | null = null;
  for await (const event of submit(again)) {
    if (event.kind === 'started' && event.by) second = processName(event.by);
    if (event.kind === 'rows') {
      const { t } = event.checkpoint;
      if (heard.get(t) !== bitsOf(task.evaluate, event.checkpoint, event.cells))
        difference ??= differingBits(t, first, second);
    }
    if ('onStored' in event) event.onStored?.();
    if (event.kind === 'stopped') return event;
    if (event.kind === 'failed') return { ...event, message: `computed a second time: ${event.message}` };
  }
  return difference === null ? null : { kind: 'failed', code: BITS_DIFFER, message: difference, stack: null };
}
