/** Which gates of a relu network, sigma'(a . x), have changed since t = 0. */
import { firstRows } from '../data/inputs.js';
import type { Activations, Engine, Problem } from '../engine/engine.js';
import { bitCount } from '../math/bits.js';

/** Only the first samples are looked at. */
export const GATE_SAMPLES = 4096;

const sampleCount = (n: number): number => Math.min(n, GATE_SAMPLES);

/** Bytes of the gates of two moments. */
export const gateBytes = (datasetSize: number, width: number): number =>
  2 * 4 * width * Math.ceil(sampleCount(datasetSize) / 32);

/**
 * The gates at t = 0, by a network of its own on the first samples: a trajectory that resumes from a snapshot has the same
 * bits. Null without relu.
 *
 * @param problem of the trajectory at t = 0
 */
export function initialGates(engine: Engine, problem: Problem): Uint32Array | null {
  if (problem.activation !== 'relu') return null;
  const count = sampleCount(problem.inputs.rows);
  const network = engine.open({
    ...problem,
    inputs: firstRows(problem.inputs, count),
    labels: problem.labels.subarray(0, count),
    batchSize: Math.min(problem.batchSize, count),
  });
  try {
    return network.activate().responses(count);
  } finally {
    network.close();
  }
}

/** The share of (neuron, sample) pairs whose gate differs from t = 0; null without relu. */
export function gatesChanged(before: Uint32Array | null, activations: Activations, n: number): number | null {
  if (!before) return null;
  const count = sampleCount(n);
  const now = activations.responses(count);
  let changed = 0;
  for (let w = 0; w < now.length; w++) changed += bitCount(now[w]! ^ before[w]!);
  return changed / (activations.squaredNorms.length * count);
}
