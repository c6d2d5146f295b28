/** One trajectory in training: the network of science.md, from its configuration to any iteration t. */

import { DivergedError, StoppedError } from '../base/errors.js';
import { labelSigns, subDataset } from '../data/dataset.js';
import type { InputMatrix } from '../data/inputs.js';
import type { Snapshot } from '../domain/messages.js';
import type { TrajectoryConfig } from '../domain/types.js';
import type { Network, NetworkState, Problem } from '../engine/engine.js';
import { Batches } from './batches.js';
import type { ScaledInputs, TrajectoryEnvironment } from './environment.js';
import { initialGates } from './gates.js';
import { gradientRate, initialState, outputScale } from './initial.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot.js';

/** Approximate duration of a slice of training steps. A stop is noticed between slices. */
const SLICE_MS = 300;
/** A stop waits for the running slice up to this age; an older slice is aborted. */
const PATIENCE_MS = 500;

export interface Session {
  readonly config: TrajectoryConfig;
  readonly scaled: ScaledInputs;
  /** Indices of the n samples in the training pool. */
  readonly samples: Int32Array;
  readonly inputs: InputMatrix;
  readonly labels: Float32Array;
  /** Another one after `restore`. */
  readonly network: Network;
  /** The network's problem, from which that of a subnetwork is derived. */
  readonly problem: Problem;
  /** Gates at t = 0 (gates.ts); null without relu, and where they were not asked for. */
  readonly initialGates: Uint32Array | null;
  /** The present iteration of the network. */
  readonly t: number;
  /**
   * Trains to iteration t, at least the present one, or until about `forMs` have passed.
   *
   * @throws StoppedError (STOPPED), in the middle of a step if the step is long; DivergedError (DIVERGED) with its
   *   iteration
   */
  trainTo(t: number, forMs?: number): void;
  /** Goes on from a state of this trajectory at iteration t, or from iteration 0. */
  restore(from: { readonly t: number; readonly state: NetworkState } | null): void;
  /** The state at iteration t. Null if a stop aborted a slice without a saved state, e.g. the first steps. */
  snapshot(id: string): Snapshot | null;
  close(): void;
}

/** Opens a trajectory at its snapshot, or at iteration 0 if there is none or it is damaged. */
export function openSession(
  id: string,
  config: TrajectoryConfig,
  environment: TrajectoryEnvironment,
  snapshot: Uint8Array | null = null,
  { withGates = false }: { readonly withGates?: boolean } = {},
): Session {
  const { network: settings, train, datasetSize, width, seed } = config;
  const scaled = environment.inputs.open(config.dataset, config.inputs.scaling, settings.bias);
  const samples = subDataset(scaled.dataset.pool.count, datasetSize, seed);
  const inputs = scaled.source.gather('pool', samples);
  const poolSigns = labelSigns(scaled.dataset.pool.labels, config.dataset.positive);
  const labels = Float32Array.from(samples, index => poolSigns[index]!);
  let batches = new Batches(datasetSize, train.batchSize, seed);
  const resumed = snapshot && decodeSnapshot(id, snapshot);
  let t = 0;
  let sliceStartMs: number | null = null;
  /** The state before the running slice, if the slice is expected to take longer than a stop can wait. */
  let stateBefore: NetworkState | null = null;
  let isRestoring = false;
  const pulse = () => {
    // Half a state is none.
    if (isRestoring) return;
    // A short slice of training ends soon, and a stop after it loses nothing.
    const endsSoon =
      sliceStartMs !== null && stateBefore === null && performance.now() - sliceStartMs < PATIENCE_MS;
    if (!endsSoon && environment.stopRequested()) throw new StoppedError();
  };
  const stateAtZero = () => initialState(settings, seed, width, inputs.columns);
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
    state: resumed ? resumed.state : stateAtZero(),
    pulse,
  };
  // Before the network itself is opened, so that the two are never in memory together.
  const gates = withGates
    ? initialGates(environment.engine, resumed ? { ...problem, state: stateAtZero() } : problem)
    : null;
  const network = environment.engine.open(problem);
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
    initialGates: gates,
    get t() {
      return t;
    },
    trainTo(target, forMs) {
      trainInSlices(network, batches, target - t, pulse, {
        from: t,
        forMs,
        timing,
        begin: expectedMs => {
          if (expectedMs > SLICE_MS) stateBefore = network.state();
          sliceStartMs = performance.now();
        },
        end: steps => {
          sliceStartMs = null;
          stateBefore = null;
          t += steps;
        },
      });
    },
    restore(from) {
      isRestoring = true;
      network.restore(from?.state ?? stateAtZero());
      isRestoring = false;
      t = from?.t ?? 0;
      batches = new Batches(datasetSize, train.batchSize, seed);
      batches.skip(t);
      sliceStartMs = null;
      stateBefore = null;
    },
    snapshot(id) {
      const state = sliceStartMs === null ? network.state() : stateBefore;
      return state && { t, bytes: encodeSnapshot(id, t, state) };
    },
    close: () => network.close(),
  };
}

/** Duration of a step in the last slice; 0 before the first slice. */
interface StepTiming {
  perStepMs: number;
}

/**
 * Takes `steps` steps, or as many as fit into about `forMs`, in slices whose length follows the clock. The bits do
 * not depend on where the slices are cut.
 *
 * `slice.begin` and `slice.end` are called around each slice, so the caller always knows the network's iteration.
 * `slice.from` is the present iteration.
 *
 * @throws DivergedError (DIVERGED) with its iteration, and whatever `pulse` throws
 */
export function trainInSlices(
  network: Network,
  batches: Batches,
  steps: number,
  pulse: () => void,
  slice: {
    readonly from: number;
    readonly forMs?: number | undefined;
    /** Passed from call to call, to start with a known step time. */
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
    const sliceStartMs = performance.now();
    try {
      network.train(batches.take(count), count);
    } catch (error) {
      if (error instanceof DivergedError) throw new DivergedError(slice.from + done + error.step);
      throw error;
    }
    timing.perStepMs = (performance.now() - sliceStartMs) / count;
    done += count;
    slice.end(count);
    length = Math.max(1, Math.min(2 * length, Math.floor(SLICE_MS / timing.perStepMs)));
  }
}
