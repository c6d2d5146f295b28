#!/usr/bin/env node
// Compares speed with PyTorch. Ours and theirs alternate (A B A B), each in its own process on one core.
//
//   npm run build && node bench/peers/run.mjs [options]
//
// Both sides of a round use the same instruction set: our native kernels of that width, and OpenBLAS's kernels for it.
//
//   --only CASE    step, dense, checkpoint, published (also runs checkpoint), trajectory, trajectory-wide or evaluation
//                  (ours alone; also runs trajectory); repeatable
//   --isa NAME     avx2 or avx512; repeatable. Default: all that the processor has
//   --kernels NAME ours on other kernels (ESPALIER_KERNELS), e.g. wasm
//   --rounds R     processes of each side (3)
//   --dataset NAME mnist or digits. Default: MNIST if found (ESPALIER_DATA_DIR, ../shared/data, the cache)
//   --python FILE  the interpreter that has PyTorch
//   --quick        small sizes: checks that everything runs and both sides agree
//   --json         prints the figures as JSON
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { renderTable } from '../../dist/src/cli/output.js';
import { findKnownDataset } from '../../dist/src/data/locate.js';
import { CASES, FULL, INSTRUCTION_SETS, QUICK } from './cases.mjs';

const CPU = cpus()[0]?.model.trim();
const HERE = fileURLToPath(new URL('.', import.meta.url));

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: Object.keys(CASES) },
    isa: { type: 'string', multiple: true },
    kernels: { type: 'string' },
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

const PIN = pinning();

