/**
 * Checks and measures the engine `webgpu` on this machine's GPU, in under five minutes, and prints one table.
 *
 *   node bench/gpu/run.mjs            in a clone, after npm run build
 *   node run.mjs                      in a folder that pack.mjs has made, without npm or a network
 *   --quick                           small sizes: does everything run?
 *
 * First a few problems on the engine `reference`, then the units of `espalier bench`, then the same in PyTorch where python3
 * has it with CUDA.
 */
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runBench } from '../../dist/src/bench/bench.js';
import { createEngine } from '../../dist/src/engine/index.js';
import { checkAgainst } from './check.mjs';

const quick = process.argv.includes('--quick');
const here = dirname(fileURLToPath(import.meta.url));

const [engine, reference] = await Promise.all([createEngine('webgpu'), createEngine('reference')]);
console.log(`${engine.kernels}, node ${process.version}, ${process.platform} ${process.arch}`);
let areRight = true;
for (const { what, error, allowed } of checkAgainst(reference, engine)) {
  const isRight = error <= allowed;
  areRight &&= isRight;
  console.log(`${isRight ? 'right' : 'WRONG'}: ${what}, error ${error.toExponential(1)}, at most ${allowed}`);
}

const report = await runBench({
  engine: 'webgpu',
  dataset: 'digits',
  seconds: quick ? 0.01 : 3,
  quick,
  only: [],
  announce: what => process.stderr.write(`${what} ...\n`),
});
const theirs = pyTorch();
const { multiplyAddGflops, streamingReadGBs } = report.ceilings;
console.log(`ceilings: ${multiplyAddGflops.toPrecision(3)} GFLOP/s, ${streamingReadGBs.toPrecision(3)} GB/s`);
console.table(
  report.results.map(({ name, work, seconds, gflops, gigabytesPerSecond, shareOfMultiplyAdd }) => ({
    unit: name,
    work,
    ms: Number((1000 * seconds).toPrecision(3)),
    'GFLOP/s': Number(gflops.toPrecision(3)),
    '% of peak': Math.round(100 * shareOfMultiplyAdd),
    'GB/s': Number(gigabytesPerSecond.toPrecision(3)),
    'PyTorch ms': theirs?.[name] === undefined ? '' : Number((1000 * theirs[name]).toPrecision(3)),
  })),
);
process.exitCode = areRight ? 0 : 1;

/** Seconds of some units in PyTorch with CUDA; null without it. */
function pyTorch() {
  try {
    const args = [join(here, 'theirs.py'), ...(quick ? ['--quick'] : [])];
    const answer = JSON.parse(
      execFileSync('python3', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    console.log(`PyTorch ${answer.version} on ${answer.device}`);
    return answer.seconds;
  } catch {
    console.log('PyTorch with CUDA is not there: not compared');
    return null;
  }
}
