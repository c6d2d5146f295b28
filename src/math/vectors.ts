/** Sums over float64 vectors in a fixed order: four running sums over every fourth entry, added in pairs at the end. */

/** The sum of a[from + i] * b[other + i] over i < count. */
export function dot(a: Float64Array, b: Float64Array, count: number = a.length, from = 0, other = 0): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < count; i += 4) {
    s0 += a[from + i]! * b[other + i]!;
    s1 += a[from + i + 1]! * b[other + i + 1]!;
    s2 += a[from + i + 2]! * b[other + i + 2]!;
    s3 += a[from + i + 3]! * b[other + i + 3]!;
  }
  let sum = s0 + s1 + (s2 + s3);
  for (; i < count; i++) sum += a[from + i]! * b[other + i]!;
  return sum;
}

/** target += factor * other */
export function addScaled(target: Float64Array, factor: number, other: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + factor * other[i]!;
}

export const norm = (vector: Float64Array): number => Math.sqrt(dot(vector, vector));
