/** A database of curves with known thresholds, as a run leaves it. */
import type { SetMetrics, ThresholdSpec, Variant } from '../../src/domain/types.js';
import { normals, stream } from '../../src/math/random.js';
import type { Store } from '../../src/store/write/store.js';
import { ATTEMPT, config, greedy, planned, sweep } from '../store/fixtures.js';

export const GRID = [0];
for (let t = 5; t < 3000; t = Math.max(t + 1, Math.round(t * 1.12))) GRID.push(t);
export const SIZES = [250, 500, 1000, 2000, 4000, 8000, 16000, 32000];

export interface Truth {
  readonly mu: (n: number) => number;
  readonly sizes?: readonly number[];
  readonly seeds?: number;
  readonly sigma?: number;
  readonly checkpoints?: readonly number[];
  readonly thresholds?: readonly ThresholdSpec[];
  readonly variants?: readonly Variant[];
}

export const LOSS: ThresholdSpec = {
  metric: 'subnet_train_loss',
  kind: 'atMost',
  value: 0.15,
  primary: true,
};
export const DENSE: ThresholdSpec = { ...LOSS, metric: 'dense_train_loss', primary: false };

/** Saves a sweep and its curves: loss falls as 1 / t and reaches 0.15 at t*, the dense network's at 0.8 t*. */
export function fill(store: Store, name: string, truth: Truth): void {
  const {
    mu,
    sizes = SIZES,
    seeds = 10,
    sigma = 0.1,
    checkpoints = GRID,
    thresholds = [LOSS, DENSE],
    variants = [greedy(10), greedy(20)],
  } = truth;
  const plans = sizes.flatMap(n =>
    Array.from({ length: seeds }, (_, seed) => {
      const settings = { ...config(n, seed), dataset: { ...config(n, seed).dataset, pool: 1_000_000 } };
      return planned(`${name}-${n}-${seed}`, checkpoints, variants, settings);
    }),
  );
  const evaluate = { dense: ['train'], subnet: ['train'] } as const;
  store.saveSweep(sweep(name, { thresholds, evaluate }), plans);
  for (const plan of plans) {
    const { datasetSize, seed } = plan.config;
    const normal = normals(stream(seed, name, datasetSize));
    const ends = variants.map(() => mu(datasetSize) * Math.exp(sigma * normal()));
    const at = (end: number, t: number): SetMetrics => ({
      train: { loss: t === 0 ? 0.5 : Math.min(0.5, (0.15 * end) / t), accuracy: 0.9 },
    });
    store.started(plan.id, ATTEMPT);
    for (const t of checkpoints) {
      const row = {
        t,
        dense: at(0.8 * ends[0]!, t),
        deadNeurons: 0,
        etaLambdaMax: 0.5,
        gatesChanged: null,
        neuronVariance: null,
        trainWallS: 1,
        trainCpuS: 1,
      };
      const cells = variants.map((variant, k) => ({
        ...variant,
        t,
        subnet: at(ends[k]!, t),
        retrained: null,
        distinctNeurons: 5,
        activationPasses: 1,
        certifiedLoss: null,
        pruneWallS: 1,
        pruneCpuS: 1,
      }));
      void store.rows(plan.id, row, cells);
    }
    void store.finished(plan.id, { kind: 'done', trainWallS: 1, trainCpuS: 1 });
  }
  store.flush();
}

export const logarithm = (n: number): number => 100 * (1 + 0.4 * Math.log(n / 250));
