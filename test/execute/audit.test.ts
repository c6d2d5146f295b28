import { afterEach, describe, expect, it } from 'vitest';
import type { ExecutorEvent } from '../../src/domain/messages.js';
import { isAudited, withAudit } from '../../src/execute/audit.js';
import type { Executor } from '../../src/execute/executor.js';
import { createPoolExecutor } from '../../src/execute/pool.js';
import { collect, tinyDatasets, tinyTask, withoutTimes } from '../support/tiny.js';

const open: Executor[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(executor => executor.close()));
});
function pool(): Executor {
  const executor = createPoolExecutor({ engine: 'reference', datasets: tinyDatasets, threads: 1 });
  open.push(executor);
  return executor;
}

describe('an audit', () => {
  it('is of the share that is asked for, the same in every run', () => {
    const ids = Array.from({ length: 4_000 }, (_, i) => `trajectory-${i}`);
    const audited = ids.filter(id => isAudited(id, 0.1));
    expect(audited.length).toBeGreaterThan(300);
    expect(audited.length).toBeLessThan(500);
    expect(ids.filter(id => isAudited(id, 0.1))).toEqual(audited);
    expect(ids.every(id => isAudited(id, 1))).toBe(true);
    // What a smaller share holds, a larger one does, too.
    expect(ids.filter(id => isAudited(id, 0.01)).every(id => isAudited(id, 0.1))).toBe(true);
  });

  it('computes twice what it reports once', async () => {
    const executor = withAudit(pool(), 1, 'here/1');
    const events = await collect(executor.submit(tinyTask('reference')));
    expect(withoutTimes(events)).toEqual(withoutTimes(await collect(pool().submit(tinyTask('reference')))));
    expect(executor.stats().finished).toBe(2);
  });

  it('fails what differs the second time, and says where and who', async () => {
    const inner = pool();
    const submit = inner.submit.bind(inner);
    inner.submit = task => (task.id.endsWith('-audit') ? changed(submit(task)) : submit(task));
    const events = await collect(withAudit(inner, 1, 'here/1').submit(tinyTask('reference')));
    expect(events.map(({ kind }) => kind)).toEqual(['started', 'rows', 'rows', 'rows', 'failed']);
    expect(events.at(-1)).toMatchObject({
      code: 'BITS_DIFFER',
      message: expect.stringMatching(/^the numbers at iteration 5 from here\/1 and from there\/2 differ/),
    });
  });
});

/** The same, but for the last bit of one number at iteration 5, from another worker. */
async function* changed(events: AsyncIterable<ExecutorEvent>): AsyncGenerator<ExecutorEvent, void> {
  for await (const event of events) {
    if (event.kind === 'started')
      yield {
        ...event,
        by: { host: 'there', process: 2, kernels: null } as NonNullable<(typeof event)['by']>,
      };
    else if (event.kind === 'rows' && event.checkpoint.t === 5) {
      const { etaLambdaMax } = event.checkpoint;
      yield {
        ...event,
        checkpoint: { ...event.checkpoint, etaLambdaMax: etaLambdaMax * (1 + Number.EPSILON) },
      };
    } else yield event;
  }
}
