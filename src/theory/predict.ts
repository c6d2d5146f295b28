/** Predicts one trajectory: where the kernel's loss meets each target, and what the bounds say. */
import { firstRows } from '../data/inputs.js';
import type { TrajectoryConfig } from '../domain/types.js';
import type { WasmModule } from '../engine/wasm/webassembly.js';
import { smallestEigenvalue, smallestRitzValue } from '../math/smallest-eigenvalue.js';
import { dot } from '../math/vectors.js';
import type { InputLibrary } from '../trajectory/environment.js';
import { type BoundKind, bracketCrossings, type Crossing, notBy } from './bracket.js';
import { EXACT_SIZE, openKernel, whyNot } from './choose-kernel.js';
import type { Kernel, KernelKind, KernelProblem } from './kernel.js';
import { logisticCrossings } from './logistic-descent.js';
import { openProblem } from './problem.js';
import { referenceKernel } from './reference-kernel.js';
import { halfRateBound, sharpBound, theorem3, theorem10 } from './theorems.js';

export interface PredictionTask {
  readonly config: TrajectoryConfig;
  readonly kernel: KernelKind;
  /** Mean losses. */
  readonly targets: readonly number[];
  /** The sweep's last checkpoint of this trajectory. */
  readonly lastIteration: number;
  /** k of the theorems: the sweep's largest for this trajectory. */
  readonly subnetSize: number;
}

/** One target's row of the view `predictions`. */
export interface Prediction {
  readonly target: number;
  readonly predicted: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly floor: number | null;
  readonly lanczosSteps: number | null;
  readonly boundKind: BoundKind | null;
  readonly lambdaMax: number | null;
  readonly lambda0Upper: number | null;
  readonly lambda0Exact: number | null;
  readonly sharp: number | null;
  readonly half: number | null;
  readonly theorem3: number | null;
  readonly theorem10: number | null;
  readonly reason: string | null;
}

export interface PredictedTrajectory {
  readonly predictions: readonly Prediction[];
  /** Seconds of the bracket with lambda_max and the theorems, and of lambda_0. */
  readonly bracketS: number;
  readonly lambda0S: number;
}

/** A crossing is of interest up to so many times the last checkpoint. */
const HORIZON = 2;

/** The bits depend on the task alone. */
export function predictTrajectory(
  task: PredictionTask,
  library: InputLibrary,
  module: WasmModule,
): PredictedTrajectory {
  const { config, targets } = task;
  const reason = whyNot(config, task.kernel);
  if (reason !== null)
    return { predictions: targets.map(target => ({ ...NOTHING, target, reason })), bracketS: 0, lambda0S: 0 };
  const began = performance.now();
  const { problem, labels } = openProblem(config, task.kernel, library);
  const kernel = openKernel(problem, module);
  const { crossings, initialLoss } = crossingsOf(kernel, labels, task);
  const bracketed = performance.now();
  const lambda0 = smallestOf(kernel, problem);
  const ended = performance.now();
  const { datasetSize, train } = config;
  const rate = train.learningRate / datasetSize;
  const hasBounds = train.loss === 'squared' && train.momentum === 0;
  const theorems = {
    theorem3: theorem3(datasetSize, problem.inputs.columns, task.subnetSize),
    theorem10: theorem10(datasetSize, problem.inputs.columns, task.subnetSize),
  };
  const predictions = crossings.map((crossing, i): Prediction => {
    const target = targets[i]!;
    const upper = lambda0.exact ?? Math.min(lambda0.upper, crossing.smallestRitz);
    return {
      target,
      predicted: crossing.predicted,
      lower: crossing.lower,
      upper: crossing.upper,
      floor: lambda0.exact !== null && lambda0.exact > 0 ? 0 : crossing.floor,
      lanczosSteps: crossing.steps,
      boundKind: crossing.boundKind,
      lambdaMax: crossing.largestRitz,
      lambda0Upper: upper,
      lambda0Exact: lambda0.exact,
      sharp: hasBounds ? sharpBound(initialLoss, target, rate, upper, crossing.largestRitz) : null,
      half: hasBounds ? halfRateBound(initialLoss, target, rate, upper) : null,
      ...theorems,
      reason: crossing.reason,
    };
  });
  return { predictions, bracketS: (bracketed - began) / 1000, lambda0S: (ended - bracketed) / 1000 };
}

const NOTHING = {
  predicted: null,
  lower: null,
  upper: null,
  floor: null,
  lanczosSteps: null,
  boundKind: null,
  lambdaMax: null,
  lambda0Upper: null,
  lambda0Exact: null,
  sharp: null,
  half: null,
  theorem3: null,
  theorem10: null,
} as const;

function crossingsOf(
  kernel: Kernel,
  labels: Float32Array,
  { config, targets, lastIteration }: PredictionTask,
): { crossings: Crossing[]; initialLoss: number } {
  const { loss, learningRate, momentum } = config.train;
  const residual = kernel.outputs.map((f, s) => f - labels[s]!);
  const descent = { learningRate, momentum, horizon: HORIZON * lastIteration };
  const initialLoss = dot(residual, residual) / (2 * kernel.n);
  if (loss === 'squared')
    return { crossings: bracketCrossings(kernel, residual, descent, targets), initialLoss };
  const found = logisticCrossings(kernel, labels, descent, targets);
  // The spectrum as the squared loss sees it: the kernel is the same.
  const spectrum = bracketCrossings(kernel, residual, { ...descent, momentum: 0 }, targets);
  const crossings = spectrum.map((crossing, i): Crossing => {
    const predicted = found[i]!;
    const reason = predicted === null ? notBy(descent.horizon) : null;
    return { ...crossing, predicted, lower: null, upper: null, boundKind: null, floor: null, reason };
  });
  return { crossings, initialLoss };
}

/**
 * lambda_0, exact for up to EXACT_SIZE samples. Above, what lies above it: the smallest eigenvalue of two samples'
 * kernel, and of the nested sub-data-set of EXACT_SIZE samples (Cauchy's interlacing).
 */
function smallestOf(kernel: Kernel, problem: KernelProblem): { exact: number | null; upper: number } {
  if (kernel.packed) {
    const exact = smallestEigenvalue(kernel.packed, kernel.n);
    return { exact, upper: exact };
  }
  const nested = referenceKernel({ ...problem, inputs: firstRows(problem.inputs, EXACT_SIZE) });
  const pairs = kernel.smallestOfPairs ?? Number.POSITIVE_INFINITY;
  return { exact: null, upper: Math.min(pairs, smallestRitzValue(nested.packed!, EXACT_SIZE)) };
}
