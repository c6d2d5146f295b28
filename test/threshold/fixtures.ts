/** Made-up trajectories and rows of results, as the store returns them. */
import type { CurveRow, ThresholdSpec, TrajectoryConfig, Variant } from '../../src/domain/types.js';
import { DEFAULTS } from '../support/defaults.js';

export function config(changes: Partial<TrajectoryConfig> = {}): TrajectoryConfig {
  return {
    dataset: {
      name: 'digits',
      positive: [5, 6, 7, 8, 9],
      content: 'made-up',
      seed: 0,
      pool: 4000,
      test: 100,
    },
    datasetSize: 100,
    width: 50,
    seed: 0,
    ...DEFAULTS,
    engine: 'wasm',
    numerics: 1,
    ...changes,
  };
}

export const GREEDY: Variant = {
  method: 'greedy',
  objective: 'squared',
  sampleSize: null,
  subnetSize: 20,
  retrainIterations: 0,
};

export const idOf = ({ datasetSize, width, seed, train }: TrajectoryConfig): string =>
  `n${datasetSize}-N${width}-r${seed}-e${train.learningRate}`;

/** The rows of one curve; metrics by column, each a function of t. */
export function curve(
  trajectory: TrajectoryConfig,
  t: readonly number[],
  metrics: Readonly<Record<string, (t: number) => number | null>>,
  variant: Variant = GREEDY,
): CurveRow[] {
  return t.map(time => ({
    trajectoryId: idOf(trajectory),
    config: trajectory,
    ...variant,
    t: time,
    metrics: Object.fromEntries(Object.entries(metrics).map(([column, of]) => [column, of(time)])),
  }));
}

export function spec(
  metric: string,
  kind: ThresholdSpec['kind'],
  value: number | null = null,
  primary = false,
): ThresholdSpec {
  return { metric, kind, value, primary };
}
