/** From rows of kept tables to values. Each function throws InputError where a row says what cannot be. */
import { groupBy } from '../base/group-by.js';
import { trajectoryId } from '../domain/identity.js';
import { completeConfig } from '../domain/later-settings.js';
import type { CellRow, CheckpointRow } from '../domain/messages.js';
import { METRIC_COLUMNS, type MeasuredNetwork } from '../domain/metrics.js';
import type {
  Evaluate,
  Metric,
  Objective,
  PruneMethod,
  SetMetrics,
  SetName,
  TrajectoryConfig,
} from '../domain/types.js';
import { variantKey } from '../domain/variant.js';
import { PREDICTION_COLUMNS, type StoredPrediction } from '../store/schema/predictions.js';
import { type AttemptInfo, CHECKPOINT_NUMBERS } from '../store/schema/rows.js';
import { ETA_LAMBDA_MAX } from './columns.js';
import type { KeptCheckpoint, KeptPredictions } from './kept-sweep.js';
import type { KeptRow } from './row.js';

/** The id is a hash of the configuration, so that neither can be changed alone. */
export function configOf(row: KeptRow, id: string): TrajectoryConfig {
  const text = row.required('config');
  try {
    const config = completeConfig(JSON.parse(text));
    if (trajectoryId(config) === id) return config;
  } catch {
    // As a configuration with another hash.
  }
  return row.refuse('config', `the configuration whose hash is ${id}`);
}

/** What a table repeats of a trajectory, for those who read it alone. */
export function checkShape(row: KeptRow, { datasetSize, width, seed }: TrajectoryConfig): void {
  for (const [name, value] of Object.entries({ dataset_size: datasetSize, width, seed }))
    row.expectValue(name, value, 'the configuration of the trajectory');
}

/**
 * The checkpoints of one trajectory, ascending in t. Each of its rows repeats the dense network.
 *
 * @param trajectory its row of the other table.
 */
export function checkpointsOf(
  rows: readonly KeptRow[],
  trajectory: KeptRow,
  { width }: TrajectoryConfig,
  evaluate: Evaluate,
): KeptCheckpoint[] {
  const etaLambdaMax = trajectory.number(ETA_LAMBDA_MAX) ?? Number.NaN;
  return [...groupBy(rows, row => row.count('pretrain_iterations'))]
    .sort(([a], [b]) => a - b)
    .map(([t, own]) => {
      const source = own[0]!;
      const row = checkpointOf(source, t, etaLambdaMax, evaluate);
      if (row.deadNeurons > width) source.refuse('dead_neurons', `at most ${width}, the width`);
      const seen = new Set<string>();
      const cells = own.map(each => {
        for (const name of CHECKPOINT_NUMBERS)
          if (each.text(name) !== source.text(name))
            each.refuse(name, `${source.text(name) ?? 'none'} as in ${source.place}, of the same checkpoint`);
        const cell = cellOf(each, t, evaluate);
        const key = variantKey(cell);
        if (seen.has(key))
          each.refuse('pretrain_iterations', 'each cell once', `a second row of a cell at t = ${t}`);
        seen.add(key);
        return { row: cell, source: each };
      });
      return { row, source, cells };
    });
}

/** Times are not kept: they say nothing about the results. */
const UNKNOWN_S = Number.NaN;

const checkpointOf = (row: KeptRow, t: number, etaLambdaMax: number, { dense }: Evaluate): CheckpointRow => ({
  t,
  dense: metricsOf(row, 'dense', dense),
  deadNeurons: row.count('dead_neurons'),
  etaLambdaMax,
  gatesChanged: row.number('gates_changed'),
  neuronVariance: row.number('neuron_variance'),
  trainWallS: UNKNOWN_S,
  trainCpuS: null,
});

function cellOf(row: KeptRow, t: number, { subnet }: Evaluate): CellRow {
  const retrainIterations = row.count('retrain_iterations');
  return {
    t,
    // What these may be is for the sweep's own variants to say (read.ts).
    method: row.required('prune_method') as PruneMethod,
    objective: row.text('prune_objective') as Objective | null,
    sampleSize: row.countOrNull('prune_sample_size'),
    subnetSize: row.count('subnet_size'),
    retrainIterations,
    subnet: metricsOf(row, 'subnet', subnet),
    retrained: retrainIterations > 0 ? metricsOf(row, 'retrained', subnet) : null,
    distinctNeurons: row.count('distinct_neurons'),
    activationPasses: null,
    certifiedLoss: row.number('certified_loss'),
    pruneWallS: UNKNOWN_S,
    pruneCpuS: null,
  };
}

/** An accuracy is always finite; a loss that is not is kept as none. */
function metricsOf(row: KeptRow, network: MeasuredNetwork, sets: readonly SetName[]): SetMetrics {
  const columnOf = (set: SetName, quantity: 'loss' | 'accuracy') =>
    METRIC_COLUMNS.find(
      metric => metric.network === network && metric.set === set && metric.quantity === quantity,
    )!.column;
  return Object.fromEntries(
    sets.map((set): [SetName, Metric] => [
      set,
      {
        loss: row.number(columnOf(set, 'loss')) ?? Number.NaN,
        accuracy: row.share(columnOf(set, 'accuracy')),
      },
    ]),
  );
}

export function attemptOf(row: KeptRow): AttemptInfo {
  const dirty = row.countOrNull('git_dirty');
  return {
    host: 'unknown',
    process: 0,
    worker: 'unknown',
    toolVersion: row.required('tool_version'),
    nodeVersion: row.required('node_version'),
    gitRevision: row.text('git_revision'),
    gitDirty: dirty === null ? null : dirty !== 0,
    cpu: row.required('cpu'),
    threads: row.count('threads'),
    kernels: row.text('kernels'),
  };
}

const TEXTS = ['kernel', 'bound_kind', 'reason'];

/** The predictions of one trajectory, by kernel: one row a target, all for the same subnetworks up to the same t. */
export function predictionsOf(rows: readonly KeptRow[]): KeptPredictions[] {
  return Array.from(
    groupBy(rows, row => row.required('kernel')),
    ([kernel, own]) => {
      const first = own[0]!;
      const scope = { kernel, horizon: first.count('horizon'), subnetSize: first.count('subnet_size') };
      const targets = new Set<string>();
      for (const row of own) {
        row.expectValue('horizon', scope.horizon, first.place);
        row.expectValue('subnet_size', scope.subnetSize, first.place);
        const target = row.required('target');
        if (targets.has(target)) row.refuse('target', 'each target of a trajectory once');
        targets.add(target);
      }
      return { scope, rows: own.map(source => ({ source, row: predictionOf(source) })) };
    },
  );
}

const predictionOf = (row: KeptRow): StoredPrediction =>
  Object.fromEntries(
    PREDICTION_COLUMNS.map(name => [name, TEXTS.includes(name) ? row.text(name) : row.number(name)]),
  ) as StoredPrediction;
