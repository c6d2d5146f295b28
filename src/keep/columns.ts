/** The columns of kept tables: those of the views of the same names. */
import { CERTIFIED_LOSS, METRIC_COLUMNS, type MeasuredNetwork } from '../domain/metrics.js';
import type { SweepSpec } from '../domain/sweep-spec.js';
import type { Variant } from '../domain/types.js';
import { PREDICTION_COLUMNS } from '../store/schema/predictions.js';
import { CELL_NUMBERS, CHECKPOINT_NUMBERS } from '../store/schema/rows.js';
import { variantsOf } from './plan.js';

export interface KeptColumns {
  /** In order. */
  readonly names: readonly string[];
  /** Left out of a file where no row has a value. */
  readonly optional: ReadonlySet<string>;
  /** What the sweep's definition says of every row, left out of the file. */
  readonly constant: ReadonlyMap<string, string>;
}

export type KeptTable = 'trajectories' | 'results' | 'thresholds' | 'predictions' | 'provenance';

/** What names a trajectory, first in each table but provenance. */
export const TRAJECTORY = ['trajectory_id', 'dataset_size', 'width', 'seed'];
/** Of a trajectory, although the store has it at each checkpoint. */
export const ETA_LAMBDA_MAX = 'eta_lambda_max';
const VARIANT_FIELDS: Readonly<Record<string, keyof Variant>> = {
  prune_method: 'method',
  prune_objective: 'objective',
  prune_sample_size: 'sampleSize',
  subnet_size: 'subnetSize',
  retrain_iterations: 'retrainIterations',
};
const VARIANT = Object.keys(VARIANT_FIELDS);

/** Those of one sweep: what other sweeps have measured of its cells is not its own. */
export function keptColumns(spec: SweepSpec): Readonly<Record<KeptTable, KeptColumns>> {
  const { evaluate } = spec;
  const variant = oneVariant(spec);
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
  const table = (
    names: readonly string[],
    optional: readonly string[] = [],
    constant: KeptColumns['constant'] = new Map(),
  ): KeptColumns => ({ names, optional: new Set(optional), constant });
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
      variant,
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
      variant,
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

/** The columns of the variant that are the same for all variants of a sweep. */
function oneVariant(spec: SweepSpec): ReadonlyMap<string, string> {
  const variants = variantsOf(spec);
  return new Map(
    Object.entries(VARIANT_FIELDS).flatMap(([column, field]): [string, string][] => {
      const values = new Set(variants.map(variant => variant[field]));
      return values.size === 1 ? [[column, String([...values][0] ?? '')]] : [];
    }),
  );
}