function run(environment, ...command) {
  const [file, ...args] = [...PIN, ...command];
  return execFileSync(file, args, {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
}

/** Both sides on one instruction set. Without one that is known here: our widest kernels, and what OpenBLAS chooses. */
function sidesOf(isa) {
  const { kernels = 'auto', environment = {} } = INSTRUCTION_SETS[isa] ?? {};
  const oneThread = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
  const own = { ESPALIER_KERNELS: options.kernels ?? kernels };
  return {
    isa,
    ours: (command, folder = '') =>
      JSON.parse(run(own, process.execPath, ...process.execArgv, join(HERE, 'ours.mjs'), command, folder)),
    theirs: (python, ...args) =>
      JSON.parse(run({ ...environment, ...oneThread }, python, join(HERE, 'theirs.py'), ...args)),
  };
}

function chooseInstructionSets() {
  const flags = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const here = Object.keys(INSTRUCTION_SETS).filter(name => INSTRUCTION_SETS[name].flag.test(flags));
  const missing = options.isa?.find(name => !here.includes(name));
  if (missing !== undefined) {
    log(`--isa ${missing}: this processor has ${here.join(', ') || 'none of those known'}`);
    process.exit(2);
  }
  if (options.isa) return options.isa;
  return here.length > 0 ? here : ['as it is'];
}

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
      'Debian: apt-get install python3-torch libopenblas0-pthread; --python names another interpreter',
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

function prepareCase(kind, root, mnist, { ours }) {
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

const roundsOf = measure =>
  Array.from({ length: Number(options.rounds) }, (_, round) => {
    log(`  round ${round + 1}`);
    return measure();
  });

/** Runs the rounds of one case: for each instruction set ours, then theirs, and again. Returns a result for each set. */
function compare(kind, python, root, mnist, pairs) {
  log(kind);
  const { folder, spec } = prepareCase(kind, root, mnist, pairs[0]);
  const agreements = [];
  const rounds = roundsOf(() =>
    pairs.map((pair, p) => {
      const round = {
        ours: pair.ours('measure', folder),
        theirs: pair.theirs(python, '--unit', kind, folder),
      };
      agreements[p] ??= agreement(kind, folder, round, pair);
      return round;
    }),
  );
  const what = `${CASES[kind]}, n = ${spec.datasetSize}, N = ${spec.width}`;
  return pairs.map(({ isa }, p) => {
    const own = rounds.map(round => round[p]);
    return { case: kind, isa, what, folder, ...figures(own), agreement: agreements[p], rounds: own };
  });
}

/** Our trajectory with the default evaluation against the same without, in turn. */
function compareEvaluation({ folder }, pairs) {
  log('evaluation');
  const rounds = roundsOf(() =>
    pairs.map(({ ours }) => ({ theirs: ours('evaluation', folder), ours: ours('measure', folder) })),
  );
  const agreement = { what: '', agrees: true };
  return pairs.map(({ isa }, p) => {
    const own = rounds.map(round => round[p]);
    const { theirsCpuSeconds, ...rest } = figures(own);
    return {
      case: 'evaluation',
      isa,
      what: CASES.evaluation,
      ...rest,
      oursCpuSeconds: theirsCpuSeconds,
      theirsCpuSeconds: null,
      agreement,
      rounds: own,
    };
  });
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
function agreement(kind, folder, { ours: mine, theirs: other }, { ours }) {
  const relative = (a, b) => Math.abs(a - b) / Math.abs(b);
  if (kind.startsWith('trajectory')) {
    const [dense, subnet] = [0, 1].map(which =>
      Math.max(...mine.losses.map((losses, i) => relative(losses[which], other.losses[i][which]))),
    );
    // Rounding may decide a tie and give another, about equally good subnetwork: only dense losses must agree.
    return { what: `losses to ${digits(dense)}, subnetworks' to ${digits(subnet)}`, agrees: dense < 0.01 };
  }
  const { changeError, equalPicks, scoreError } = ours('check', folder);
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
function comparePublished(python, { isa, folder, rounds: [{ ours: mine }] }, { theirs }) {
  log('published: three picks');
  const round = { ours: mine, theirs: theirs(python, '--unit', 'published', folder) };
  const agreement = { what: 'estimated from 3 picks', agrees: true };
  return { case: 'published', isa, what: CASES.published, ...figures([round]), agreement, rounds: [round] };
}

const threeDigits = value => Number(value.toPrecision(3));

/** What each side computes with, one line for each instruction set. Refuses a BLAS that nobody would use. */
function describeSides(python, pairs) {
  return pairs.map(({ isa, ours, theirs }) => {
    const probe = theirs(python, '--probe');
    const kernels = ours('kernels');
    log(
      `${isa}: ours ${kernels} kernels; PyTorch ${probe.torch} (${probe.capability}), ` +
        `${probe.library ?? 'its own BLAS'}, core type ${probe.core ?? 'unknown'}, ` +
        `matrix product ${threeDigits(probe.gflops)} GFLOP/s`,
    );
    if (probe.library?.startsWith('reference BLAS')) {
      log(
        'PyTorch multiplies with the reference BLAS, which nobody would use: apt-get install libopenblas0-pthread',
      );
      process.exit(2);
    }
    return { isa, kernels, ...probe };
  });
}

function measureAll(python, root, mnist, pairs) {
  const wanted = new Set(options.only);
  if (wanted.has('published')) wanted.add('checkpoint');
  if (wanted.has('evaluation')) wanted.add('trajectory');
  const results = [];
  for (const kind of Object.keys(CASES).filter(name => wanted.has(name))) {
    const of = (name, isa) => results.find(result => result.case === name && result.isa === isa);
    if (kind === 'published') {
      results.push(...pairs.map(pair => comparePublished(python, of('checkpoint', pair.isa), pair)));
    } else if (kind === 'evaluation') {
      results.push(...compareEvaluation(of('trajectory', pairs[0].isa), pairs));
    } else {
      results.push(...compare(kind, python, root, mnist, pairs));
    }
  }
  return results;
}

function tableOf(results) {
  const head = [
    'case',
    'both on',
    'ours, CPU s',
    'PyTorch, CPU s',
    'PyTorch / ours',
    'by wall time',
    'both agree',
  ];
  const rows = results.map(result => [
    result.what,
    result.isa,
    threeDigits(result.oursCpuSeconds),
    result.theirsCpuSeconds === null ? '' : threeDigits(result.theirsCpuSeconds),
    threeDigits(result.cpuRatio),
    threeDigits(result.wallRatio),
    result.agreement.what,
  ]);
  return renderTable(head, rows);
}

function main() {
  const unknown = options.only.find(name => !(name in CASES));
  if (unknown) {
    log(`--only ${unknown}: expected one of ${Object.keys(CASES).join(', ')}`);
    process.exit(2);
  }
  const pairs = chooseInstructionSets().map(sidesOf);
  const python = findPython();
  const mnist = findMnist();
  const inputs = mnist ? 'MNIST' : 'generated digits';
  log(`${CPU}, ${PIN.length ? `core ${PIN[2]}` : 'not pinned to a core'}; inputs: ${inputs}`);
  const sides = describeSides(python, pairs);
  const root = mkdtempSync(join(tmpdir(), 'espalier-peers-'));
  try {
    const results = measureAll(python, root, mnist, pairs);
    if (options.json) {
      const plain = results.map(({ folder, ...result }) => result);
      process.stdout.write(`${JSON.stringify({ cpu: CPU, sides, results: plain }, null, 2)}\n`);
    } else {
      process.stdout.write(tableOf(results));
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
