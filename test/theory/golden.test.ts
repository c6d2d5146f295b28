/** Golden values: from NumPy's eigendecomposition, those of B in exact fractions. */
import { describe, expect, it } from 'vitest';
import { Lanczos } from '../../src/math/lanczos.js';
import { gauss, gaussLobatto, type Rule } from '../../src/math/quadrature.js';
import { smallestEigenvalue } from '../../src/math/smallest-eigenvalue.js';
import { bracketCrossings } from '../../src/theory/bracket.js';
import { lossAt } from '../../src/theory/kernel-curve.js';
import { referenceKernel } from '../../src/theory/reference-kernel.js';
import { halfRateBound, sharpBound } from '../../src/theory/theorems.js';
import { kernelProblem, matrixOf } from './problems.js';

const X = [
  [1, 0, 0],
  [0.6, 0.8, 0],
  [0, 0.6, 0.8],
  [1, 1, 1],
];
const Y = [1, -1, 1, -1];
const DESCENT = { learningRate: 1, momentum: 0, horizon: 1000 };

function lanczosOf(
  kernel: ReturnType<typeof referenceKernel>,
  residual: Float64Array,
  steps: number,
): Lanczos {
  const lanczos = new Lanczos((v, out) => kernel.multiply(v, out), residual);
  while (lanczos.steps < steps) lanczos.step();
  return lanczos;
}

function curveOf(rule: Rule, residual: Float64Array): (t: number) => number {
  const n = residual.length;
  const initialLoss = residual.reduce((sum, r) => sum + r * r, 0) / (2 * n);
  return t => lossAt({ initialLoss, rate: 1 / n, rule }, t);
}

describe('A: the infinite-width kernel', () => {
  const kernel = referenceKernel(kernelProblem(X, { kind: 'infinite' }));
  const residual = Float64Array.from(Y, y => -y);

  it('has these entries', () => {
    const K = matrixOf(4, kernel.multiply);
    const expected = [
      [0.5, 0.21144982940974, 0, 0.34795663800765],
      [0.21144982940974, 0.5, 0.15824720268549, 0.55972478858024],
      [0, 0.15824720268549, 0.5, 0.55972478858024],
      [0.34795663800765, 0.55972478858024, 0.55972478858024, 1.5],
    ];
    expected.forEach((row, i) => {
      row.forEach((entry, j) => {
        expect(K[i]![j]).toBeCloseTo(entry, 13);
      });
    });
  });

  it('has this spectrum, seen from the residual', () => {
    const { nodes, weights } = gauss(
      lanczosOf(kernel, residual, 4).alpha,
      lanczosOf(kernel, residual, 4).beta,
    );
    const eigenvalues = [0.1631639076764834, 0.2411427052588193, 0.5293295922883949, 2.066363794776302];
    const squares = [1.5975725349648657, 2.0051985773262317, 0.0002159477812827, 0.3970129399276209];
    eigenvalues.forEach((eigenvalue, i) => {
      expect(nodes[i]).toBeCloseTo(eigenvalue, 12);
      expect(4 * weights[i]!).toBeCloseTo(squares[i]!, 12);
    });
    expect(smallestEigenvalue(kernel.packed!, 4)).toBeCloseTo(eigenvalues[0]!, 13);
  });

  it('has this loss curve, and meets targets at these iterations', () => {
    const lanczos = lanczosOf(kernel, residual, 4);
    const loss = curveOf(gauss(lanczos.alpha, lanczos.beta), residual);
    expect([0, 1, 10, 100].map(loss)).toEqual(
      [0.5, 0.4166940769658115, 0.1590991599576953, 4.919313435710929e-5].map(value =>
        expect.closeTo(value, 13),
      ),
    );
    const crossings = bracketCrossings(kernel, residual, DESCENT, [0.2, 0.1, 0.05]);
    expect(crossings.map(({ predicted }) => predicted)).toEqual([8, 15, 22]);
    for (const { lower, predicted, upper } of crossings) {
      expect(lower).toBeLessThanOrEqual(predicted!);
      expect(upper).toBeGreaterThanOrEqual(predicted!);
    }
  });

  it('has these bounds of lambda_0', () => {
    const [lambda0, lambdaMax] = [0.1631639076764834, 2.066363794776302];
    const expected = [
      [0.2, 11.000874345, 44.466429136],
      [0.1, 19.322714532, 78.103984241],
      [0.05, 27.644554719, 111.741539346],
    ] as const;
    for (const [target, sharp, half] of expected) {
      expect(sharpBound(0.5, target, 1 / 4, lambda0, lambdaMax)).toBeCloseTo(sharp, 8);
      expect(halfRateBound(0.5, target, 1 / 4, lambda0)).toBeCloseTo(half, 8);
    }
  });

  it('gives this tridiagonal matrix, and these quadrature rules of three steps', () => {
    const { alpha, beta } = lanczosOf(kernel, residual, 4);
    const close = (values: number[]) => values.map(value => expect.closeTo(value, 11));
    expect(alpha).toEqual(
      close([0.391173164948558, 1.872807450511347, 0.207612567695869, 0.528406816844225]),
    );
    expect(beta.slice(0, 3)).toEqual(close([0.55729645389017, 0.123126500462564, 0.017342655700401]));
    const lower = gauss(alpha.slice(0, 3), beta.slice(0, 3));
    const upper = gaussLobatto(alpha.slice(0, 3), beta.slice(0, 3), 0, 1.02 * 2.066363794776302)!;
    expect(curveOf(lower, residual)(10)).toBeCloseTo(0.159098602108388, 12);
    expect(curveOf(upper, residual)(10)).toBeCloseTo(0.159491316697917, 12);
    expect(upper.nodes[0]).toBeCloseTo(0, 12);
    expect(upper.nodes.at(-1)).toBeCloseTo(1.02 * 2.066363794776302, 12);
  });
});

