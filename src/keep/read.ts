/** Reads the files of a kept sweep, and checks them as far as they tell. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { groupBy } from '../base/group-by.js';
import { trajectoryId } from '../domain/identity.js';
import { completeConfig } from '../domain/later-settings.js';
import type { CellRow, CheckpointRow } from '../domain/messages.js';
import { METRIC_COLUMNS, type MeasuredNetwork } from '../domain/metrics.js';
import { parseSweep, type SweepSpec } from '../domain/sweep-file/parse.js';
import type { Metric, Objective, PruneMethod, SetMetrics, TrajectoryConfig } from '../domain/types.js';
import { variantKey } from '../domain/variant.js';
import {
  PREDICTION_COLUMNS,
  type PredictionScope,
  type StoredPrediction,
} from '../store/schema/predictions.js';
import type { AttemptInfo } from '../store/schema/rows.js';
import { KEPT_FILES, type KeptRow, notKept, readCsv, readJson } from './files.js';

export interface KeptCheckpoint {
  readonly row: CheckpointRow;
  readonly cells: readonly CellRow[];
}

export interface KeptTrajectory {
  readonly id: string;
  readonly config: TrajectoryConfig;
  /** Ascending in t. */
  readonly checkpoints: readonly KeptCheckpoint[];
  /** What computed it. */
  readonly attempt: AttemptInfo;
  readonly predictions: readonly { readonly scope: PredictionScope; readonly row: StoredPrediction }[];
}

export interface KeptSweep {
  readonly spec: SweepSpec;
  readonly trajectories: readonly KeptTrajectory[];
}

/** @throws InputError (BAD_INPUT) where a file is missing or damaged. */
export function readKept(folder: string): KeptSweep {
  const { shape, description, definition } = readJson(folder, KEPT_FILES.sweep);
  const source = join(folder, KEPT_FILES.sweep);
  if (shape !== 1) throw notKept(source, `found shape ${JSON.stringify(shape)}, this version reads 1`);
  const spec = parseSweep(
    JSON.stringify({ ...(definition as object), description: description ?? undefined }),
    {
      source,
    },
  );
  const byTrajectory = (rows: readonly KeptRow[]) => groupBy(rows, row => row.required('trajectory_id'));
  const results = byTrajectory(readCsv(folder, KEPT_FILES.results));
  const provenance = byTrajectory(readCsv(folder, KEPT_FILES.provenance));
  const predictions = existsSync(join(folder, KEPT_FILES.predictions))
    ? byTrajectory(readCsv(folder, KEPT_FILES.predictions))
    : new Map<string, KeptRow[]>();
  const trajectories = readCsv(folder, KEPT_FILES.trajectories).map((row): KeptTrajectory => {
    const id = row.required('trajectory_id');
    const own = results.get(id) ?? row.refuse('trajectory_id', id, `one with rows in ${KEPT_FILES.results}`);
    results.delete(id);
    return {
      id,
      config: configOf(row, id),
      checkpoints: checkpointsOf(own),
      attempt: attemptOf(
        provenance.get(id)?.[0] ??
          row.refuse('trajectory_id', id, `one with a row in ${KEPT_FILES.provenance}`),
      ),
      predictions: (predictions.get(id) ?? []).map(predictionOf),
    };
  });
  for (const [id, [row]] of results) row!.refuse('trajectory_id', id, `one of ${KEPT_FILES.trajectories}`);
  return { spec, trajectories };
}

/** The id is a hash of the configuration, so that neither can be changed alone. */
function configOf(row: KeptRow, id: string): TrajectoryConfig {
  const text = row.required('config');
  try {
    const config = completeConfig(JSON.parse(text));
    if (trajectoryId(config) === id) return config;
  } catch {
    // As a configuration with another hash.
  }
  return row.refuse('config', text, `the configuration whose hash is ${id}`);
}

function checkpointsOf(rows: readonly KeptRow[]): KeptCheckpoint[] {
  return [...groupBy(rows, row => row.count('pretrain_iterations'))]
    .sort(([a], [b]) => a - b)
    .map(([t, own]) => {
      const cells = own.map(row => cellOf(row, t));
      const keys = cells.map(variantKey);
      const twice = keys.findIndex((key, i) => keys.indexOf(key) < i);
      if (twice >= 0) own[twice]!.refuse('pretrain_iterations', String(t), 'each cell once');
      return { row: checkpointOf(own[0]!, t), cells };
    });
}

/** Times are not kept: they say nothing about the results. */
const UNKNOWN_S = Number.NaN;

function checkpointOf(row: KeptRow, t: number): CheckpointRow {
  return {
    t,
    dense: metricsOf(row, 'dense'),
    deadNeurons: row.count('dead_neurons'),
    etaLambdaMax: row.number('eta_lambda_max') ?? Number.NaN,
    gatesChanged: row.number('gates_changed'),
    neuronVariance: row.number('neuron_variance'),
    trainWallS: UNKNOWN_S,
    trainCpuS: null,
  };
}

function cellOf(row: KeptRow, t: number): CellRow {
  const retrainIterations = row.count('retrain_iterations');
  return {
    t,
    method: row.required('prune_method') as PruneMethod,
    objective: row.text('prune_objective') as Objective | null,
    sampleSize: row.number('prune_sample_size'),
    subnetSize: row.count('subnet_size'),
    retrainIterations,
    subnet: metricsOf(row, 'subnet'),
    retrained: retrainIterations > 0 ? metricsOf(row, 'retrained') : null,
    distinctNeurons: row.count('distinct_neurons'),
    activationPasses: null,
    certifiedLoss: row.number('certified_loss'),
    pruneWallS: UNKNOWN_S,
    pruneCpuS: null,
  };
}

function metricsOf(row: KeptRow, network: MeasuredNetwork): SetMetrics {
  const metrics: Partial<Record<keyof SetMetrics, Metric>> = {};
  for (const { set, column, ...metric } of METRIC_COLUMNS) {
    if (metric.network !== network || metric.quantity !== 'loss') continue;
    const loss = row.number(column);
    const accuracy = row.number(column.replace(/loss$/, 'accuracy'));
    if (loss !== null || accuracy !== null)
      metrics[set] = { loss: loss ?? Number.NaN, accuracy: accuracy ?? Number.NaN };
  }
  return metrics;
}

const attemptOf = (row: KeptRow): AttemptInfo => {
  const dirty = row.text('git_dirty');
  return {
    host: '',
    process: 0,
    worker: '',
    toolVersion: row.required('tool_version'),
    nodeVersion: row.required('node_version'),
    gitRevision: row.text('git_revision'),
    gitDirty: dirty === null ? null : dirty !== '0',
    cpu: row.required('cpu'),
    threads: row.count('threads'),
    kernels: row.text('kernels'),
  };
};

const TEXTS = ['kernel', 'bound_kind', 'reason'];

const predictionOf = (row: KeptRow): KeptTrajectory['predictions'][number] => ({
  scope: {
    kernel: row.required('kernel'),
    horizon: row.count('horizon'),
    subnetSize: row.count('subnet_size'),
  },
  row: Object.fromEntries(
    PREDICTION_COLUMNS.map(name => [name, TEXTS.includes(name) ? row.text(name) : row.number(name)]),
  ) as StoredPrediction,
});
