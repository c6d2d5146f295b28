/** Rows like those of a sweep with a few sizes: loss falls as 1/(1 + t/n), with a spread over seeds. */
import type { PruneMethod } from '../../src/domain/types.js';
import { type FitReport, type FitRow, fitSweep } from '../../src/fit/index.js';
import type { FigureData } from '../../src/report/figures/figure.js';
import type { CrossingPoint, CurvePoint, Spread } from '../../src/store/read/figure-rows.js';
import type { PredictedPoint } from '../../src/store/read/predictions.js';

export const SIZES = [100, 400, 1600, 6400];
export const TIMES = [0, 5, 20, 80, 320, 1280];
const METHODS: readonly PruneMethod[] = ['greedy', 'random'];

const spread = (mean: number): Spread => ({ mean, low: mean * 0.9, high: mean * 1.1 });
const lossAt = (n: number, t: number): number => 0.5 / (1 + (20 * t) / n);

/** The thresholds are 20, 40, 80, 160 at the four sizes. One seed of the largest size never crosses. */
export const crossings: CrossingPoint[] = SIZES.flatMap((n, i) =>
  [0, 1, 2].map((seed): CrossingPoint => {
    const at = 10 * 2 ** (i + 1) + seed;
    const isRight = i === 3 && seed === 2;
    const common = { n, seed, method: 'greedy' as const, metric: 'subnet_train_loss', target: '<= 0.15' };
    return isRight
      ? { ...common, lower: 1280, upper: null, censoring: 'right' }
      : { ...common, lower: at - 5, upper: at, censoring: 'interval' };
  }),
);

/** A fit of crossings of greedy selection, one row each with `more` of it. */
export const fitCrossings = (
  points: readonly CrossingPoint[],
  more: (point: CrossingPoint) => Partial<FitRow> = () => ({}),
): FitReport =>
  fitSweep(
    {
      sweep: 'made',
      thresholds: [{ metric: 'subnet_train_loss', kind: 'atMost', value: 0.15, primary: true }],
      rows: points.map(({ n, ...row }) => ({
        ...row,
        trajectoryId: `${n}/${row.seed}`,
        datasetSize: n,
        width: 50,
        axes: {},
        objective: 'squared',
        sampleSize: null,
        subnetSize: 10,
        retrainIterations: 0,
        rawUpper: row.upper,
        sustainedUpper: row.upper,
        flagged: false,
        engine: 'wasm',
        numerics: 1,
        checkpoints: TIMES,
        pool: null,
        ...more({ n, ...row }),
      })),
    },
    { bandDraws: 20, simulations: 200 },
  );

const fitted = fitCrossings(crossings);

/** The kernel predicts 25, 50, 100, 200; lambda_0 is exact at the smaller sizes. */
export const predictions: PredictedPoint[] = SIZES.flatMap((n, i) =>
  [0, 1, 2].map(seed => ({
    n,
    seed,
    summed: false,
    target: '<= 0.15',
    predicted: 25 * 2 ** i + seed,
    sharp: 20 * n,
    half: 80 * n,
    isExact: i < 2,
    certified: i < 3 ? 60 * 2 ** i : null,
  })),
);

export function figureData(changes: Partial<FigureData> = {}): FigureData {
  const curve = (network: CurvePoint['network'], factor: number): CurvePoint[] =>
    SIZES.flatMap(n =>
      TIMES.map(t => ({
        n,
        t,
        network,
        seeds: 3,
        loss: spread(factor * lossAt(n, t)),
        accuracy: spread(0.9 - factor * 0.5 * lossAt(n, t)),
      })),
    );
  return {
    slice: {
      sweep: 'made',
      width: 50,
      axes: {},
      objective: 'squared',
      sampleSize: null,
      subnetSize: 10,
      retrainIterations: 0,
    },
    set: 'train',
    curves: [...curve('dense', 1.2), ...curve('greedy', 1), ...curve('random', 1.5)],
    subnetSizes: METHODS.flatMap((method, i) =>
      [0, 80, 1280].flatMap(t =>
        [5, 10, 20].map(k => ({
          n: 6400,
          t,
          k,
          method,
          seeds: 3,
          loss: spread((1 + i) * (lossAt(6400, t) + 1 / k)),
          denseLoss: lossAt(6400, t),
        })),
      ),
    ),
    crossings,
    predictions,
    times: SIZES.map(n => ({
      n,
      trajectories: 3,
      train: n / 10,
      prune: { greedy: n / 20, random: 1 },
      rest: 3,
    })),
    primary: { metric: 'subnet_train_loss', target: '<= 0.15' },
    fit: fitted,
    ...changes,
  };
}
