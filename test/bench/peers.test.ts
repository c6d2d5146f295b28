/** The comparison with PyTorch at sizes too small for timing: it runs, and both sides compute the same. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';

const RUN = join(PACKAGE_ROOT, 'bench', 'peers', 'run.mjs');
const runPeers = (...args: string[]) => promisify(execFile)(process.execPath, [RUN, ...args]);

const hasPyTorch = ['python3', '/usr/bin/python3'].some(python => {
  try {
    execFileSync(python, ['-c', 'import numpy, torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
if (!hasPyTorch) console.log('skipped: PyTorch is not installed, so there is nothing to compare with');

/** One instruction set is enough to see that everything runs. */
const ISA =
  existsSync('/proc/cpuinfo') && readFileSync('/proc/cpuinfo', 'utf8').includes(' avx2 ')
    ? ['--isa', 'avx2']
    : [];

test('refuses an instruction set that the processor lacks', async () => {
  const error = await runPeers('--isa', 'avx1024').catch(failed => failed);
  expect(error.code).toBe(2);
  expect(error.stderr).toMatch(/^--isa avx1024: this processor has .*\n$/);
});

test('reports in one line that PyTorch is not installed, and how to install it', async () => {
  const error = await runPeers('--python', 'no-such-python').catch(failed => failed);
  expect(error.code).toBe(2);
  expect(error.stdout).toBe('');
  expect(error.stderr).toMatch(/^PyTorch is not installed \(tried no-such-python\): .*python3-torch.*\n$/);
});

test('refuses an unknown case', async () => {
  const error = await runPeers('--only', 'steps').catch(failed => failed);
  expect(error.code).toBe(2);
  expect(error.stderr).toMatch(
    /^--only steps: expected one of step, dense, checkpoint, published, trajectory, trajectory-wide, evaluation\n$/,
  );
});

describe.skipIf(!hasPyTorch)('with PyTorch', () => {
  test('every case runs, and both sides agree', async () => {
    const { stdout } = await runPeers('--quick', '--rounds', '1', '--dataset', 'digits', '--json', ...ISA);
    const { results, sides } = JSON.parse(stdout);
    expect(sides).toHaveLength(1);
    for (const known of ['torch', 'library', 'core', 'kernels']) expect(sides[0][known]).toBeTruthy();
    expect(results.map((result: { case: string }) => result.case)).toEqual([
      'step',
      'dense',
      'checkpoint',
      'published',
      'trajectory',
      'trajectory-wide',
      'evaluation',
    ]);
    for (const result of results) {
      expect(result.agreement.agrees).toBe(true);
      for (const figure of ['oursCpuSeconds', 'cpuRatio', 'wallRatio'])
        expect(result[figure]).toBeGreaterThan(0);
    }
  });
});
