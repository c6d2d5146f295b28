#!/usr/bin/env node
// Measures the time of `espalier report` and the size of its file, on a database of 100,000 simulated cells.
//
//   npm run build && node bench/report/run.mjs
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

const folder = mkdtempSync(join(tmpdir(), 'espalier-report-'));
const espalier = (...args) =>
  execFileSync(process.execPath, [PROGRAM, ...args], { cwd: folder, encoding: 'utf8' }).trim();
try {
  writeFileSync(join(folder, 'sweep.yaml'), SWEEP);
  console.log(espalier('design', 'sweep.yaml', '--write', 'cells.sqlite', '--law', 'logarithmic'));
  const started = performance.now();
  espalier('report', 'cells.sqlite');
  const seconds = (performance.now() - started) / 1000;
  const megabytes = statSync(join(folder, 'cells.html')).size / 1e6;
  console.log(`report written in ${seconds.toFixed(1)} s, ${megabytes.toFixed(2)} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
