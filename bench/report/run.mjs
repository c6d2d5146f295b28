#!/usr/bin/env node
// How long `espalier report` takes, and how large its file is: on a database of 100,000 cells with a known law.
//
//   npm run build && node bench/report/run.mjs [--keep FILE]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { axisValuesOf, expandGrid } from '../../dist/src/domain/grid.js';
import { parseSweep } from '../../dist/src/domain/spec.js';
import { stream } from '../../dist/src/math/random.js';
import { Store } from '../../dist/src/store/store.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const SWEEP = `
name: report-benchmark
dataset: { name: digits, pool: 256000 }
axes:
  datasetSize: [250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000]
  width: [500, 1000]
  seed: { count: 10 }
  pretrainIterations: { from: 5, to: 12000, ratio: 1.12 }
  subnetSize: [50, 100, 150, 200]
prune: { method: [greedy, random] }
thresholds:
  - { metric: subnet_train_loss, atMost: 0.20 }
  - { metric: subnet_train_loss, atMost: 0.15, primary: true }
  - { metric: subnet_train_loss, atMost: 0.10 }
  - { metric: dense_train_loss, atMost: 0.15 }
`;

/** 0.5 at first, 0.15 at 40 ln(n / 50): a logarithm, with a tenth of noise from the seed. */
function lossAt(n, t, factor) {
  const time = 40 * Math.log(n / 50) * factor;
  return 0.5 / (1 + (7 / 3) * (t / time));
}

function fill(file) {
  const spec = parseSweep(SWEEP);
  const trajectories = [
    ...expandGrid(spec, dataset => ({ ...dataset, content: 'made' }), { name: 'wasm', numerics: 1 }),
  ];
  const store = Store.open(file);
  const attempt = {
    host: 'bench',
    process: 1,
    worker: 'bench/1',
    toolVersion: '0',
    nodeVersion: process.version,
    gitRevision: null,
    gitDirty: null,
    cpu: 'none',
    threads: 1,
  };
  store.saveSweep(
    {
      name: spec.name,
      definition: spec.definition,
      evaluate: spec.evaluate,
      thresholds: spec.thresholds,
      axes: (config, variant) => axisValuesOf(spec, config, variant),
    },
    trajectories,
  );
  let cells = 0;
  for (const { id, config, checkpoints } of trajectories) {
    const factor = Math.exp(0.2 * (stream(config.seed, 'factor', String(config.datasetSize))() - 0.5));
    store.started(id, attempt);
    for (const { t, variants } of checkpoints) {
      const loss = lossAt(config.datasetSize, t, factor);
      const sets = of =>
        Object.fromEntries(['train', 'pool', 'test'].map(set => [set, { loss: of, accuracy: 1 - of }]));
      const rows = variants.map(variant => ({
        ...variant,
        t,
        subnet: sets(loss * (1 + 5 / variant.subnetSize)),
        retrained: null,
        distinctNeurons: variant.subnetSize,
        activationPasses: 3,
        pruneWallS: 0.1,
        pruneCpuS: 0.1,
      }));
      cells += rows.length;
      store.rows(
        id,
        { t, dense: sets(loss), deadNeurons: 0, etaLambdaMax: 1, trainWallS: 1, trainCpuS: 1 },
        rows,
      );
    }
    store.finished(id, { kind: 'done', trainWallS: 60, trainCpuS: 60 });
  }
  store.close();
  return cells;
}

const { values: options } = parseArgs({ options: { keep: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'espalier-report-'));
try {
  const file = options.keep ?? join(folder, 'cells.sqlite');
  const cells = existsSync(file) ? '' : `${fill(file)} cells; `;
  const output = join(folder, 'report.html');
  const began = performance.now();
  execFileSync(process.execPath, [PROGRAM, 'report', file, '--output', output], { stdio: 'ignore' });
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${cells}report written in ${seconds.toFixed(1)} s, ${(statSync(output).size / 1e6).toFixed(2)} MB`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
