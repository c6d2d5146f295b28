/** The public API. Anything not exported here may change without notice. */
export { analyseSweep, type SweepAnalysis } from './analysis/analyse-sweep.js';
export { chooseSweep } from './analysis/choose-sweep.js';
export { type FittedDatabase, fitDatabase } from './analysis/fit-database.js';
export { readFitInput } from './analysis/fit-input.js';
export {
  DataError,
  DivergedError,
  EngineUnavailableError,
  EspalierError,
  InputError,
  QueryError,
  StoppedError,
  StoreError,
  TooLargeError,
  UsageError,
} from './base/errors.js';
export type { Dataset, ImageSet } from './data/dataset.js';
export { countCells } from './domain/grid.js';
export type {
  CellRow,
  CheckpointRow,
  ExecutorEvent,
  TrajectoryEvent,
  TrajectoryTask,
} from './domain/messages.js';
export { parseSweep, readSweep, type SweepSpec } from './domain/sweep-file/parse.js';
export type {
  EngineName,
  Metric,
  OwnEngineName,
  PlannedCheckpoint,
  PlannedTrajectory,
  SetMetrics,
  SetName,
  ThresholdRow,
  ThresholdSpec,
  TrajectoryConfig,
  Variant,
} from './domain/types.js';
export type { Activations, Engine, Network, NetworkState, Path, Problem } from './engine/engine.js';
export { createEngine } from './engine/index.js';
export type { Executor, ExecutorStats } from './execute/executor.js';
export { createInlineExecutor, type ExecutorOptions } from './execute/inline.js';
export { createPoolExecutor } from './execute/pool.js';
export {
  createQueueExecutor,
  parseAddress,
  type QueueAddress,
  type QueueExecutorOptions,
  type QueueWorkerOptions,
  runQueueWorker,
} from './execute/queue/index.js';
export {
  type Band,
  type Bend,
  type EstimateReport,
  type FitGroup,
  type FitInput,
  type FitOptions,
  type FitReport,
  type FitRow,
  fitSweep,
  type Interval,
  type Law,
  type LawReport,
  muAt,
  type Regimes,
  type Residual,
  type Shortfall,
  type Verdict,
} from './fit/index.js';
export { type Drawing, drawFigure, toPng } from './report/drawing/render.js';
export type { Columns, Figure, FigureData, FigureTable } from './report/figures/figure.js';
export { FIGURES } from './report/figures/index.js';
export { renderReport } from './report/page/report.js';
export { readReport } from './report/read-report.js';
export type { RunObserver, RunOptions, RunOutcome } from './run/observer.js';
export type { Order } from './run/order.js';
export { planSweep, type SweepPlan } from './run/plan.js';
export { type PreparedSweep, type PrepareOptions, prepareSweep } from './run/prepare.js';
export { runSweep } from './run/run-sweep.js';
export { type PredictionRow, predictionRows } from './store/read/predictions.js';
export { openReader, type Reader } from './store/read/reader.js';
export type { SweepChanges } from './store/read/sweep-changes.js';
export { type QueryBatch, type QueryOptions, querySql } from './store/user-sql/query.js';
export type { ThresholdSummary } from './threshold/summary.js';
