#!/usr/bin/env node
// Compares speed with PyTorch. Ours and theirs alternate (A B A B), each in its own process on one core.
//
//   npm run build && node bench/peers/run.mjs [options]
//
//   --only CASE    step, dense, checkpoint, published (also runs checkpoint) or trajectory; repeatable
//   --rounds R     processes of each side (3)
//   --dataset NAME mnist or digits. Default: MNIST if found (ESPALIER_DATA_DIR, ../shared/data, the cache)
//   --python FILE  the interpreter that has PyTorch
//   --quick        small sizes: checks that everything runs and both sides agree
//   --json         prints the figures as JSON
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { renderTable } from '../../dist/src/cli/output.js';
import { findKnownDataset } from '../../dist/src/data/locate.js';
import { CASES, FULL, QUICK } from './cases.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Below this rate, a matrix product leaves the processor's abilities unused. */
const SLOW_GFLOPS = 25;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: Object.keys(CASES) },
    rounds: { type: 'string', default: '3' },
    dataset: { type: 'string' },
    python: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

/** The command prefix that pins a process to the last core this process may use; empty without taskset or /proc. */
function pinning() {
  try {
    const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    const core = allowed.split(/[,-]/).at(-1);
    execFileSync('taskset', ['-c', core, 'true'], { stdio: 'ignore' });
    return ['taskset', '-c', core];
  } catch {
    return [];
  }
}

/**
 * Sets one thread, and OpenBLAS's kernels for this processor unless OPENBLAS_CORETYPE is set. OpenBLAS versions older
 * than the processor fall back to kernels of 2005, which would be unfair.
 */
function environment() {
  const environment = {
    ...process.env,
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
    MKL_NUM_THREADS: '1',
  };
  const flags = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  if (/\bavx512f\b/.test(flags)) environment.OPENBLAS_CORETYPE ??= 'SkylakeX';
  else if (/\bavx2\b/.test(flags)) environment.OPENBLAS_CORETYPE ??= 'Haswell';
  return environment;
}

const PIN = pinning();
const ENVIRONMENT = environment();

function run(...command) {
  const [file, ...args] = [...PIN, ...command];
  return execFileSync(file, args, { env: ENVIRONMENT, encoding: 'utf8', maxBuffer: 2 ** 28 });
}
const ours = (command, folder) =>
  run(process.execPath, ...process.execArgv, join(HERE, 'ours.mjs'), command, folder);
const theirs = (python, ...args) => JSON.parse(run(python, join(HERE, 'theirs.py'), ...args));
const log = line => process.stderr.write(`${line}\n`);

