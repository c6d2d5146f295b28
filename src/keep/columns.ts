/** The columns of kept tables: those of the views of the same names. */
import { CERTIFIED_LOSS, METRIC_COLUMNS, type MeasuredNetwork } from '../domain/metrics.js';
import type { Evaluate } from '../domain/types.js';
import { PREDICTION_COLUMNS } from '../store/schema/predictions.js';
import { CELL_NUMBERS, CHECKPOINT_NUMBERS } from '../store/schema/rows.js';

export interface KeptColumns {
  /** In order. */
  readonly names: readonly string[];
  /** Left out of a file where no row has a value. */
  readonly optional: ReadonlySet<string>;
}

export type KeptTable = 'trajectories' | 'results' | 'thresholds' | 'predictions' | 'provenance';

/** What names a trajectory, first in each table but provenance. */
export const TRAJECTORY = ['trajectory_id', 'dataset_size', 'width', 'seed'];
/** Of a trajectory, although the store has it at each checkpoint. */
export const ETA_LAMBDA_MAX = 'eta_lambda_max';
const VARIANT = ['prune_method', 'prune_objective', 'prune_sample_size', 'subnet_size', 'retrain_iterations'];

/** @param evaluate of the sweep: what other sweeps have measured of its cells is not its own. */
export function keptColumns(evaluate: Evaluate): Readonly<Record<KeptTable, KeptColumns>> {
  const sets = { dense: evaluate.dense, subnet: evaluate.subnet, retrained: evaluate.subnet };
  const columnsOf = (network: MeasuredNetwork, isAsked: boolean): string[] =>
    METRIC_COLUMNS.filter(
      metric => metric.network === network && sets[network].includes(metric.set) === isAsked,
    ).map(({ column }) => column);
  const others = [
    ETA_LAMBDA_MAX,
    ...columnsOf('dense', false),
    ...columnsOf('subnet', false),
    ...columnsOf('retrained', false),
  ];
  const results = [...TRAJECTORY, 'pretrain_iterations', ...VARIANT, ...CHECKPOINT_NUMBERS, ...CELL_NUMBERS];
  const table = (names: readonly string[], optional: readonly string[] = []): KeptColumns => ({
    names,
    optional: new Set(optional),
  });
  return {
    trajectories: table([...TRAJECTORY, 'engine', 'numerics', ETA_LAMBDA_MAX, 'config'], [ETA_LAMBDA_MAX]),
    results: table(
      results.filter(name => !others.includes(name)),
      [
        'prune_objective',
        'prune_sample_size',
        'gates_changed',
        'neuron_variance',
        ...columnsOf('retrained', true),
        CERTIFIED_LOSS.column,
      ],
    ),
    thresholds: table(
      [
        ...TRAJECTORY,
        ...VARIANT,
        'metric',
        'target',
        'lower',
        'upper',
        'censoring',
        'raw_upper',
        'sustained_upper',
        'flagged',
      ],
      ['prune_objective', 'prune_sample_size', 'lower', 'upper', 'raw_upper', 'sustained_upper'],
    ),
    predictions: table(
      [...TRAJECTORY, 'horizon', 'subnet_size', ...PREDICTION_COLUMNS],
      PREDICTION_COLUMNS.filter(name => name !== 'kernel' && name !== 'target'),
    ),
    provenance: table(
      [
        'trajectory_id',
        'tool_version',
        'git_revision',
        'git_dirty',
        'node_version',
        'cpu',
        'kernels',
        'threads',
      ],
      ['git_revision', 'git_dirty', 'kernels'],
    ),
  };
}
