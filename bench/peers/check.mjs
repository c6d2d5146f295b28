// Checks that both sides computed the same results.

/** ||a - b|| / ||b - start||: the difference of two trained weights, relative to the change by training. */
export function changeError(a, b, start) {
  let difference = 0;
  let change = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    change += (b[i] - start[i]) ** 2;
  }
  return Math.sqrt(difference / change);
}

/**
 * Follows two paths of greedy selection to the first step j at which they differ, and scores both picks in float64.
 *
 * @returns the number of equal picks and the difference of the scores relative to ||z||^2 + j^2 n (0 for equal paths).
 *   A tie in float32 explains only a difference of rounding size.
 */
export function divergenceError(inputs, labels, network, ours, theirs) {
  const n = labels.length;
  const z = new Float64Array(n);
  for (let j = 1; j <= ours.length; j++) {
    const [ourPick, theirPick] = [ours[j - 1], theirs[j - 1]];
    const phi = outputsOf(inputs, network, ourPick);
    if (ourPick !== theirPick) {
      const scale = z.reduce((sum, value) => sum + value * value, j * j * n);
      const other = outputsOf(inputs, network, theirPick);
      const error = (score(phi, z, labels, j) - score(other, z, labels, j)) / scale;
      return { equalPicks: j - 1, scoreError: Math.abs(error) };
    }
    for (let s = 0; s < n; s++) z[s] += phi[s];
  }
  return { equalPicks: ours.length, scoreError: 0 };
}

/** Phi_i on all samples, in float64. */
function outputsOf({ rows, columns, rowStart, column, value }, { weights, signs }, neuron) {
  const base = neuron * columns;
  return Float64Array.from({ length: rows }, (_, s) => {
    let sum = 0;
    for (let e = rowStart[s]; e < rowStart[s + 1]; e++) sum += weights[base + column[e]] * value[e];
    return signs[neuron] * Math.max(0, sum);
  });
}

/** 2 <Phi, z> - 2 j <Phi, y> + ||Phi||^2 */
const score = (phi, z, labels, j) =>
  phi.reduce((sum, value, s) => sum + value * (2 * z[s] - 2 * j * labels[s] + value), 0);
