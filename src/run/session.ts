/** One trajectory in training: the network of science.md, from its configuration to any iteration t. */

import { labelSigns, subDataset } from '../data/dataset.js';
import type { InputMatrix } from '../data/inputs.js';
import type { TrajectoryConfig } from '../domain/config.js';
import type { Network, Problem } from '../engine/engine.js';
import { DivergedError, StoppedError } from '../errors.js';
import { Batches } from './batches.js';
import { gradientRate, initialState, outputScale } from './initial.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot.js';
import type { ScaledInputs, World } from './world.js';

/** Steps are taken in slices of about this long, so that a stop is noticed between them. */
const SLICE_MS = 300;
/** A stop waits this long for the slice under way; a longer one is given up. */
const PATIENCE_MS = 1000;

export interface Session {
  readonly config: TrajectoryConfig;
  readonly scaled: ScaledInputs;
  /** Indices of the n samples in the training pool. */
  readonly samples: Int32Array;
  readonly inputs: InputMatrix;
  readonly labels: Float32Array;
  readonly network: Network;
  /** The problem that the network was opened with; a subnetwork's is derived from it. */
  readonly problem: Problem;
  /** The iteration that the network is at. */
  readonly t: number;
  /** False where a stop came in the middle of a step: the network is then at no iteration. */
  readonly consistent: boolean;
  /** Trains to iteration t, at least the present one. Throws StoppedError between steps, DivergedError with t. */
  trainTo(t: number): void;
  /** The state at the present iteration. */
  snapshot(id: string): { t: number; bytes: Uint8Array };
  close(): void;
}

/** Opens a trajectory at iteration 0, or at its snapshot; a damaged snapshot counts as none. */
export function openSession(
  id: string,
  config: TrajectoryConfig,
  world: World,
  snapshot: Uint8Array | null = null,
): Session {
  const { network: settings, train, datasetSize, width, seed } = config;
  const scaled = world.inputs.open(config.dataset, config.inputs.scaling, settings.bias);
  const samples = subDataset(scaled.dataset.pool.count, datasetSize, seed);
  const inputs = scaled.source.gather('pool', samples);
  const poolSigns = labelSigns(scaled.dataset.pool.labels, config.dataset.positive);
  const labels = Float32Array.from(samples, index => poolSigns[index]!);
  const batches = new Batches(datasetSize, train.batchSize, seed);
  const resumed = snapshot && decodeSnapshot(id, snapshot);
  let t = 0;
  let sliceBegan: number | null = null;
  const pulse = () => {
    // A slice of training is soon over, and stopping after it loses nothing.
    const soonOver = sliceBegan !== null && performance.now() - sliceBegan < PATIENCE_MS;
    if (!soonOver && world.stopRequested()) throw new StoppedError();
  };
  const problem: Problem = {
    inputs,
    labels,
    width,
    activation: settings.activation,
    outputScale: outputScale(settings.scaling, width),
    shares: null,
    rate: gradientRate(settings.scaling, width),
    loss: train.loss,
    layers: train.layers,
    learningRate: train.learningRate,
    momentum: train.momentum,
    weightDecay: train.weightDecay,
    batchSize: batches.size,
    state: resumed ? resumed.state : initialState(settings, seed, width, inputs.columns),
    pulse,
  };
  const network = world.engine.open(problem);
  t = resumed ? resumed.t : 0;
  batches.skip(t);

  return {
    config,
    scaled,
    samples,
    inputs,
    labels,
    network,
    problem,
    get t() {
      return t;
    },
    get consistent() {
      return sliceBegan === null;
    },
    trainTo(target) {
      trainInSlices(network, batches, target - t, pulse, {
        from: t,
        begin: () => {
          sliceBegan = performance.now();
        },
        end: steps => {
          sliceBegan = null;
          t += steps;
        },
      });
    },
    snapshot: id => ({ t, bytes: encodeSnapshot(id, t, network.state()) }),
    close: () => network.close(),
  };
}

/**
 * Takes `steps` steps in slices whose length follows the clock; the bits do not depend on how they are cut.
 * `slice` hears of the begin and the end of each, so that its caller knows what iteration the network is at; `from` is the one that it is at now.
 */
export function trainInSlices(
  network: Network,
  batches: Batches,
  steps: number,
  pulse: () => void,
  slice: { readonly from: number; begin?: () => void; end: (steps: number) => void },
): void {
  let length = 1;
  for (let done = 0; done < steps; ) {
    pulse();
    const count = Math.min(length, steps - done);
    const began = performance.now();
    slice.begin?.();
    try {
      network.train(batches.take(count), count);
    } catch (error) {
      if (error instanceof DivergedError) throw new DivergedError(slice.from + done + error.step);
      throw error;
    }
    const perStep = (performance.now() - began) / count;
    done += count;
    slice.end(count);
    length = Math.max(1, Math.min(2 * length, Math.floor(SLICE_MS / perStep)));
  }
}
