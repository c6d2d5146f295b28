/** Lanczos process, quadrature and the smallest eigenvalue, on matrices whose spectrum is known. */
import { describe, expect, it } from 'vitest';
import {
  cholesky,
  multiplyPacked,
  packedIndex,
  packedLength,
  solveCholesky,
} from '../../src/math/cholesky.js';
import { Lanczos } from '../../src/math/lanczos.js';
import { gauss, gaussLobatto } from '../../src/math/quadrature.js';
import { normals, stream } from '../../src/math/random.js';
import { smallestEigenvalue, smallestRitzValue } from '../../src/math/smallest-eigenvalue.js';
import { dot } from '../../src/math/vectors.js';

/** The second difference matrix: eigenvalues 2 - 2 cos(j pi / (n + 1)), eigenvectors sin(i j pi / (n + 1)). */
function secondDifferences(n: number): Float64Array {
  const matrix = new Float64Array(packedLength(n));
  for (let i = 0; i < n; i++) {
    matrix[packedIndex(i, i)] = 2;
    if (i > 0) matrix[packedIndex(i, i - 1)] = -1;
  }
  return matrix;
}
const eigenvalue = (n: number, j: number): number => 2 - 2 * Math.cos((j * Math.PI) / (n + 1));

function randomVector(n: number, name: string): Float64Array {
  return Float64Array.from({ length: n }, normals(stream(0, name)));
}

function krylov(matrix: Float64Array, start: Float64Array, steps: number): Lanczos {
  const lanczos = new Lanczos((v, out) => multiplyPacked(matrix, v, out), start);
  while (lanczos.steps < steps && !lanczos.isComplete) lanczos.step();
  return lanczos;
}

describe('the Lanczos process', () => {
  it('finds the whole spectrum, with the squares of the start vector along each eigenvector', () => {
    const n = 60;
    const start = randomVector(n, 'start');
    const { alpha, beta } = krylov(secondDifferences(n), start, n);
    const { nodes, weights } = gauss(alpha, beta);
    expect(nodes).toHaveLength(n);
    for (let j = 1; j <= n; j++) {
      expect(nodes[j - 1]).toBeCloseTo(eigenvalue(n, j), 11);
      const along = start.reduce((sum, x, i) => sum + x * Math.sin(((i + 1) * j * Math.PI) / (n + 1)), 0);
      expect(weights[j - 1]).toBeCloseTo((along * along * 2) / (n + 1) / dot(start, start), 11);
    }
  });

  it('ends in a subspace that holds the start vector', () => {
    const n = 20;
    const start = Float64Array.from({ length: n }, (_, i) =>
      [2, 5, 9].reduce((sum, j) => sum + Math.sin(((i + 1) * j * Math.PI) / (n + 1)), 0),
    );
    const lanczos = krylov(secondDifferences(n), start, n);
    expect(lanczos.isComplete).toBe(true);
    expect(lanczos.steps).toBe(3);
    const { nodes } = gauss(lanczos.alpha, lanczos.beta);
    expect([...nodes]).toEqual([2, 5, 9].map(j => expect.closeTo(eigenvalue(n, j), 12)));
    expect(() => lanczos.step()).toThrow('complete');
  });
});

describe('quadrature', () => {
  const n = 80;
  const start = randomVector(n, 'quadrature');
  const matrix = secondDifferences(n);
  const exact = (f: (x: number) => number): number => {
    const { alpha, beta } = krylov(matrix, start, n);
    const { nodes, weights } = gauss(alpha, beta);
    return nodes.reduce((sum, x, j) => sum + weights[j]! * f(x), 0);
  };

  it.each([2, 5, 9])('of %s steps is exact for polynomials, and brackets what falls', k => {
    const { alpha, beta } = krylov(matrix, start, k);
    const lower = gauss(alpha, beta);
    const upper = gaussLobatto(alpha, beta, 0, 4)!;
    const by = ({ nodes, weights }: typeof lower, f: (x: number) => number) =>
      nodes.reduce((sum, x, j) => sum + weights[j]! * f(x), 0);
    expect(upper.nodes).toHaveLength(k + 1);
    expect(upper.nodes[0]).toBeCloseTo(0, 12);
    expect(upper.nodes.at(-1)).toBeCloseTo(4, 12);
    for (let degree = 0; degree < 2 * k; degree++) {
      const f = (x: number) => (x - 2) ** degree;
      const size = Math.max(1, 2 ** degree);
      expect(Math.abs(by(lower, f) - exact(f))).toBeLessThan(1e-11 * size);
      expect(Math.abs(by(upper, f) - exact(f))).toBeLessThan(1e-11 * size);
    }
    for (const t of [1, 3, 10, 50]) {
      const f = (x: number) => (1 - 0.3 * x) ** (2 * t);
      expect(by(lower, f)).toBeLessThanOrEqual(exact(f) + 1e-14);
      expect(by(upper, f)).toBeGreaterThanOrEqual(exact(f) - 1e-14);
    }
  });

  it('has no Lobatto rule whose ends lie inside the spectrum', () => {
    const { alpha, beta } = krylov(matrix, start, 8);
    expect(gaussLobatto(alpha, beta, 1, 4)).toBeNull();
    expect(gaussLobatto(alpha, beta, 0, 2)).toBeNull();
  });
});

describe('the Cholesky factor', () => {
  it('solves, and knows which shifts lie below the spectrum', () => {
    const n = 30;
    const matrix = secondDifferences(n);
    const x = randomVector(n, 'solve');
    const b = new Float64Array(n);
    multiplyPacked(matrix, x, b);
    solveCholesky(cholesky(matrix, n)!, b);
    for (let i = 0; i < n; i++) expect(b[i]).toBeCloseTo(x[i]!, 11);
    expect(cholesky(matrix, n, 0.999 * eigenvalue(n, 1))).not.toBeNull();
    expect(cholesky(matrix, n, 1.001 * eigenvalue(n, 1))).toBeNull();
  });
});

describe('the smallest eigenvalue', () => {
  it.each([1, 2, 7, 150])('of %s second differences', n => {
    const value = smallestEigenvalue(secondDifferences(n), n);
    expect(value / eigenvalue(n, 1) - 1).toBeCloseTo(0, 9);
    expect(smallestRitzValue(secondDifferences(n), n)).toBe(value);
  });

  it('is 0 of a singular matrix', () => {
    // All entries 1.
    expect(smallestEigenvalue(new Float64Array(packedLength(5)).fill(1), 5)).toBe(0);
  });

  it('is found where it is repeated', () => {
    const identity = new Float64Array(packedLength(6));
    for (let i = 0; i < 6; i++) identity[packedIndex(i, i)] = 3;
    expect(smallestEigenvalue(identity, 6)).toBeCloseTo(3, 13);
  });
});
