/** Pruning at one checkpoint: selects, measures and re-trains the subnetworks of a trained network. */

import { labelSigns } from '../data/dataset.js';
import type { SelectionRule, SetMetrics, SetName, Variant } from '../domain/types.js';
import { longestPaths } from '../domain/variant.js';
import type { Activations, Engine, Network, Problem } from '../engine/engine.js';
import { permutation, stream } from '../math/random.js';
import { Batches } from './batches.js';
import { Measure, measure } from './measure.js';
import { selectionBatches } from './selection-batches.js';
import { type Session, trainInSlices } from './session.js';
import { addElapsed, type Elapsed, Stopwatch } from './stopwatch.js';

/** One order of selection at one checkpoint; every subnetwork size is a prefix of it. */
export interface SelectionPath extends SelectionRule {
  readonly picks: Int32Array;
  /** Passes over the activations that each prefix needed; null if the method makes none. */
  readonly passes: Int32Array | null;
  readonly elapsed: Elapsed;
}

/** Selects the paths of which the variants are prefixes, each to its largest size. */
export function selectPaths(
  session: Session,
  activations: Activations,
  variants: readonly Variant[],
): SelectionPath[] {
  return longestPaths(variants).map(variant => {
    const watch = new Stopwatch();
    const path = selectPath(session, activations, variant);
    const { method, objective, sampleSize } = variant;
    return { method, objective, sampleSize, ...path, elapsed: watch.lap() };
  });
}

function selectPath(
  session: Session,
  activations: Activations,
  { method, objective, sampleSize, subnetSize }: Variant,
): { picks: Int32Array; passes: Int32Array | null } {
  const { width, seed, datasetSize } = session.config;
  switch (method) {
    case 'greedy':
      return activations.greedy(
        objective!,
        subnetSize,
        selectionBatches({ seed, t: session.t, n: datasetSize, sampleSize, picks: subnetSize }),
      );
    case 'random':
      return {
        picks: permutation(stream(seed, 'random-selection', session.t), width).slice(0, subnetSize),
        passes: null,
      };
    case 'magnitude':
      return { picks: byNorm(activations.squaredNorms).slice(0, subnetSize), passes: null };
  }
}

/** Neurons in descending order of ||Phi_i||, ties to the lowest index. */
function byNorm(squaredNorms: Float64Array): Int32Array {
  const order = Int32Array.from(squaredNorms, (_, i) => i);
  return order.sort((a, b) => squaredNorms[b]! - squaredNorms[a]! || a - b);
}

export function distinctCount(picks: Int32Array, size: number): number {
  return new Set(picks.subarray(0, size)).size;
}

/** Measures the dense network on these sets. */
export function measureDense(
  session: Session,
  activations: Activations,
  sets: readonly SetName[],
): SetMetrics {
  const metrics: { [set in SetName]?: SetMetrics[set] } = {};
  for (const set of sets) {
    metrics[set] =
      set === 'train'
        ? measure(activations.outputs, session.labels, session.config.train.loss)
        : measureSet(session, session.network, set);
  }
  return metrics as SetMetrics;
}

function measureSet(session: Session, network: Network, set: 'pool' | 'test') {
  const { scaled, config } = session;
  const signs = labelSigns(scaled.dataset[set].labels, config.dataset.positive);
  const sum = new Measure(config.train.loss);
  for (const chunk of scaled.chunks(set)) sum.add(network.outputs(chunk.inputs), signs, chunk.from);
  return sum.result();
}

/** Measures the subnetworks of these sizes (ascending) on these sets. Returns one result per size. */
export function measureSubnets(
  session: Session,
  activations: Activations,
  picks: Int32Array,
  sizes: readonly number[],
  sets: readonly SetName[],
): SetMetrics[] {
  const { scaled, config, network, labels } = session;
  const metrics: { [set in SetName]?: SetMetrics[set] }[] = sizes.map(() => ({}));
  for (const set of sets) {
    const sums = sizes.map(() => new Measure(config.train.loss));
    if (set === 'train') {
      activations.subnetOutputs(picks, sizes).forEach((outputs, i) => {
        sums[i]!.add(outputs, labels);
      });
    } else {
      const signs = labelSigns(scaled.dataset[set].labels, config.dataset.positive);
      for (const chunk of scaled.chunks(set)) {
        network.subnetOutputs(chunk.inputs, picks, sizes).forEach((outputs, i) => {
          sums[i]!.add(outputs, signs, chunk.from);
        });
      }
    }
    sums.forEach((sum, i) => {
      metrics[i]![set] = sum.result();
    });
  }
  return metrics as SetMetrics[];
}

/**
 * Re-trains the subnetwork of the first `size` picks, and measures it after each number of `iterations` (ascending).
 *
 * The subnetwork has the distinct neurons, in order of index, with multiplicities kept as output weights. Only its
 * first layer is trained, with the trajectory's settings and with batches from a stream of their own.
 */
export function retrain(
  session: Session,
  engine: Engine,
  picks: Int32Array,
  size: number,
  iterations: readonly number[],
  sets: readonly SetName[],
): { readonly metrics: SetMetrics; readonly elapsed: Elapsed }[] {
  const { config, problem } = session;
  const watch = new Stopwatch();
  const batches = new Batches(config.datasetSize, config.train.batchSize, config.seed, 'retrain-batches');
  const network = engine.open(subnetProblem(problem, session.network, picks, size));
  try {
    let t = 0;
    let elapsed: Elapsed = { wallS: 0, cpuS: 0 };
    return iterations.map(target => {
      trainInSlices(network, batches, target - t, problem.pulse, {
        from: t,
        end: steps => {
          t += steps;
        },
      });
      const metrics: { [set in SetName]?: SetMetrics[set] } = {};
      for (const set of sets) {
        metrics[set] =
          set === 'train'
            ? measure(network.outputs(problem.inputs), session.labels, config.train.loss)
            : measureSet(session, network, set);
      }
      elapsed = addElapsed(elapsed, watch.lap());
      return { metrics: metrics as SetMetrics, elapsed };
    });
  } finally {
    network.close();
  }
}

/** The problem of the distinct neurons among the first `size` picks. */
function subnetProblem(problem: Problem, network: Network, picks: Int32Array, size: number): Problem {
  const multiplicity = new Map<number, number>();
  for (const pick of picks.subarray(0, size)) multiplicity.set(pick, (multiplicity.get(pick) ?? 0) + 1);
  const neurons = [...multiplicity.keys()].sort((a, b) => a - b);
  const columns = problem.inputs.columns;
  const { weights, signs } = network.state();
  const selected = weights.slice(0, neurons.length * columns);
  neurons.forEach((neuron, i) => {
    selected.set(weights.subarray(neuron * columns, (neuron + 1) * columns), i * columns);
  });
  return {
    ...problem,
    width: neurons.length,
    shares: Float64Array.from(neurons, neuron => multiplicity.get(neuron)! / size),
    layers: 'first',
    state: {
      weights: selected,
      signs: signs.slice(0, neurons.length).map((_, i) => signs[neurons[i]!]!),
      weightVelocity: null,
      signVelocity: null,
    },
  };
}
