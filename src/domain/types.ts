/**
 * Frozen values shared by all layers. Names match the sweep file; `sweep-file/settings.ts` states the meaning,
 * default, unit and help text of each.
 */

/** An engine of a program that uses espalier as a library, whose results never pass for another engine's. */
export type OwnEngineName = `own:${string}`;
/**
 * What trains and prunes. `noop` computes nothing; it serves to measure the cost of everything around an engine. `simulated` is not an
 * engine: it marks rows drawn from a known law (src/design), so that they never pass for an engine's.
 */
export type EngineName = 'wasm' | 'reference' | 'tfjs' | 'webgpu' | 'noop' | 'simulated' | OwnEngineName;
/** sigma of `network.activation`. */
export type Activation = 'relu' | 'tanh' | 'softplus';
/** How outputs scale with the width: the mean of the neurons, or their sum over sqrt(N). */
export type Scaling = 'mean-field' | 'ntk';
/** What is done to the pixels (docs/settings.md, inputs). */
export type InputScaling = 'raw' | 'centred' | 'unit' | 'standardised' | 'normalised';
/** What training minimises, the mean over samples. */
export type Loss = 'squared' | 'logistic';
/** The layers that are trained. */
export type Layers = 'first' | 'both';
/** How neurons are selected. */
export type PruneMethod = 'greedy' | 'random' | 'magnitude';
/** What greedy selection minimises. `brier`: the squared error of the output probability. */
export type Objective = Loss | 'brier';
/** `prune.objective` as the sweep file states it. */
export type PruneObjective = 'training-loss' | Objective;
/** `dataset.name`. */
export type DatasetName = 'digits' | 'mnist' | 'fashion-mnist' | 'idx';
/** The sets that a network is measured on: its own n samples, the whole training pool, the test set. */
export type SetName = 'train' | 'pool' | 'test';
export const SET_NAMES: readonly SetName[] = ['train', 'pool', 'test'];

/** The data set as the sweep file states it. */
export interface DatasetSettings {
  readonly name: DatasetName;
  /** Labels that count as +1, ascending, without repeats. */
  readonly positive: readonly number[];
  /** `idx` only: the folder with the four IDX files. */
  readonly dir?: string;
  /** `digits` only. */
  readonly seed?: number;
  readonly pool?: number;
  readonly test?: number;
}

/** The data set as part of a trajectory's identity. It names content, never a location on disk. */
export interface DatasetIdentity {
  readonly name: DatasetName;
  readonly positive: readonly number[];
  /** Files: a SHA-256 over the decompressed files (data/files.ts). Generated data: the generator's version. */
  readonly content: string;
  readonly seed?: number;
  readonly pool?: number;
  readonly test?: number;
}

/** `network` of a sweep file. */
export interface NetworkSettings {
  readonly activation: Activation;
  readonly scaling: Scaling;
  readonly bias: boolean;
  readonly initScale: number;
  readonly symmetricInit: boolean;
}

/** `inputs` of a sweep file. */
export interface InputSettings {
  readonly scaling: InputScaling;
}

/** `train` of a sweep file. */
export interface TrainSettings {
  readonly loss: Loss;
  /** `full`: gradient descent on all n samples, in index order. */
  readonly batchSize: number | 'full';
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly layers: Layers;
}

/** Everything that changes a trajectory's numbers, and nothing else. */
export interface TrajectoryConfig {
  readonly dataset: DatasetIdentity;
  /** n, training samples. */
  readonly datasetSize: number;
  /** N, neurons. */
  readonly width: number;
  readonly seed: number;
  readonly network: NetworkSettings;
  readonly inputs: InputSettings;
  readonly train: TrainSettings;
  readonly engine: EngineName;
  /** The version of the engine's results. */
  readonly numerics: number;
}

/** What neurons are selected by. */
export interface SelectionRule {
  readonly method: PruneMethod;
  /** Null for methods without one (random, magnitude). */
  readonly objective: Objective | null;
  /** Samples that each pick looks at, as the sweep file says it; null for all n, and for methods without an objective. */
  readonly sampleSize: number | null;
}

