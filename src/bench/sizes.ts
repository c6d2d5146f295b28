/** Names of the measurements, and the problem sizes for full and quick runs. */

export const BENCH_NAMES = [
  'step',
  'step-narrow',
  'step-dense',
  'activations',
  'gram',
  'checkpoint',
  'checkpoint-logistic',
  'checkpoint-sampled',
  'trajectory',
] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

export interface BenchSizes {
  /** n of all measurements except `checkpoint-logistic`, `checkpoint-sampled` and `trajectory`. */
  readonly datasetSize: number;
  /** N of all measurements except `step-narrow`, `checkpoint-logistic`, `checkpoint-sampled` and `trajectory`. */
  readonly width: number;
  /** N of `step-narrow` and `trajectory`. */
  readonly narrowWidth: number;
  readonly batchSize: number;
  /** k. */
  readonly subnetSize: number;
  /** n and N of `checkpoint-logistic` and `checkpoint-sampled`. */
  readonly logistic: { readonly datasetSize: number; readonly width: number };
  /** Samples of each pick of `checkpoint-sampled`. */
  readonly sampleSize: number;
  /** Training iterations before the measurements of a checkpoint. */
  readonly pretrainIterations: number;
  /** Multiply-adds of one timed round; sets how many steps are timed together. */
  readonly roundWork: number;
  readonly trajectory: {
    readonly datasetSize: number;
    readonly subnetSize: number;
    readonly checkpoints: readonly number[];
  };
  /** Images of generated digits in the training pool and in the test set. */
  readonly pool: number;
  readonly test: number;
  /** Bytes read to measure the memory ceiling; more than the caches hold. */
  readonly streamBytes: number;
}

export const FULL_SIZES: BenchSizes = {
  datasetSize: 10_000,
  width: 10_000,
  narrowWidth: 1000,
  batchSize: 128,
  subnetSize: 200,
  logistic: { datasetSize: 20_000, width: 5000 },
  sampleSize: 128,
  pretrainIterations: 100,
  roundWork: 8e9,
  trajectory: {
    datasetSize: 5000,
    subnetSize: 100,
    checkpoints: Array.from({ length: 11 }, (_, i) => 50 * i),
  },
  pool: 10_000,
  test: 5000,
  streamBytes: 2 ** 30,
};

/** Takes about a second in all; checks that everything runs. */
export const QUICK_SIZES: BenchSizes = {
  datasetSize: 300,
  width: 96,
  narrowWidth: 24,
  batchSize: 32,
  subnetSize: 10,
  // Wide enough for the basis that spares passes.
  logistic: { datasetSize: 100, width: 800 },
  sampleSize: 16,
  pretrainIterations: 5,
  roundWork: 2e6,
  trajectory: { datasetSize: 200, subnetSize: 5, checkpoints: [0, 5, 10] },
  pool: 300,
  test: 100,
  streamBytes: 2 ** 24,
};