function findPython() {
  const names = options.python ? [options.python] : ['python3', '/usr/bin/python3'];
  const found = names.find(name => {
    try {
      execFileSync(name, ['-c', 'import numpy, torch'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  if (found) return found;
  log(
    `PyTorch is not installed (tried ${names.join(', ')}): nothing to compare with. ` +
      'Debian: apt-get install python3-torch libopenblas0; --python names another interpreter',
  );
  process.exit(2);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The folder and files of MNIST; null if not found. */
function findMnist() {
  if (options.dataset === 'digits') return null;
  const shared = join(HERE, '../../../shared/data');
  const dataDir = process.env.ESPALIER_DATA_DIR ? undefined : existsSync(shared) ? shared : undefined;
  const found = findKnownDataset('mnist', { dataDir });
  return found && { dataDir: found.folder, paths: found.paths };
}

function prepareCase(kind, root, mnist) {
  const folder = join(root, kind);
  mkdirSync(folder);
  const sizes = (options.quick ? QUICK : FULL)[kind];
  const spec = {
    ...sizes,
    kind,
    dataset: mnist ? 'mnist' : 'digits',
    dataDir: mnist?.dataDir,
    mnist: mnist?.paths ?? null,
  };
  writeFileSync(join(folder, 'case.json'), JSON.stringify(spec));
  ours('prepare', folder);
  return { folder, spec };
}

/** Runs the rounds of one case: ours, theirs, ours, theirs. */
function compare(kind, python, root, mnist) {
  const { folder, spec } = prepareCase(kind, root, mnist);
  const rounds = Array.from({ length: Number(options.rounds) }, (_, round) => {
    log(`${kind}: round ${round + 1}`);
    return {
      ours: JSON.parse(ours('measure', folder)),
      theirs: theirs(python, '--unit', kind, folder),
    };
  });
  const what = `${CASES[kind]}, n = ${spec.datasetSize}, N = ${spec.width}`;
  return {
    case: kind,
    what,
    folder,
    ...figures(rounds),
    agreement: agreement(kind, folder, rounds[0]),
    rounds,
  };
}

/** Medians of times, and of the ratios of rounds. Mainly CPU time, since other programs may share the core. */
function figures(rounds) {
  const all = (side, clock) => median(rounds.flatMap(round => round[side][clock]));
  const ratios = clock => rounds.map(round => median(round.theirs[clock]) / median(round.ours[clock]));
  return {
    oursCpuSeconds: all('ours', 'cpu'),
    theirsCpuSeconds: all('theirs', 'cpu'),
    cpuRatio: median(ratios('cpu')),
    wallRatio: median(ratios('wall')),
    cpuRatios: ratios('cpu'),
  };
}

/** How closely both sides agree, in words, and whether it is close enough. */
function agreement(kind, folder, { ours: mine, theirs: other }) {
  const relative = (a, b) => Math.abs(a - b) / Math.abs(b);
  if (kind === 'trajectory') {
    const [dense, subnet] = [0, 1].map(which =>
      Math.max(...mine.losses.map((losses, i) => relative(losses[which], other.losses[i][which]))),
    );
    // Rounding may decide a tie and give another, about equally good subnetwork: only dense losses must agree.
    return { what: `losses to ${digits(dense)}, subnetworks' to ${digits(subnet)}`, agrees: dense < 0.01 };
  }
  const { changeError, equalPicks, scoreError } = JSON.parse(ours('check', folder));
  if (kind !== 'checkpoint') {
    return { what: `change of weights to ${digits(changeError)}`, agrees: changeError < 1e-3 };
  }
  const error = Math.max(
    ...Object.entries(mine.metrics).map(([name, [loss]]) => relative(loss, other.metrics[name][0])),
  );
  const picks =
    scoreError === 0 ? `${equalPicks} picks` : `${equalPicks} picks, then a tie to ${digits(scoreError)}`;
  return { what: `${picks}, losses to ${digits(error)}`, agrees: scoreError < 1e-6 && error < 0.01 };
}

const digits = error => error.toExponential(0);

/** Compares theirs with our whole checkpoint, whose result must exist. */
function comparePublished(python, { folder, rounds: [{ ours: mine }] }) {
  log('published: three picks');
  const round = { ours: mine, theirs: theirs(python, '--unit', 'published', folder) };
  const agreement = { what: 'estimated from 3 picks', agrees: true };
  return { case: 'published', what: CASES.published, ...figures([round]), agreement, rounds: [round] };
}

const threeDigits = value => Number(value.toPrecision(3));

function main() {
  const unknown = options.only.find(name => !(name in CASES));
  if (unknown) {
    log(`--only ${unknown}: expected one of ${Object.keys(CASES).join(', ')}`);
    process.exit(2);
  }
  const wanted = new Set(options.only);
  if (wanted.has('published')) wanted.add('checkpoint');
  const python = findPython();
  const probe = theirs(python, '--probe');
  const mnist = findMnist();
  log(
    `PyTorch ${probe.torch}, ${probe.blas ?? 'its own BLAS'} (OPENBLAS_CORETYPE ${ENVIRONMENT.OPENBLAS_CORETYPE}), ` +
      `matrix product ${threeDigits(probe.gflops)} GFLOP/s; ` +
      `inputs: ${mnist ? 'MNIST' : 'generated digits'}; ${PIN.length ? `core ${PIN[2]}` : 'not pinned to a core'}`,
  );
  if (probe.gflops < SLOW_GFLOPS) {
    log(
      'warning: this PyTorch multiplies matrices slowly, so the ratios flatter us; try: apt-get install libopenblas0',
    );
  }
  const root = mkdtempSync(join(tmpdir(), 'espalier-peers-'));
  try {
    const results = [];
    for (const kind of Object.keys(CASES).filter(name => wanted.has(name))) {
      const result =
        kind === 'published' ? comparePublished(python, results.at(-1)) : compare(kind, python, root, mnist);
      results.push(result);
    }
    if (options.json) {
      const plain = results.map(({ folder, ...result }) => result);
      process.stdout.write(`${JSON.stringify({ probe, results: plain }, null, 2)}\n`);
    } else {
      const head = ['case', 'ours, CPU s', 'PyTorch, CPU s', 'PyTorch / ours', 'by wall time', 'both agree'];
      const rows = results.map(result => [
        result.what,
        threeDigits(result.oursCpuSeconds),
        threeDigits(result.theirsCpuSeconds),
        threeDigits(result.cpuRatio),
        threeDigits(result.wallRatio),
        result.agreement.what,
      ]);
      process.stdout.write(renderTable(head, rows));
    }
    const wrong = results.filter(({ agreement }) => !agreement.agrees);
    for (const { case: name } of wrong)
      log(`${name}: the two sides do not agree, the comparison means nothing`);
    if (wrong.length > 0) process.exitCode = 1;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

main();
