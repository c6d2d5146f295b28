/** One trajectory in training: the network of science.md, from its configuration to any iteration t. */

import { DivergedError, StoppedError } from '../base/errors.js';
import { labelSigns, subDataset } from '../data/dataset.js';
import type { InputMatrix } from '../data/inputs.js';
import type { Snapshot } from '../domain/messages.js';
import type { TrajectoryConfig } from '../domain/types.js';
import type { Network, NetworkState, Problem } from '../engine/engine.js';
import { Batches } from './batches.js';
import type { ScaledInputs, TrajectoryEnvironment } from './environment.js';
import { gradientRate, initialState, outputScale } from './initial.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot.js';

/** Steps are taken in slices of about this long, so that a stop is noticed between them. */
const SLICE_MS = 300;
/** A stop waits this long for the slice under way; a longer one is given up. */
const PATIENCE_MS = 500;

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
  /**
   * Trains to iteration t, at least the present one, or until about `forMs` have passed. Throws StoppedError, in the
   * middle of a step if that is a long one; DivergedError with t.
   */
  trainTo(t: number, forMs?: number): void;
  /** The state at iteration t; null where a stop came in the middle of the first steps, which are done again. */
  snapshot(id: string): Snapshot | null;
  close(): void;
}

/** Opens a trajectory at iteration 0, or at its snapshot; a damaged snapshot counts as none. */
export function openSession(
  id: string,
  config: TrajectoryConfig,
  world: TrajectoryEnvironment,
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
  /** The state before a step that takes longer than a stop can wait. */
  let kept: NetworkState | null = null;
  const pulse = () => {
    // A slice of training is soon over, and stopping after it loses nothing.
    const soonOver = sliceBegan !== null && kept === null && performance.now() - sliceBegan < PATIENCE_MS;
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
  const timing: StepTiming = { perStepMs: 0 };
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
    trainTo(target, forMs) {
      trainInSlices(network, batches, target - t, pulse, {
        from: t,
        forMs,
        timing,
        begin: expectedMs => {
          if (expectedMs > SLICE_MS) kept = network.state();
          sliceBegan = performance.now();
        },
        end: steps => {
          sliceBegan = null;
          kept = null;
          t += steps;
        },
      });
    },
    snapshot(id) {
      const state = sliceBegan === null ? network.state() : kept;
      return state && { t, bytes: encodeSnapshot(id, t, state) };
    },
    close: () => network.close(),
  };
}

/** How long a step took last; 0 where none was taken yet. */
interface StepTiming {
  perStepMs: number;
}

/**
 * Takes `steps` steps, or as many as about `forMs` allow, in slices whose length follows the clock; the bits do not
 * depend on how they are cut. `slice` hears of the begin and the end of each, so that its caller knows what iteration the
 * network is at; `from` is the one that it is at now.
 */
export function trainInSlices(
  network: Network,
  batches: Batches,
  steps: number,
  pulse: () => void,
  slice: {
    readonly from: number;
    readonly forMs?: number | undefined;
    /** Kept from call to call. */
    readonly timing?: StepTiming;
    begin?: (expectedMs: number) => void;
    end: (steps: number) => void;
  },
): void {
  const { forMs = Number.POSITIVE_INFINITY, timing = { perStepMs: 0 } } = slice;
  const start = performance.now();
  let length = 1;
  for (let done = 0; done < steps && performance.now() - start < forMs; ) {
    pulse();
    const count = Math.min(length, steps - done);
    slice.begin?.(timing.perStepMs * count);
    const began = performance.now();
    try {
      network.train(batches.take(count), count);
    } catch (error) {
      if (error instanceof DivergedError) throw new DivergedError(slice.from + done + error.step);
      throw error;
    }
    timing.perStepMs = (performance.now() - began) / count;
    done += count;
    slice.end(count);
    length = Math.max(1, Math.min(2 * length, Math.floor(SLICE_MS / timing.perStepMs)));
  }
}
