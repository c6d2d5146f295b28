/** From a sweep file to work that is known to be possible: data found, sizes checked, trajectories expanded. */
import { constants } from 'node:buffer';
import { TooLargeError } from '../base/errors.js';
import { formatBytes, memoryBudget } from '../base/memory.js';
import { type IdentifiedDataset, identifyDataset } from '../data/dataset.js';
import { expandGrid } from '../domain/grid.js';
import { canonicalJson } from '../domain/identity.js';
import { checkAgainstData, type SweepSpec } from '../domain/sweep-file/parse.js';
import type {
  DatasetIdentity,
  DatasetSettings,
  EngineName,
  PlannedTrajectory,
  TrajectoryConfig,
} from '../domain/types.js';
import type { Engine } from '../engine/engine.js';
import { createEngine } from '../engine/index.js';
import { type DataSizes, shapeOf, workerBytes } from '../trajectory/cost.js';
import { imagesKey } from '../trajectory/environment.js';

export interface PreparedSweep {
  readonly spec: SweepSpec;
  readonly engine: Engine;
  readonly trajectories: readonly PlannedTrajectory[];
  /** By imagesKey: what to load, and how large it is. */
  readonly data: ReadonlyMap<
    string,
    { readonly settings: DatasetSettings; readonly identified: IdentifiedDataset }
  >;
  readonly dataDir: string | undefined;
  /** What a run may take, the images included. */
  readonly memoryBytes: number;
  /** All images of all data sets, which the workers share. */
  readonly imageBytes: number;
  sizesOf(trajectory: PlannedTrajectory): DataSizes;
  /** Peak bytes of a worker that runs this trajectory. */
  bytesOf(trajectory: PlannedTrajectory): number;
}

export interface PrepareOptions {
  readonly engine?: EngineName;
  readonly dataDir?: string | undefined;
  /** What a run may take; by default all there is (memory.ts). */
  readonly memoryBytes?: number | undefined;
}

/** Throws InputError, DataError, EngineUnavailableError or TooLargeError, before anything is written or loaded. */
export async function prepareSweep(spec: SweepSpec, options: PrepareOptions = {}): Promise<PreparedSweep> {
  const engine = await createEngine(options.engine ?? 'wasm');
  const { memoryBytes = memoryBudget() } = options;
  const data = new Map<string, { settings: DatasetSettings; identified: IdentifiedDataset }>();
  const known = new Map<string, IdentifiedDataset>();
  const identify = (settings: DatasetSettings): IdentifiedDataset => {
    const key = canonicalJson(settings);
    const identified = known.get(key) ?? identifyDataset(settings, { dataDir: options.dataDir });
    known.set(key, identified);
    data.set(imagesKey(identified.identity), { settings, identified });
    return identified;
  };
  checkAgainstData(spec, identify);
  const trajectories = expandGrid(spec, settings => identify(settings).identity, engine);

  // Trajectories that differ in seed or rates only need the same memory: a long axis of those is measured once.
  const sizes = new WeakMap<DatasetIdentity, Map<string, DataSizes>>();
  const sizesOf = ({ config }: PlannedTrajectory): DataSizes => {
    const known = remembered(sizes, config.dataset, () => new Map<string, DataSizes>());
    const key = `${config.inputs.scaling}/${config.network.bias}`;
    return remembered(known, key, () => measureSizes(config));
  };
  const measureSizes = (config: TrajectoryConfig): DataSizes => {
    const { identified } = data.get(imagesKey(config.dataset))!;
    const { pool, test, pixels, nonZeroShare } = identified;
    const sparse = config.inputs.scaling === 'raw' || config.inputs.scaling === 'unit';
    const bias = config.network.bias ? 1 : 0;
    return {
      pool,
      test,
      columns: pixels + bias,
      entriesPerRow: (sparse ? nonZeroShare * pixels : pixels) + bias,
    };
  };
  for (const { identified } of data.values()) refuseManyImages(identified);
  const imageBytes = [...data.values()].reduce((sum, { identified }) => sum + bytesOfImages(identified), 0);
  const measured = new WeakMap<DataSizes, WeakMap<PlannedTrajectory['checkpoints'], Map<string, number>>>();
  const bytesOf = (trajectory: PlannedTrajectory): number => {
    const { checkpoints, config } = trajectory;
    const sizes = sizesOf(trajectory);
    const ofSizes = remembered(measured, sizes, () => new WeakMap());
    const alike = remembered(ofSizes, checkpoints, () => new Map<string, number>());
    const { batchSize, momentum } = config.train;
    return remembered(alike, `${config.datasetSize}/${config.width}/${batchSize}/${momentum > 0}`, () => {
      const bytes = workerBytes(trajectory, spec.evaluate, engine, sizes);
      refuseTooLarge(trajectory, engine, sizes, { bytes, imageBytes, memoryBytes });
      return bytes;
    });
  };
  for (const trajectory of trajectories) bytesOf(trajectory);
  const { dataDir } = options;
  return { spec, engine, trajectories, data, dataDir, memoryBytes, imageBytes, sizesOf, bytesOf };
}

/** The value of a key, made where there is none yet. */
function remembered<K, V>(
  known: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}

const bytesOfImages = ({ pool, test, pixels }: IdentifiedDataset): number => (pool + test) * pixels;

/** The images of each split are one array. */
function refuseManyImages({ identity, pool, test, pixels }: IdentifiedDataset): void {
  const most = Math.floor(constants.MAX_LENGTH / pixels);
  if (Math.max(pool, test) <= most) return;
  const which = pool > most ? `dataset.pool ${pool}` : `dataset.test ${test}`;
  throw new TooLargeError(`${which} of ${identity.name} does not fit in one array, expected at most ${most}`);
}

function refuseTooLarge(
  trajectory: PlannedTrajectory,
  engine: Engine,
  sizes: DataSizes,
  { bytes, imageBytes, memoryBytes }: { bytes: number; imageBytes: number; memoryBytes: number },
): void {
  const { datasetSize, width } = trajectory.config;
  const which = `datasetSize ${datasetSize} with width ${width}`;
  const needed = engine.memoryBytes(shapeOf(trajectory, sizes));
  if (needed === Infinity) {
    throw new TooLargeError(
      `datasetSize ${datasetSize} is more than the ${engine.name} engine can hold: make it smaller`,
    );
  }
  if (needed > engine.memoryLimitBytes) {
    throw new TooLargeError(
      `${which} needs ${formatBytes(needed)} in the ${engine.name} engine, expected at most ` +
        `${formatBytes(engine.memoryLimitBytes)}: make one of the two smaller`,
    );
  }
  if (imageBytes + bytes > memoryBytes) {
    throw new TooLargeError(
      `${which} needs ${formatBytes(bytes)} of memory and its images ${formatBytes(imageBytes)}, ` +
        `expected at most the ${formatBytes(memoryBytes)} that a run may take here: make one of the two smaller`,
    );
  }
}
