/** A thread takes seconds to reach its memory limit; faults.test.ts has the other faults. */
import { it, vi } from 'vitest';
import { createPoolExecutor } from '../../src/execute/pool.js';
import { tinyDatasets } from '../support/tiny.js';
import { expectOthersDone } from './others-done.js';

it('memory: OUT_OF_MEMORY, and the others are done', async () => {
  vi.stubEnv('ESPALIER_NOOP_FAULTS', 'memory:13');
  const pool = createPoolExecutor({ engine: 'noop', datasets: tinyDatasets, threads: 2 });
  await expectOthersDone(pool, {
    code: 'OUT_OF_MEMORY',
    message: 'the worker thread ended: Worker terminated due to reaching memory limit',
    stack: /Error/,
  });
  await pool.close();
});
