/** Documents the relations that users may query, columns in order. `espalier query DB --views` prints it. */
import { METRIC_COLUMNS, type MeasuredNetwork, type MetricInfo } from '../../domain/metrics.js';
import { type ColumnInfo, columns, ORIGIN, type RelationInfo, SWEEP, TARGET } from './column-info.js';
import { FITS, VERDICTS } from './fit-columns.js';
import { PREDICTIONS } from './prediction-columns.js';

const NETWORKS: Readonly<Record<MeasuredNetwork, string>> = {
  dense: 'the dense network',
  subnet: 'the subnetwork as selected',
  retrained: 'the subnetwork after re-training',
};
const SETS = { train: 'its n training samples', pool: 'the whole training pool', test: 'the test set' };

const metricColumn = ({ column, network, set, quantity, unit }: MetricInfo): ColumnInfo => ({
  name: column,
  meaning: `${quantity} of ${NETWORKS[network]} on ${SETS[set]}: ${unit}; NULL where not asked for`,
});

const DATA = columns(
  ['dataset', 'name of the data set'],
  ['task', 'labels that count as +1, e.g. 5,6,7,8,9'],
);
const SHAPE = columns(
  ['dataset_size', 'n, the number of training samples'],
  ['width', 'N, the hidden neurons of the dense network'],
);
const SEED = columns(['seed', 'what initial weights, choice of samples and batch order come from']);

const RESULTS: RelationInfo = {
  name: 'results',
  type: 'view',
  meaning: 'one row for each sweep and finished cell: a network at a checkpoint, pruned to one size',
  columns: [
    ...SWEEP,
    ...columns(['trajectory_id', 'which training run: the id in trajectories']),
    ...DATA,
    ...SHAPE,
    ...SEED,
    ...columns(
      ['pretrain_iterations', 't, the checkpoint: iterations of gradient descent before pruning'],
      ['prune_method', 'greedy, random or magnitude'],
      ['prune_objective', 'what greedy selection minimises: squared, logistic or brier; NULL for the others'],
      ['subnet_size', 'k, the number of picks (a neuron may be picked again)'],
      ['retrain_iterations', 'iterations of re-training after pruning, 0 for none'],
    ),
    ...METRIC_COLUMNS.map(metricColumn),
    ...columns(
      ['distinct_neurons', 'different neurons among the k picks'],
      ['activation_passes', 'passes over the activations that greedy selection took; NULL for the others'],
      ['dead_neurons', 'neurons of the dense network that are silent on all n samples'],
      [
        'eta_lambda_max',
        'learning rate times the largest eigenvalue of the kernel at t = 0; unstable above 2',
      ],
      ['prune_wall_s', 'seconds of pruning'],
      ['prune_cpu_s', 'CPU seconds of pruning; NULL where the platform cannot tell'],
      ['finished_at', 'when the cell was recorded (ISO 8601, UTC)'],
    ),
    ...ORIGIN,
    ...columns(
      ['config', "every setting that changes the numbers, as JSON: config ->> '$.train.learningRate'"],
      [
        'gates_changed',
        "share of the signs of sigma'(a . x) that differ from t = 0, over all neurons and the first 4,096 samples at most; NULL without relu, and in rows of earlier versions",
      ],
      [
        'neuron_variance',
        "V / n, the mean over samples of the variance of the neurons' outputs; NULL in rows of earlier versions",
      ],
      [
        'certified_loss',
        'what greedy selection cannot exceed, by its certificate; NULL unless selection and training use the squared loss on all n samples, and in rows of earlier versions',
      ],
      [
        'prune_sample_size',
        'samples that each pick of greedy selection looks at, all n where they are fewer; NULL for all n',
      ],
    ),
  ],
};

