/** The fast kernels against the readable one, and brackets against whole eigendecompositions by plain iteration. */
import { describe, expect, it } from 'vitest';
import { Lanczos } from '../../src/math/lanczos.js';
import { gauss } from '../../src/math/quadrature.js';
import { normals, stream } from '../../src/math/random.js';
import { bracketCrossings } from '../../src/theory/bracket.js';
import type { Kernel, KernelProblem } from '../../src/theory/kernel.js';
import { provenBound } from '../../src/theory/largest-eigenvalue.js';
import { matrixFreeKernel } from '../../src/theory/matrix-free-kernel.js';
import { referenceKernel } from '../../src/theory/reference-kernel.js';
import { tiledKernel } from '../../src/theory/tiled-kernel.js';
import { loadKernels } from '../../src/theory/wasm-room.js';
import { randomProblem } from './problems.js';

const module = await loadKernels();

/** K v of both kernels, and what else they state. Sums in float32 differ in their last bits. */
function expectAlike(fast: Kernel, reference: Kernel): void {
  const { n } = reference;
  const next = normals(stream(1, 'vector'));
  const v = Float64Array.from({ length: n }, next);
  const [a, b] = [new Float64Array(n), new Float64Array(n)];
  fast.multiply(v, a);
  reference.multiply(v, b);
  const size = Math.max(...b.map(Math.abs));
  for (let i = 0; i < n; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(2e-6 * size);
  for (let i = 0; i < n; i++) expect(fast.outputs[i]).toBeCloseTo(reference.outputs[i]!, 5);
  if (fast.largestRowSum !== null)
    expect(fast.largestRowSum / reference.largestRowSum! - 1).toBeCloseTo(0, 5);
  expect(fast.isNonNegative && !reference.isNonNegative).toBe(false);
  if (fast.smallestOfPairs !== null)
    expect(Math.abs(fast.smallestOfPairs - reference.smallestOfPairs!)).toBeLessThan(1e-5 * size);
}

describe.each([
  { n: 31, columns: 5, width: 3 },
  { n: 64, columns: 40, width: 64 },
  { n: 100, columns: 30, width: 70 },
  { n: 161, columns: 9, width: 130 },
])('of $n samples, $columns inputs, $width neurons', ({ n, columns, width }) => {
  const problem = (changes: Partial<KernelProblem> = {}, isSigned = false) =>
    randomProblem(n, columns, width, { outputScale: 3, ...changes }, isSigned);

  it.each([false, true])('the tiled kernel is the readable one (signed inputs: %s)', isSigned => {
    expectAlike(tiledKernel(problem({}, isSigned), module), referenceKernel(problem({}, isSigned)));
  });

  it.each(['first', 'both'] as const)('that of infinite width, %s trained', layers => {
    const infinite = problem({ kind: 'infinite', layers });
    expectAlike(tiledKernel(infinite, module), referenceKernel(infinite));
  });

  it.each(['relu', 'tanh', 'softplus'] as const)('products without the matrix, %s', activation => {
    for (const layers of ['first', 'both'] as const) {
      const each = problem({ activation, layers });
      expectAlike(matrixFreeKernel(each, module), referenceKernel(each));
    }
    const signed = problem({ activation }, true);
    expect(matrixFreeKernel(signed, module).isNonNegative).toBe(false);
  });
});

it('more samples than a chunk of rows', () => {
  const large = randomProblem(2100, 6, 40);
  expectAlike(matrixFreeKernel(large, module), referenceKernel(large));
});

it.each([false, true])('the largest eigenvalue has a proven bound (signed inputs: %s)', isSigned => {
  const kernel = referenceKernel(randomProblem(80, 40, 60, {}, isSigned));
  const lanczos = new Lanczos((v, out) => kernel.multiply(v, out), new Float64Array(80).fill(1));
  while (!lanczos.isComplete && lanczos.steps < 60) lanczos.step();
  const largest = gauss(lanczos.alpha, lanczos.beta).nodes.at(-1)!;
  const bound = provenBound(kernel);
  expect(bound).toBeGreaterThanOrEqual(largest);
  expect(bound).toBeLessThanOrEqual(kernel.largestRowSum! * (1 + 1e-5));
  if (!isSigned) expect(bound).toBeLessThan(1.01 * largest);
  // Of products alone.
  const alone = provenBound({ ...kernel, largestRowSum: null });
  expect(alone).toBeCloseTo(isSigned ? Number.POSITIVE_INFINITY : bound, 10);
});

describe('the bracket', () => {
  /** The first t with a mean squared loss at most the target, by gradient descent itself. */
  function iterate(
    kernel: Kernel,
    residual: Float64Array,
    rate: number,
    target: number,
    last: number,
  ): number | null {
    const r = residual.slice();
    const image = new Float64Array(r.length);
    for (let t = 0; t <= last; t++) {
      if (r.reduce((sum, value) => sum + value * value, 0) / (2 * r.length) <= target) return t;
      kernel.multiply(r, image);
      for (let i = 0; i < r.length; i++) r[i] = r[i]! - rate * image[i]!;
    }
    return null;
  }

  it.each([
    { n: 40, columns: 50, width: 200, eta: 0.05 },
    { n: 60, columns: 20, width: 64, eta: 0.3 },
    { n: 90, columns: 120, width: 100, eta: 0.06 },
  ])('holds what descent itself does, n = $n', ({ n, columns, width, eta }) => {
    const kernel = referenceKernel(randomProblem(n, columns, width));
    const labels = Float64Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : -1));
    const residual = kernel.outputs.map((f, s) => f - labels[s]!);
    const targets = [0.3, 0.2, 0.1, 0.03];
    const crossings = bracketCrossings(
      kernel,
      residual,
      { learningRate: eta, momentum: 0, horizon: 20_000 },
      targets,
    );
    crossings.forEach(({ lower, upper, predicted, steps }, i) => {
      const exact = iterate(kernel, residual, eta / n, targets[i]!, 40_000);
      expect(exact).not.toBeNull();
      expect(lower).toBeLessThanOrEqual(exact!);
      expect(upper).toBeGreaterThanOrEqual(exact!);
      expect(upper! - lower!).toBeLessThanOrEqual(Math.max(1, 0.005 * lower!));
      expect(predicted! - exact!).toBeLessThanOrEqual(Math.max(1, 0.005 * exact!));
      expect(steps).toBeLessThan(n);
    });
  });

  it('of one target does not depend on the others', () => {
    const kernel = referenceKernel(randomProblem(60, 20, 64));
    const residual = kernel.outputs.map((f, s) => f - (s % 2 === 0 ? 1 : -1));
    const descent = { learningRate: 0.2, momentum: 0, horizon: 4000 };
    const together = bracketCrossings(kernel, residual, descent, [0.3, 0.2, 0.1]);
    expect(bracketCrossings(kernel, residual, descent, [0.2])).toEqual([together[1]]);
  });

  it('with momentum is what the iteration does, without ends', () => {
    const kernel = referenceKernel(randomProblem(50, 20, 64));
    const residual = kernel.outputs.map((f, s) => f - (s % 3 === 0 ? 1 : -1));
    const descent = { learningRate: 0.1, momentum: 0.9, horizon: 4000 };
    const [crossing] = bracketCrossings(kernel, residual, descent, [0.1]);
    const r = residual.slice();
    const v = new Float64Array(50);
    const image = new Float64Array(50);
    let t = 0;
    while (r.reduce((sum, value) => sum + value * value, 0) / 100 > 0.1) {
      kernel.multiply(r, image);
      for (let i = 0; i < 50; i++) {
        v[i] = 0.9 * v[i]! + image[i]! / 50;
        r[i] = r[i]! - 0.1 * v[i]!;
      }
      t++;
    }
    expect(crossing).toMatchObject({ predicted: t, lower: null, upper: null, boundKind: null });
  });

  it('says that a rate is unstable', () => {
    const kernel = referenceKernel(randomProblem(30, 10, 16));
    const residual = Float64Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const [crossing] = bracketCrossings(
      kernel,
      residual,
      { learningRate: 100, momentum: 0, horizon: 100 },
      [0.1],
    );
    expect(crossing).toMatchObject({ predicted: null, lower: null, upper: null });
    expect(crossing!.reason).toMatch(/unstable/);
  });
});
