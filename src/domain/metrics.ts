/** The metrics of a network: columns of the view `results`, and the metrics that thresholds may use. */
import { SET_NAMES, type SetName } from './types.js';

/** The dense network, the subnetwork as selected, and the subnetwork after re-training. */
export type MeasuredNetwork = 'dense' | 'subnet' | 'retrained';
export const MEASURED_NETWORKS: readonly MeasuredNetwork[] = ['dense', 'subnet', 'retrained'];

export interface MetricInfo {
  /** The name in `thresholds`, e.g. `subnet_train_loss`, `subnet_train_loss_sum`. */
  readonly name: string;
  /** The column of the view `results` that the metric is computed from; for a sum, the column of the mean. */
  readonly column: string;
  readonly network: MeasuredNetwork;
  readonly set: SetName;
  readonly quantity: 'loss' | 'accuracy';
  /** n times the mean over samples, where n is the trajectory's data set size. */
  readonly summed: boolean;
  readonly better: 'lower' | 'higher';
  readonly unit: string;
}

const UNITS = {
  loss: 'mean over samples',
  accuracy: 'share of samples, 0 to 1',
  loss_sum: 'n times the mean',
};

function metric(network: MeasuredNetwork, set: SetName, measure: keyof typeof UNITS): MetricInfo {
  const quantity = measure === 'accuracy' ? 'accuracy' : 'loss';
  return Object.freeze({
    name: `${network}_${set}_${measure}`,
    column: `${network}_${set}_${quantity}`,
    network,
    set,
    quantity,
    summed: measure === 'loss_sum',
    better: quantity === 'loss' ? 'lower' : 'higher',
    unit: UNITS[measure],
  });
}

const perNetworkAndSet = (measures: readonly (keyof typeof UNITS)[]): readonly MetricInfo[] =>
  MEASURED_NETWORKS.flatMap(network =>
    SET_NAMES.flatMap(set => measures.map(measure => metric(network, set, measure))),
  );

/** The metric columns of the view `results`, in column order. */
export const METRIC_COLUMNS: readonly MetricInfo[] = perNetworkAndSet(['loss', 'accuracy']);

/** What greedy selection on the squared loss is certain to reach (science.md); a column of cells of its own. */
export const CERTIFIED_LOSS: MetricInfo = Object.freeze({
  name: 'certified_loss',
  column: 'certified_loss',
  network: 'subnet',
  set: 'train',
  quantity: 'loss',
  summed: false,
  better: 'lower',
  unit: 'mean over samples',
});

/** The metrics that a threshold may use: the columns and the summed losses. */
export const THRESHOLD_METRICS: readonly MetricInfo[] = [
  ...perNetworkAndSet(['loss', 'accuracy', 'loss_sum']),
  CERTIFIED_LOSS,
];

const byName = new Map(THRESHOLD_METRICS.map(info => [info.name, info]));

export const findMetric = (name: string): MetricInfo | undefined => byName.get(name);

/** The metric of this name, if a kernel predicts it: the training loss of the dense network or the subnetwork, or its sum. */
export function predictableMetric(name: string): MetricInfo | null {
  const info = findMetric(name);
  if (!info || info === CERTIFIED_LOSS) return null;
  return info.network !== 'retrained' && info.set === 'train' && info.quantity === 'loss' ? info : null;
}
