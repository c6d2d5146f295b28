// An executor of your own: passes trajectories on to the pool, and keeps account of what each of them took.
//   node examples/own-executor.mjs [SWEEP] [DATABASE]
import { createPoolExecutor, prepareSweep, readSweep, runSweep } from 'espalier';

/** @returns {import('espalier').Executor} */
function withAccount(executor, account) {
  return {
    get capacity() {
      return executor.capacity;
    },
    resize: capacity => executor.resize(capacity),
    prefetch: () => executor.prefetch(),
    // Events have to reach the caller in order, and the last one ends the iteration.
    async *submit(task) {
      const start = performance.now();
      let checkpoints = 0;
      for await (const event of executor.submit(task)) {
        if (event.kind === 'rows') checkpoints++;
        yield event;
      }
      account.push({ id: task.id, n: task.config.datasetSize, checkpoints, ms: performance.now() - start });
    },
    stop: () => executor.stop(),
    pause: () => executor.pause(),
    resume: () => executor.resume(),
    stats: () => executor.stats(),
    close: () => executor.close(),
  };
}

const [sweep = 'examples/small.yaml', db = 'results/account.sqlite'] = process.argv.slice(2);
const prepared = await prepareSweep(readSweep(sweep));
const account = [];
const threads = 2;
await runSweep(prepared, {
  db,
  threads,
  executor: datasets =>
    withAccount(createPoolExecutor({ engine: prepared.engine.name, datasets, threads }), account),
});
for (const { id, n, checkpoints } of account) console.log(`${id}: n = ${n}, ${checkpoints} checkpoints`);
