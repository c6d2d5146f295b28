import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BenchReport, runBench } from '../../src/bench/bench.js';
import { BENCH_NAMES } from '../../src/bench/sizes.js';
import { Workplace } from '../support/program.js';
import { tryWebgpu } from '../support/webgpu.js';

const workplace = new Workplace();
afterAll(() => workplace.remove());

/** Every number in a value, with its path. */
function numbersIn(value: unknown, path = ''): [path: string, number: number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${path}.${key}`));
}

describe('espalier bench --quick --json', () => {
  let report: BenchReport;
  beforeAll(async () => {
    const { code, stdout } = await workplace.run('bench', '--quick', '--json');
    expect(code).toBe(0);
    report = JSON.parse(stdout);
  });

  test('has the documented shape', () => {
    expect(Object.keys(report)).toEqual([
      'tool',
      'node',
      'cpu',
      'engine',
      'numerics',
      'kernels',
      'dataset',
      'quick',
      'ceilings',
      'results',
    ]);
    expect(report).toMatchObject({ engine: 'wasm', dataset: 'digits', quick: true });
    expect(Object.keys(report.ceilings)).toEqual(['multiplyAddGflops', 'streamingReadGBs']);
    expect(report.results.map(result => result.name)).toEqual([...BENCH_NAMES]);
    for (const result of report.results) {
      expect(Object.keys(result)).toEqual([
        'name',
        'work',
        'repeats',
        'seconds',
        'cpuSeconds',
        'operations',
        'bytes',
        'passes',
        'gflops',
        'gigabytesPerSecond',
        'shareOfMultiplyAdd',
        'shareOfStreamingRead',
      ]);
    }
  });

  test('every number is positive and finite', () => {
    const numbers = numbersIn(report);
    // Four of the nine measurements make no passes over the activations.
    expect(numbers.length).toBe(3 + 9 * 10 - 4);
    expect(numbers.filter(([, value]) => !(value > 0 && Number.isFinite(value)))).toEqual([]);
  });

  test('rates and shares follow from times and counts', () => {
    for (const result of report.results) {
      expect(result.gflops).toBeCloseTo(result.operations / result.cpuSeconds / 1e9, 9);
      expect(result.shareOfMultiplyAdd).toBeCloseTo(result.gflops / report.ceilings.multiplyAddGflops, 9);
      expect(result.shareOfStreamingRead).toBeCloseTo(
        result.gigabytesPerSecond / report.ceilings.streamingReadGBs,
        9,
      );
    }
  });

  test('operations count stored entries only', () => {
    const of = (name: string) => report.results.find(result => result.name === name)!;
    // N = 96, B = 32, d = 784: forward and update, a multiply-add each for every weight of every sample.
    expect(of('step-dense').operations).toBe(4 * 32 * 784 * 96);
    expect(of('step').operations).toBeLessThan(0.4 * of('step-dense').operations);
    // n = 300, twelve columns of which half is 0, all activations read once.
    expect(of('gram')).toMatchObject({ operations: 12 * 300 * 96, bytes: 4 * 300 * 96, passes: 1 });
  });

  test('selection on samples reads the samples alone', () => {
    const { passes, operations, bytes } = report.results.find(({ name }) => name === 'checkpoint-sampled')!;
    // n = 100, N = 800: ten picks look at 16 samples each.
    expect(passes).toBe(Math.ceil((10 * 16) / 100));
    expect(bytes).toBe(4 * 800 * (100 + 10 * 16));
    expect(operations).toBeLessThan(2 * 784 * 100 * 800 + 30 * 10 * 16 * 800);
  });

  test('selection for the logistic loss makes fewer passes than picks, and fewer operations an entry', () => {
    const { passes, operations, bytes } = report.results.find(({ name }) => name === 'checkpoint-logistic')!;
    const entries = 100 * 800;
    // Ten picks. One pass for each would take 11 operations an entry and pick.
    expect(passes).toBeLessThan(10);
    expect(bytes).toBe(4 * entries * (1 + passes!));
    expect((operations / entries - 2 * 784) / 10).toBeLessThan(11);
  });
});

test('--only measures the named ones, in the order of the table', async () => {
  const announced: string[] = [];
  const report = await runBench({
    engine: 'wasm',
    dataset: 'digits',
    seconds: 0.001,
    quick: true,
    only: ['gram', 'activations'],
    announce: what => announced.push(what),
  });
  expect(report.results.map(({ name }) => name)).toEqual(['activations', 'gram']);
  expect(announced.at(-1)).toBe('gram');
});

test.skipIf(tryWebgpu() instanceof Error)('--engine webgpu measures the device, by wall time', async () => {
  const report = await runBench({
    engine: 'webgpu',
    dataset: 'digits',
    seconds: 0.001,
    quick: true,
    only: ['step', 'gram', 'checkpoint'],
    announce: () => {},
  });
  expect(report).toMatchObject({ engine: 'webgpu', kernels: expect.stringMatching(/^\w+: /) });
  const { ceilings, results } = report;
  expect(results.map(({ name }) => name)).toEqual(['step', 'gram', 'checkpoint']);
  for (const { operations, seconds, gflops, shareOfMultiplyAdd } of results) {
    expect(gflops).toBeCloseTo(operations / seconds / 1e9, 9);
    expect(shareOfMultiplyAdd).toBeCloseTo(gflops / ceilings.multiplyAddGflops, 9);
  }
  // n = 300, N = 96 in tiles of 64: eight columns.
  expect(results[1]).toMatchObject({ operations: 2 * 8 * 300 * 96, bytes: 4 * 300 * 128, passes: 1 });
});

test('prints a table with the ceilings above it', async () => {
  const { code, stdout } = await workplace.run('bench', '--quick', '--only', 'gram');
  expect(code).toBe(0);
  expect(stdout).toMatch(/ceilings: multiply-adds [\d.]+ GFLOP\/s .*, streaming read [\d.]+ GB\/s\n/);
  expect(stdout).toMatch(/│ gram +│ Gram pass, 12 columns, n = 300, N = 96 +│/);
});

test.each([
  [['--seconds', '0'], /^espalier: --seconds: found 0, expected a number above 0, at most 3600\n$/],
  [['--seconds', 'soon'], /^espalier: --seconds: found "soon", expected a number above 0/],
  [['--only', 'stem'], /^espalier: --only: found "stem", expected one of step, step-narrow/],
  [['--dataset', 'mnist', '--data-dir', '.'], /^data: mnist \.\.\.\nespalier: mnist: not found in /],
])('bench %j is refused in one line', async (args, message) => {
  const { code, stderr, stdout } = await workplace.run('bench', '--quick', ...args);
  expect(stderr).toMatch(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});
