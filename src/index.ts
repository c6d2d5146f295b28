/**
 * The public API: a table of contents. Every type that a signature names is here, too. Anything not exported here, or
 * marked `@internal`, may change without notice.
 */

// A sweep: its file, its plan, its run.

export { countCells } from './domain/grid.js';
export { parseSweep, readSweep, type SweepOptions, type SweepSpec } from './domain/sweep-file/parse.js';
export type { Axis, RefinedAxis, SweepSettings } from './domain/sweep-spec.js';
export type { Rates } from './run/calibrate.js';
export type { AttemptEnd, RunObserver, RunOptions, RunOutcome } from './run/observer.js';
export type { Order } from './run/order.js';
export { type PlanOptions, planSweep, type SweepPlan } from './run/plan.js';
export { type PreparedSweep, type PrepareOptions, prepareSweep } from './run/prepare.js';
export { runSweep } from './run/run-sweep.js';
export type { SettingChange } from './store/read/setting-changes.js';
export type { SweepChanges } from './store/read/sweep-changes.js';
export type { SummaryCell, SummaryTarget, ThresholdSummary } from './threshold/summary.js';
export type { Arithmetic } from './trajectory/cost.js';

// What a sweep is made of.

export type { Dataset, IdentifiedDataset, ImageSet } from './data/dataset.js';
export type { InputMatrix, Shift } from './data/inputs.js';
export type {
  Activation,
  CurveRow,
  DatasetIdentity,
  DatasetName,
  DatasetSettings,
  EngineName,
  Evaluate,
  EvaluatedSets,
  InputScaling,
  InputSettings,
  Layers,
  Loss,
  Metric,
  NetworkSettings,
  Objective,
  OwnEngineName,
  PlannedCheckpoint,
  PlannedTrajectory,
  PruneMethod,
  PruneObjective,
  PublishedLevel,
  Refinement,
  Scaling,
  SelectionRule,
  SetMetrics,
  SetName,
  ThresholdRow,
  ThresholdSpec,
  TrainSettings,
  TrajectoryConfig,
  Variant,
} from './domain/types.js';

// Engines train and prune.

export type {
  Activations,
  Engine,
  FloatArray,
  Network,
  NetworkState,
  Path,
  Problem,
  Shape as ProblemShape,
} from './engine/engine.js';
export { createEngine } from './engine/index.js';

// Executors run trajectories.

export type { Provenance } from './base/provenance.js';
export type {
  CellRow,
  CheckpointRow,
  CheckpointTask,
  ExecutorEvent,
  MeasuredCell,
  QueueState,
  QueueWorkerState,
  RefinementTask,
  Snapshot,
  TrajectoryEvent,
  TrajectoryTask,
  WorkerOrigin,
} from './domain/messages.js';
export type { Executor, ExecutorStats, ResultCheck } from './execute/executor.js';
export { createInlineExecutor, type ExecutorOptions, type InlineOptions } from './execute/inline.js';
export { createPoolExecutor, type PoolExecutor, type PoolOptions } from './execute/pool.js';
export {
  createQueueExecutor,
  type OwnThreads,
  parseAddress,
  type QueueAddress,
  type QueueExecutorOptions,
  type QueueWorkerOptions,
  type RunDescription,
  runQueueWorker,
  type WorkerData,
} from './execute/queue/index.js';
export { createWorkerData, type WorkerDataOptions } from './run/worker-data.js';

// Reading a database.

export { type PredictionRow, predictionRows } from './store/read/predictions.js';
export { openReader, type Reader, type Relation } from './store/read/reader.js';
export type { FailureRow, StoredSweep, SweepProgress, SweepRow } from './store/schema/rows.js';
export {
  type ColumnType,
  type Params as SqlParams,
  type QueryBatch,
  type QueryLimits,
  type QueryOptions,
  querySql,
  type Value as SqlValue,
} from './store/user-sql/query.js';

// From curves to a verdict.

export { analyseSweep, type SweepAnalysis } from './analysis/analyse-sweep.js';
export { chooseSweep } from './analysis/choose-sweep.js';
export { type DatabaseFitOptions, type FittedDatabase, fitDatabase } from './analysis/fit-database.js';
export { readFitInput } from './analysis/fit-input.js';
export {
  type Band,
  type Bend,
  type Conventions,
  type Estimate,
  type EstimateReport,
  type FitGroup,
  type FitInput,
  type FitOptions,
  type FitReport,
  type FitRow,
  fitSweep,
  type GroupKey,
  type Interval,
  type Law,
  type LawName,
  type LawReport,
  type LocalExponent,
  muAt,
  type Noise,
  type PredictedCrossing,
  type PredictedRegimes,
  type RatioTest,
  type Regime,
  type RegimeLaw,
  type Regimes,
  type Residual,
  type Shortfall,
  type ShortfallCode,
  type SizeCounts,
  type TrainingState,
  type TrajectoryCounts,
  type Verdict,
  type VerdictCode,
} from './fit/index.js';
export type { Thresholds } from './threshold/targets.js';

// Figures and the report.

export { type Drawing, drawFigure, toPng } from './report/drawing/render.js';
export type { Columns, Figure, FigureData, FigureOptions, FigureTable } from './report/figures/figure.js';
export { FIGURES } from './report/figures/index.js';
export { type ReportContent, renderReport } from './report/page/report.js';
export type { SweepFacts } from './report/page/sweep.js';
export { readReport } from './report/read-report.js';
export type { Theme, ThemeName } from './report/style/theme.js';
export type { Spec as VegaLiteSpec } from './report/style/vega-config.js';
export type { SliceChoice } from './slice/choose-slice.js';
export type {
  CrossingPoint,
  CurvePoint,
  Slice,
  Spread,
  SubnetSizePoint,
  TimePoint,
} from './store/read/figure-rows.js';
export type { Cost, ProvenanceGroup } from './store/read/history.js';
export type { PredictedPoint } from './store/read/predictions.js';

// Errors. docs/errors.md has their codes.

export {
  DataError,
  DivergedError,
  EngineUnavailableError,
  EspalierError,
  type ExitCode,
  InputError,
  InstallationError,
  QueryError,
  QueueError,
  StoppedError,
  StoreError,
  TooLargeError,
  UsageError,
} from './base/errors.js';