const THRESHOLDS: RelationInfo = {
  name: 'thresholds',
  type: 'view',
  meaning: 'one row for each sweep, curve of a finished trajectory, and target: where the curve meets it',
  columns: [
    ...SWEEP,
    ...columns(['trajectory_id', 'which training run']),
    ...SHAPE,
    ...SEED,
    ...columns(
      ['axes', "the sweep's other axes as JSON"],
      ['prune_method', 'greedy, random or magnitude'],
      ['subnet_size', 'k'],
    ),
    ...TARGET,
    ...columns(
      ['lower', 'the last checkpoint before the target is met: t* > lower; 0 where left-censored'],
      ['upper', 'the first checkpoint that meets it: t* <= upper; NULL where it is not met'],
      [
        'censoring',
        'interval: lower < t* <= upper; left: met at or before the first checkpoint; right: not met by the last; ' +
          'unreachable: not met, and the curve is flat',
      ],
      ['raw_upper', 'the first checkpoint at which the raw curve meets the target; NULL for none'],
      ['sustained_upper', 'the first checkpoint from which on it always does; NULL for none'],
      ['flagged', '1 where those two are more than two checkpoints (of the fine sequence, if refined) apart'],
    ),
    ...ORIGIN,
  ],
};

const PROGRESS: RelationInfo = {
  name: 'progress',
  type: 'view',
  meaning: 'one row for each sweep',
  columns: [
    ...SWEEP,
    ...columns(
      ['trajectories', 'training runs that the sweep asks for'],
      ['trajectories_done', 'of those, with all cells finished'],
      ['trajectories_failed', 'of those, failed and lacking cells'],
      ['cells', 'cells that the sweep asks for; where it refines checkpoints, those that are known so far'],
      ['cells_done', 'of those, finished'],
      ['description', 'what the sweep file says about the sweep; NULL where it says nothing'],
    ),
  ],
};

const MEMBER_PROGRESS: RelationInfo = {
  name: 'member_progress',
  type: 'view',
  meaning: 'one row for each sweep and trajectory, by their keys inside the database',
  columns: columns(
    ['sweep', 'key of the sweep'],
    ['trajectory', 'key of the trajectory'],
    ['cells', 'cells that the sweep asks of it, those that are known so far'],
    ['cells_done', 'of those, finished'],
  ),
};

const TRAJECTORIES: RelationInfo = {
  name: 'trajectories',
  type: 'table',
  meaning: 'one row for each training run that any sweep has asked for',
  columns: [
    ...columns(['id', 'hash of everything that changes its numbers']),
    ...DATA,
    ...SHAPE,
    ...SEED,
    ...columns(
      ['config', 'every setting that changes the numbers, as JSON'],
      ['status', 'pending, running, done or failed'],
      ['attempts', 'how often it was started'],
      ['error_code', 'why it failed last, e.g. DIVERGED; NULL unless failed'],
      ['error', 'the same in words'],
      ['worker', 'who computed it last: host/process/lane'],
      ['started_at', 'start of the last attempt (ISO 8601, UTC)'],
      ['finished_at', 'its end; NULL unless done or failed'],
      ['train_wall_s', 'seconds of training, all attempts together'],
      ['train_cpu_s', 'CPU seconds of training; NULL where the platform cannot tell'],
    ),
    ...ORIGIN,
  ],
};

const ATTEMPTS: RelationInfo = {
  name: 'attempts',
  type: 'table',
  meaning: 'one row for each start of a trajectory',
  columns: [
    ...columns(
      ['id', 'counts up'],
      ['trajectory_id', 'which training run'],
      ['started_at', 'ISO 8601, UTC'],
      ['ended_at', 'ISO 8601, UTC; NULL while it runs'],
      ['outcome', 'done, failed, stopped on request, or lost with its process; NULL while it runs'],
      ['host', 'the machine'],
      ['process', 'process id of the run'],
      ['worker', 'host/process/lane'],
      ['tool_version', 'of espalier'],
      ['node_version', 'of Node'],
      ['git_revision', 'of the program; NULL outside a repository'],
      ['git_dirty', '1 where the working tree differed from it'],
      ['cpu', "the processor's name"],
      ['threads', 'trajectories at once'],
    ),
    ...ORIGIN,
    ...columns(
      ['error_code', 'NULL unless failed'],
      ['error', 'the same in words'],
      ['stack', 'where in the program'],
      [
        'kernels',
        'what ran the hot loops: wasm, native-128, native-256 or native-512; of webgpu the backend, adapter and driver; NULL for other engines',
      ],
    ),
  ],
};

/** Views first. Tables that are not listed are internal and may change. */
export const RELATIONS: readonly RelationInfo[] = [
  RESULTS,
  THRESHOLDS,
  FITS,
  VERDICTS,
  PREDICTIONS,
  PROGRESS,
  MEMBER_PROGRESS,
  TRAJECTORIES,
  ATTEMPTS,
];
