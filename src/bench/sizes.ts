/** What is measured, and how large it is. */

export const BENCH_NAMES = [
  'step',
  'step-narrow',
  'step-dense',
  'activations',
  'gram',
  'checkpoint',
  'trajectory',
] as const;
export type BenchName = (typeof BENCH_NAMES)[number];

export interface BenchSizes {
  /** n of all but the trajectory. */
  readonly datasetSize: number;
  /** N of all but `step-narrow` and the trajectory, and N of these. */
  readonly width: number;
  readonly narrowWidth: number;
  readonly batchSize: number;
  /** k. */
  readonly subnetSize: number;
  /** Iterations before the checkpoint. */
  readonly pretrainIterations: number;
  /** Steps that are timed together, so many that all of them have about this many multiply-adds. */
  readonly roundWork: number;
  readonly trajectory: {
    readonly datasetSize: number;
    readonly subnetSize: number;
    readonly checkpoints: readonly number[];
  };
  /** Images of generated digits: the training pool, the test set. */
  readonly pool: number;
  readonly test: number;
  /** Bytes that are read to measure the ceiling: more than caches hold. */
  readonly streamBytes: number;
}

export const FULL: BenchSizes = {
  datasetSize: 10_000,
  width: 10_000,
  narrowWidth: 1000,
  batchSize: 128,
  subnetSize: 200,
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

/** A second or so in all, for a look at whether everything runs. */
export const QUICK: BenchSizes = {
  datasetSize: 300,
  width: 96,
  narrowWidth: 24,
  batchSize: 32,
  subnetSize: 10,
  pretrainIterations: 5,
  roundWork: 2e6,
  trajectory: { datasetSize: 200, subnetSize: 5, checkpoints: [0, 5, 10] },
  pool: 300,
  test: 100,
  streamBytes: 2 ** 24,
};
