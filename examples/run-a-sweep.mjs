// Runs a sweep and prints where its curves cross the targets: node examples/run-a-sweep.mjs [SWEEP] [DATABASE]
import { availableParallelism } from 'node:os';
import { prepareSweep, readSweep, runSweep } from 'espalier';

const [sweep = 'examples/small.yaml', db = 'results/small.sqlite'] = process.argv.slice(2);
const prepared = await prepareSweep(readSweep(sweep));
const { progress, thresholds } = await runSweep(prepared, {
  db,
  threads: availableParallelism(),
  observer: { warning: console.error, failed: (id, code, message) => console.error(id, code, message) },
});
console.log(`${progress.cellsDone} of ${progress.cells} cells`);
for (const { sizes, targets } of thresholds)
  for (const { metric, target, cells } of targets)
    console.log(metric, target, Object.fromEntries(sizes.map((n, i) => [n, cells[i].median])));