describe('B: the kernel of four neurons', () => {
  const neurons = [
    [1, -1, 0.5],
    [-0.5, 1, 1],
    [1, 1, -1],
    [-1, 0.5, 0.25],
  ];
  const signs = Float32Array.of(1, -1, 1, -1);

  it.each([
    { outputScale: 1, losses: [0.61578125, 0.4331741494140625, 0.08611916627651162], met: 10 },
    { outputScale: 2, losses: [0.863125, 0.60761558203125, 0.10674357100782754], met: 11 },
  ])('at an output scale of $outputScale', ({ outputScale, losses, met }) => {
    const kernel = referenceKernel(kernelProblem(X, { neurons, signs, outputScale }));
    const expected = [
      [0.5, 0.15, 0, 0.5],
      [0.15, 0.5, 0.12, 0.7],
      [0, 0.12, 0.5, 0.35],
      [0.5, 0.7, 0.35, 2.25],
    ];
    expect(matrixOf(4, kernel.multiply)).toEqual(
      expected.map(row => row.map(entry => expect.closeTo(entry, 13))),
    );
    expect([...kernel.outputs]).toEqual(
      [0.5, 0.225, -0.475, 0].map(f => expect.closeTo(outputScale * f, 13)),
    );
    const residual = kernel.outputs.map((f, s) => f - Y[s]!);
    const { alpha, beta } = lanczosOf(kernel, residual, 4);
    const loss = curveOf(gauss(alpha, beta), residual);
    expect([0, 1, 10].map(loss)).toEqual(losses.map(value => expect.closeTo(value, 12)));
    expect(bracketCrossings(kernel, residual, DESCENT, [0.1])[0]!.predicted).toBe(met);
  });
});

it('C: of orthonormal inputs the prediction is the sharp bound', () => {
  const rows = [0, 1, 2, 3].map(i => [0, 1, 2, 3].map(j => (i === j ? 1 : 0)));
  const kernel = referenceKernel(kernelProblem(rows, { kind: 'infinite' }));
  const residual = Float64Array.from(Y, y => -y);
  const lambda0 = smallestEigenvalue(kernel.packed!, 4);
  expect(lambda0).toBeCloseTo(0.5, 14);
  expect(sharpBound(0.5, 0.05, 1 / 4, lambda0, 0.5)).toBeCloseTo(8.621886762870407, 11);
  const [crossing] = bracketCrossings(kernel, residual, DESCENT, [0.05]);
  expect(crossing).toMatchObject({ predicted: 9, lower: 9, upper: 9, steps: 1 });
});

it('D: two equal samples with different labels cannot be learned', () => {
  const rows = [
    [1, 0],
    [1, 0],
    [0, 1],
  ];
  const kernel = referenceKernel(kernelProblem(rows, { kind: 'infinite' }));
  const residual = Float64Array.of(-1, 1, -1);
  expect(smallestEigenvalue(kernel.packed!, 3)).toBe(0);
  expect(kernel.smallestOfPairs).toBe(0);
  const [unreachable, reached] = bracketCrossings(kernel, residual, DESCENT, [0.3, 0.4]);
  expect(unreachable).toMatchObject({ predicted: null, lower: null, upper: null });
  expect(unreachable!.floor).toBeCloseTo(1 / 3, 12);
  expect(unreachable!.reason).toMatch(/cannot/);
  // 1/3 + 1/6 (1 - 1/6)^(2 t) <= 0.4 from t = 2.51 on.
  expect(reached).toMatchObject({ predicted: 3, reason: null });
  expect(sharpBound(0.5, 0.3, 1 / 3, 0, 1)).toBeNull();
});
