/** What a prediction costs, for `plan`. No stored result depends on it. */
import type { InputSizes } from '../data/inputs.js';
import type { TrajectoryConfig } from '../domain/types.js';
import { WORKER_BASE_BYTES } from '../trajectory/cost.js';
import { EXACT_SIZE, kernelBytes, LOGISTIC_SIZE, methodOf, whyNot } from './choose-kernel.js';
import type { KernelKind } from './kernel.js';

/** Products with the kernel that a bracket takes, on MNIST: 7 to 25 for targets from easy to hard. */
const PRODUCTS = 25;
/** Operations a second, as measured on one core of 2 GHz or so: sums out of sparse rows, of tiles, and in plain code. */
const RATES = { sparse: 8e9, tiles: 3e9, plain: 1.2e9 };

export interface PredictionCost {
  readonly seconds: number;
  /** Of these, for lambda_0. */
  readonly lambda0Seconds: number;
  /** Peak bytes of a worker, without the shared images. */
  readonly bytes: number;
}

/** The cost of one trajectory; nothing but the worker where there is no prediction. */
export function predictionCost(
  config: TrajectoryConfig,
  kind: KernelKind,
  sizes: InputSizes,
  lastIteration: number,
): PredictionCost {
  if (whyNot(config, kind) !== null) return { seconds: 0, lambda0Seconds: 0, bytes: WORKER_BASE_BYTES };
  const { datasetSize: n, width, network, train } = config;
  const { columns } = sizes;
  // Kernels take shifted inputs with all columns stored.
  const entriesPerRow = sizes.shifted ? columns : sizes.entriesPerRow;
  const method = methodOf(n, { kind, activation: network.activation, layers: train.layers });
  const products = train.loss === 'logistic' && n <= LOGISTIC_SIZE ? 2 * lastIteration + PRODUCTS : PRODUCTS;
  const small = Math.min(n, EXACT_SIZE);
  const reference =
    (small * small * (entriesPerRow + width / 32) + 2 * small * width * entriesPerRow) / RATES.plain;
  const seconds = {
    reference: reference + (2 * n * n * products) / RATES.plain,
    tiled:
      (n * n * entriesPerRow + 2 * n * width * entriesPerRow) / RATES.sparse +
      (n * n * (width / 64 + (kind === 'infinite' ? 20 : 0)) + 2 * n * n * products) / RATES.tiles,
    'matrix-free': (4 * n * width * entriesPerRow * (products + 2)) / RATES.sparse,
  }[method];
  const factors = method === 'reference' ? 2 : 1;
  const lambda0Seconds =
    (factors * small * small * small) / 3 / RATES.plain + (method === 'reference' ? 0 : reference);
  return {
    seconds: seconds + lambda0Seconds,
    lambda0Seconds,
    bytes: WORKER_BASE_BYTES + kernelBytes(config, kind, columns, entriesPerRow),
  };
}
