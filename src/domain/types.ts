/**
 * The frozen values that everything passes around. Their names are those of the sweep file; their meaning,
 * defaults, units and help texts are in `sweep-file/settings.ts`.
 */

/**
 * `noop` computes nothing: for measuring what is around an engine. `simulated` is none: its rows were drawn from a known
 * law (src/design), and never pass for those of an engine.
 */
export type EngineName = 'wasm' | 'reference' | 'tfjs' | 'noop' | 'simulated';
export type Activation = 'relu' | 'tanh' | 'softplus';
export type Scaling = 'mean-field' | 'ntk';
export type InputScaling = 'raw' | 'centred' | 'unit' | 'standardised';
export type Loss = 'squared' | 'logistic';
export type Layers = 'first' | 'both';
export type PruneMethod = 'greedy' | 'random' | 'magnitude';
export type PruneObjective = 'training-loss' | Loss;
export type DatasetName = 'digits' | 'mnist' | 'fashion-mnist' | 'idx';
/** The three sets a network is measured on: its own n samples, the whole training pool, the test set. */
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

/** The data set as part of a trajectory's identity: content, never a place on a disk. */
export interface DatasetIdentity {
  readonly name: DatasetName;
  readonly positive: readonly number[];
  /** SHA-256 over the decompressed files, or, for generated data, generator version and parameters. */
  readonly content: string;
  readonly seed?: number;
  readonly pool?: number;
  readonly test?: number;
}

export interface NetworkSettings {
  readonly activation: Activation;
  readonly scaling: Scaling;
  readonly bias: boolean;
  readonly initScale: number;
  readonly symmetricInit: boolean;
}

export interface InputSettings {
  readonly scaling: InputScaling;
}

export interface TrainSettings {
  readonly loss: Loss;
  /** `full` is gradient descent on all n samples, in index order. */
  readonly batchSize: number | 'full';
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly layers: Layers;
}

/** Everything that changes a trajectory's numbers, and nothing else. */
export interface TrajectoryConfig {
  readonly dataset: DatasetIdentity;
  readonly datasetSize: number;
  readonly width: number;
  readonly seed: number;
  readonly network: NetworkSettings;
  readonly inputs: InputSettings;
  readonly train: TrainSettings;
  readonly engine: EngineName;
  readonly numerics: number;
}

/** What is pruned at a checkpoint. `objective` is null where the method has none (random, magnitude). */
export interface Variant {
  readonly method: PruneMethod;
  readonly objective: Loss | null;
  readonly subnetSize: number;
  readonly retrainIterations: number;
}

/** One checkpoint of a planned trajectory: prune here, once for each variant. */
export interface PlannedCheckpoint {
  readonly t: number;
  readonly variants: readonly Variant[];
}

/** One training run and the cells that hang on it. Checkpoints ascend in t. */
export interface PlannedTrajectory {
  readonly id: string;
  readonly config: TrajectoryConfig;
  readonly checkpoints: readonly PlannedCheckpoint[];
}

/** Mean loss over samples, and the share of samples whose output has the label's sign. */
export interface Metric {
  readonly loss: number;
  readonly accuracy: number;
}
export type SetMetrics = { readonly [set in SetName]?: Metric };

/** One entry of `thresholds:`: when is a curve good enough? */
export interface ThresholdSpec {
  /** A metric column of the view `results`, or one of `..._loss_sum` (n times the mean loss). */
  readonly metric: string;
  /** atMost, atLeast: absolute. withinDense: distance to the trajectory's final dense value. published: science.md. */
  readonly kind: 'atMost' | 'atLeast' | 'withinDense' | 'published';
  /** Null for `published`. */
  readonly value: number | null;
  readonly primary: boolean;
  /**
   * Of `published`: paths of the settings that move with n (zipped, one value at each n), if any. Curves that differ
   * in nothing else are compared.
   */
  readonly movesWithSize?: readonly string[];
}

/** One finished cell of a finished trajectory, with the dense network's metrics at the same checkpoint. */
export interface CurveRow extends Variant {
  readonly trajectoryId: string;
  readonly config: TrajectoryConfig;
  readonly t: number;
  /** Every metric column of the view `results`; null (or absent) where it was not measured or not finite. */
  readonly metrics: Readonly<Record<string, number | null>>;
}

/**
 * Where one curve crosses one target (statistics.md, section 1): t* lies in (lower, upper].
 * Columns of the view `thresholds`.
 */
export interface ThresholdRow {
  readonly trajectoryId: string;
  readonly method: PruneMethod;
  readonly objective: Loss | null;
  readonly subnetSize: number;
  readonly retrainIterations: number;
  readonly metric: string;
  /** E.g. `<= 0.15`, `>= 0.97`, `within 0.01 of dense`, `published`. */
  readonly target: string;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly censoring: 'interval' | 'left' | 'right' | 'unreachable';
  readonly rawUpper: number | null;
  readonly sustainedUpper: number | null;
  /** The raw and the sustained crossing differ by more than two checkpoints. */
  readonly flagged: boolean;
}