/** How a checkpoint is pruned. */
export interface Variant extends SelectionRule {
  /** k, picks. */
  readonly subnetSize: number;
  /** Gradient steps after the selection; 0: none. */
  readonly retrainIterations: number;
}

/** One checkpoint of a planned trajectory, pruned once per variant. */
export interface PlannedCheckpoint {
  /** Iterations. */
  readonly t: number;
  readonly variants: readonly Variant[];
}

/** The value that a `published` target stands for on one curve. */
export interface PublishedLevel {
  readonly metric: string;
  readonly variant: Variant;
  readonly value: number;
}

/** How the checkpoints of a trajectory are refined around its crossings (threshold/refine.ts). */
export interface Refinement {
  /** The fine sequence: iterations ascending from 0. All planned checkpoints are members of it. */
  readonly fine: readonly number[];
  /** The targets whose crossings are located on it. */
  readonly targets: readonly ThresholdSpec[];
  /** What is known of `published` targets; they are refined once it is. */
  readonly levels: readonly PublishedLevel[];
}

/** One training run and its cells. Checkpoints ascend in t. */
export interface PlannedTrajectory {
  readonly id: string;
  readonly config: TrajectoryConfig;
  /** With a refinement: the coarse ones, all with the same variants. */
  readonly checkpoints: readonly PlannedCheckpoint[];
  /** Null if `checkpoints` are all. */
  readonly refinement: Refinement | null;
}

/** The sets that dense networks and subnetworks are measured on. */
export interface EvaluatedSets {
  readonly dense: readonly SetName[];
  readonly subnet: readonly SetName[];
}

/** What a sweep asks of its cells. */
export interface Evaluate extends EvaluatedSets {
  /** Whether a threshold is set on `certified_loss`, which earlier cells lack. */
  readonly certified?: true;
}

/** The mean loss over samples, and the share of samples (0 to 1) whose output has the label's sign. */
export interface Metric {
  readonly loss: number;
  readonly accuracy: number;
}
/** By set; a set that is not measured on is absent. */
export type SetMetrics = { readonly [set in SetName]?: Metric };

/** One entry of `thresholds:`: the target at which a curve is good enough. */
export interface ThresholdSpec {
  /** A metric column of the view `results`, or one of `..._loss_sum` (n times the mean loss). */
  readonly metric: string;
  /** atMost, atLeast: absolute. withinDense: distance to the last dense value. published: statistics.md, 1. */
  readonly kind: 'atMost' | 'atLeast' | 'withinDense' | 'published';
  /** Null for `published`. */
  readonly value: number | null;
  readonly primary: boolean;
  /** False: crossings are located on coarse checkpoints alone. Absent: on refined ones where the sweep refines. */
  readonly refine?: false;
  /**
   * `published` only: paths of the settings that move with n (zipped, one value at each n), if any. Curves that
   * differ only in n and in these settings are compared.
   */
  readonly movesWithSize?: readonly string[];
}

/** One finished cell of a finished trajectory, with the dense network's metrics at the same checkpoint. */
export interface CurveRow extends Variant {
  readonly trajectoryId: string;
  readonly config: TrajectoryConfig;
  readonly t: number;
  /** Every metric column of the view `results`, by name; null or absent if not measured or not finite. */
  readonly metrics: Readonly<Record<string, number | null>>;
}

/**
 * Where one curve crosses one target (statistics.md, section 1): t* lies in (lower, upper].
 * Columns of the view `thresholds`.
 */
export interface ThresholdRow extends Variant {
  readonly trajectoryId: string;
  readonly metric: string;
  /** E.g. `<= 0.15`, `>= 0.97`, `within 0.01 of dense`, `published`. */
  readonly target: string;
  /** Iterations: the last checkpoint before the target is met; 0 if left-censored. */
  readonly lower: number | null;
  /** Iterations: the first checkpoint at which it is met; null where it is not. */
  readonly upper: number | null;
  readonly censoring: 'interval' | 'left' | 'right' | 'unreachable';
  /** The same of the raw curve: the first time, and the first from which on it always does. */
  readonly rawUpper: number | null;
  readonly sustainedUpper: number | null;
  /** Whether the raw and the sustained crossing differ by more than two checkpoints. */
  readonly flagged: boolean;
}
