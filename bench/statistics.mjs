// Measures how long the statistics take, on made-up curves: `npm run build && node bench/statistics.mjs`.
import { fitSweep } from '../dist/src/fit/index.js';
import { normals, stream } from '../dist/src/math/random.js';
import { computeThresholds } from '../dist/src/threshold/targets.js';

const TARGET = { metric: 'subnet_train_loss', kind: 'atMost', value: 0.15, primary: true };
const VARIANT = {
  method: 'greedy',
  objective: 'squared',
  sampleSize: null,
  subnetSize: 10,
  retrainIterations: 0,
};
const normal = normals(stream(1, 'bench'));
const checkpoints = [0];
for (let t = 5; t < 12_000; t = Math.max(t + 1, Math.round(t * 1.12))) checkpoints.push(t);

function* curveRows(curves) {
  for (let seed = 0; seed < curves; seed++) {
    const end = 200 * Math.exp(0.5 * normal());
    const trajectoryId = `t${seed}`;
    const config = { datasetSize: 1000, seed };
    const { method, objective, sampleSize, subnetSize, retrainIterations } = VARIANT;
    for (const t of checkpoints) {
      const loss = Math.min(0.5, (0.15 * end) / Math.max(1, t)) + 0.002 * normal();
      const metrics = { subnet_train_loss: loss };
      // Lists fields like the store's reader does: a spread would take most of the time.
      yield {
        trajectoryId,
        config,
        method,
        objective,
        sampleSize,
        subnetSize,
        retrainIterations,
        t,
        metrics,
      };
    }
  }
}

/** Crossings of 8 sizes and 10 seeds. `bend` moves alternate sizes above and below a logarithm. */
function* fitRows(bend) {
  for (let j = 0; j < 8; j++) {
    for (let seed = 0; seed < 10; seed++) {
      const datasetSize = 250 * 2 ** j;
      const end = (100 + (200 * j) / 7) * Math.exp(0.1 * normal() + (j % 2 ? bend : -bend));
      const i = checkpoints.findIndex(t => t >= end);
      yield {
        trajectoryId: `${datasetSize}-${seed}`,
        ...VARIANT,
        metric: TARGET.metric,
        target: '<= 0.15',
        lower: checkpoints[i - 1],
        upper: checkpoints[i],
        censoring: 'interval',
        rawUpper: checkpoints[i],
        sustainedUpper: checkpoints[i],
        flagged: false,
        datasetSize,
        width: 100,
        seed,
        engine: 'wasm',
        numerics: 1,
        axes: {},
        checkpoints,
        pool: null,
      };
    }
  }
}

function timed(what, work) {
  const [started, usedBefore] = [performance.now(), process.cpuUsage().user];
  const note = work();
  const wall = (performance.now() - started) / 1000;
  const cpu = (process.cpuUsage().user - usedBefore) / 1e6;
  console.log(`${what.padEnd(50)} ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of CPU   ${note}`);
}

const CURVES = 100_000;
timed(`making up ${CURVES} curves of ${checkpoints.length} checkpoints`, () => {
  let rows = 0;
  for (const _ of curveRows(CURVES)) rows++;
  return `${rows} rows`;
});
timed('the same, reduced to crossings', () => {
  const { rows } = computeThresholds([TARGET], curveRows(CURVES));
  return `${rows.length} crossings`;
});
for (const [what, bend] of [
  ['a logarithm', 0],
  ['no smooth law', 0.12],
]) {
  timed(`all of a fit, 8 sizes and 10 seeds, ${what}`, () => {
    const report = fitSweep({ sweep: 'bench', thresholds: [TARGET], rows: [...fitRows(bend)] });
    const { verdict, lackOfFit } = report.groups[0];
    return `${verdict.label}, ${lackOfFit.simulations} simulations`;
  });
}
