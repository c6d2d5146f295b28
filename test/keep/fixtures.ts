/** Small sweeps, run in this thread, and the folders that they are kept in. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInlineExecutor, parseSweep, prepareSweep, runSweep } from '../../src/index.js';
import { type Shard, shardOf } from '../../src/run/shard.js';
import { query } from '../support/results.js';
import { plainSweep, type SweepObject } from '../support/small-sweeps.js';

/** Every kind of cell and threshold, but for certified ones. */
export const VARIED = plainSweep({
  name: 'varied',
  description: 'Kept, and "restored"',
  prune: { method: ['greedy', 'random'] },
  evaluate: { dense: ['train', 'test'], subnet: ['train'] },
  thresholds: [
    { metric: 'subnet_train_loss', atMost: 0.3 },
    { metric: 'subnet_train_loss', withinDense: 0.1 },
    { metric: 'subnet_train_accuracy', published: true },
  ],
  axes: { 'prune.sampleSize': [8, null], 'retrain.iterations': [0, 3] },
});
export const CERTIFIED = plainSweep({
  name: 'certified',
  thresholds: [
    { metric: 'certified_loss', atMost: 0.4 },
    { metric: 'dense_train_loss', atMost: 0.4 },
  ],
});
export const REFINED = plainSweep({
  name: 'refined',
  thresholds: [{ metric: 'subnet_train_loss', atMost: 0.2 }],
  axes: { pretrainIterations: { from: 4, to: 500, ratio: 3, refine: 1.2 }, subnetSize: 4 },
});

/** Runs a sweep, or a part of it, in this thread. `stopAfter`: rows events. */
export async function compute(
  db: string,
  sweep: SweepObject,
  { shard, stopAfter }: { shard?: Shard; stopAfter?: number } = {},
): Promise<void> {
  const prepared = await prepareSweep(parseSweep(JSON.stringify(sweep)));
  const stop = new AbortController();
  let seen = 0;
  await runSweep(shard ? shardOf(prepared, shard) : prepared, {
    db,
    threads: 1,
    order: 'seeds',
    signal: stop.signal,
    executor: async datasets => {
      const executor = await createInlineExecutor({ engine: 'wasm', datasets });
      return {
        ...executor,
        get capacity() {
          return executor.capacity;
        },
        async *submit(task) {
          for await (const event of executor.submit(task)) {
            if (event.kind === 'rows' && ++seen === stopAfter) stop.abort();
            yield event;
          }
        },
      };
    },
  });
}

/** The text of each file of a folder. */
export const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map(name => [name, readFileSync(join(folder, name), 'utf8')]),
  );

/** Without what says by which machine and program they were computed. */
export function resultsOf(folder: string): Record<string, string> {
  const { 'provenance.csv': _, ...files } = filesOf(folder);
  return files;
}

export const progressOf = (db: string) => query(db, 'SELECT * FROM progress')[0]!;

export const thresholdsOf = (db: string) =>
  query(
    db,
    `SELECT * FROM thresholds ORDER BY trajectory_id, prune_method, subnet_size, axes, metric, target`,
  );

/** The view `results` without times and work, which are not kept. */
export const keptResults = (db: string) =>
  query(
    db,
    `SELECT * FROM results ORDER BY sweep, trajectory_id, pretrain_iterations, prune_method, prune_sample_size,
       subnet_size, retrain_iterations`,
  ).map(
    ({ prune_wall_s: _, prune_cpu_s: _cpu, activation_passes: _passes, finished_at: _at, ...row }) => row,
  );
