/** Turns a sweep file into work that is known to be possible: finds data, expands trajectories, checks sizes. */
import { constants } from 'node:buffer';
import { lastThatHolds } from '../base/bisect.js';
import { TooLargeError } from '../base/errors.js';
import { memoryBudget } from '../base/memory.js';
import { formatBytes } from '../base/units.js';
import { type IdentifiedDataset, identifyDataset } from '../data/dataset.js';
import { inputSizes } from '../data/inputs.js';
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
import type { Engine, Shape } from '../engine/engine.js';
import { createEngine } from '../engine/index.js';
import { type DataSizes, shapeOf, workerMemory } from '../trajectory/cost.js';
import { imagesKey } from '../trajectory/environment.js';

/** A sweep that has been checked and can be run. */
export interface PreparedSweep {
  readonly spec: SweepSpec;
  readonly engine: Engine;
  readonly trajectories: readonly PlannedTrajectory[];
  /** Data sets to load and their sizes, by the key that `RunOptions.executor` gets them with. */
  readonly data: ReadonlyMap<
    string,
    { readonly settings: DatasetSettings; readonly identified: IdentifiedDataset }
  >;
  /** The folder that is searched for data files before the others. */
  readonly dataDir: string | undefined;
  /** Bytes that the run may take, images included. */
  readonly memoryBytes: number;
  /** Bytes of the images of all data sets. Workers share them. */
  readonly imageBytes: number;
  /** @internal */
  sizesOf(trajectory: PlannedTrajectory): DataSizes;
  /** Peak bytes of a worker that runs this trajectory. */
  bytesOf(trajectory: PlannedTrajectory): number;
  /** How many states such a worker may keep, where the trajectory's checkpoints are refined. */
  keptStatesOf(trajectory: PlannedTrajectory): number;
}

/** How a sweep is prepared. */
export interface PrepareOptions {
  /** The name of an engine, or an engine of your own; default: wasm. */
  readonly engine?: EngineName | Engine;
  /** The folder that is searched for data files before the others. */
  readonly dataDir?: string | undefined;
  /** Bytes that the run may take; default: the memory budget of this machine (base/memory.ts). */
  readonly memoryBytes?: number | undefined;
}

/**
 * Turns a sweep into work: finds its data, expands its trajectories, and checks everything before anything is written or
 * loaded.
 *
 * @example
 * const prepared = await prepareSweep(readSweep('my.yaml'), { engine: 'wasm', dataDir: 'data' });
 *
 * @throws InputError (BAD_INPUT), DataError (DATA_MISSING, DATA_CORRUPT), EngineUnavailableError
 *   (ENGINE_UNAVAILABLE), TooLargeError (TOO_LARGE)
 */
export async function prepareSweep(spec: SweepSpec, options: PrepareOptions = {}): Promise<PreparedSweep> {
  const { engine: wanted = 'wasm' } = options;
  const engine = typeof wanted === 'string' ? await createEngine(wanted) : wanted;
  const { memoryBytes = memoryBudget() } = options;
  const data = new Map<string, { settings: DatasetSettings; identified: IdentifiedDataset }>();
  const identifiedBySettings = new Map<string, IdentifiedDataset>();
  const identify = (settings: DatasetSettings): IdentifiedDataset => {
    const key = canonicalJson(settings);
    const identified =
      identifiedBySettings.get(key) ?? identifyDataset(settings, { dataDir: options.dataDir });
    identifiedBySettings.set(key, identified);
    data.set(imagesKey(identified.identity), { settings, identified });
    return identified;
  };
  checkAgainstData(spec, identify);
  const trajectories = expandGrid(spec, settings => identify(settings).identity, engine);

  // Sizes are cached: trajectories that differ only in seed or rates need the same memory.
  const sizes = new WeakMap<DatasetIdentity, Map<string, DataSizes>>();
  const sizesOf = ({ config }: PlannedTrajectory): DataSizes => {
    const ofDataset = getOrCreate(sizes, config.dataset, () => new Map<string, DataSizes>());
    const key = `${config.inputs.scaling}/${config.network.bias}`;
    return getOrCreate(ofDataset, key, () => measureSizes(config));
  };
  const measureSizes = (config: TrajectoryConfig): DataSizes => {
    const { identified } = data.get(imagesKey(config.dataset))!;
    const { pool, test, pixels, nonZeroShare } = identified;
    const { inputs, network } = config;
    return { pool, test, ...inputSizes(inputs.scaling, network.bias, pixels, () => nonZeroShare * pixels) };
  };
  for (const { identified } of data.values()) refuseManyImages(identified);
  const imageBytes = [...data.values()].reduce((sum, { identified }) => sum + bytesOfImages(identified), 0);
  const bytesBySizes = new WeakMap<
    DataSizes,
    WeakMap<PlannedTrajectory['checkpoints'], Map<string, ReturnType<typeof workerMemory>>>
  >();
  const memoryOf = (trajectory: PlannedTrajectory): ReturnType<typeof workerMemory> => {
    const { checkpoints, config } = trajectory;
    const sizes = sizesOf(trajectory);
    const ofSizes = getOrCreate(bytesBySizes, sizes, () => new WeakMap());
    const byShape = getOrCreate(
      ofSizes,
      checkpoints,
      () => new Map<string, ReturnType<typeof workerMemory>>(),
    );
    const { batchSize, momentum } = config.train;
    return getOrCreate(byShape, `${config.datasetSize}/${config.width}/${batchSize}/${momentum > 0}`, () => {
      const memory = workerMemory(trajectory, spec.evaluate, engine, sizes, memoryBytes - imageBytes);
      const { bytes } = memory;
      refuseTooLarge(trajectory, engine, sizes, { bytes, imageBytes, memoryBytes });
      return memory;
    });
  };
  const bytesOf = (trajectory: PlannedTrajectory): number => memoryOf(trajectory).bytes;
  const keptStatesOf = (trajectory: PlannedTrajectory): number => memoryOf(trajectory).keptStates;
  for (const trajectory of trajectories) bytesOf(trajectory);
  const { dataDir } = options;
  return {
    spec,
    engine,
    trajectories,
    data,
    dataDir,
    memoryBytes,
    imageBytes,
    sizesOf,
    bytesOf,
    keptStatesOf,
  };
}

/** Returns the value of a key, creating it if there is none. */
function getOrCreate<K, V>(
  cache: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const found = cache.get(key);
  if (found !== undefined) return found;
  const created = make();
  cache.set(key, created);
  return created;
}

const bytesOfImages = ({ pool, test, pixels }: IdentifiedDataset): number => (pool + test) * pixels;

/** Refuses splits that exceed the longest Buffer, because the images of a split are one array. */
function refuseManyImages({ identity, pool, test, pixels }: IdentifiedDataset): void {
  const limit = Math.floor(constants.MAX_LENGTH / pixels);
  if (Math.max(pool, test) <= limit) return;
  const which = pool > limit ? `dataset.pool ${pool}` : `dataset.test ${test}`;
  throw new TooLargeError(
    `${which} of ${identity.name} does not fit in one array, expected at most ${limit}`,
  );
}

/** By how much the mean row of a sub-data-set may exceed the estimate: over four standard errors of it. */
const MORE_ENTRIES = 1.02;

function refuseTooLarge(
  trajectory: PlannedTrajectory,
  engine: Engine,
  sizes: DataSizes,
  { bytes, imageBytes, memoryBytes }: { bytes: number; imageBytes: number; memoryBytes: number },
): void {
  const { datasetSize, width } = trajectory.config;
  const which = `datasetSize ${datasetSize} with width ${width}`;
  // Samples are not yet drawn: the engine must hold those that have more entries than the images looked at.
  const most = sizes.columns + (sizes.shifted ? 1 : 0);
  const entriesPerRow = Math.min(most, MORE_ENTRIES * sizes.entriesPerRow);
  const shape = shapeOf(trajectory, { ...sizes, entriesPerRow });
  const needed = engine.memoryBytes(shape);
  if (needed === Infinity) {
    throw new TooLargeError(
      `datasetSize ${datasetSize} is more than the ${engine.name} engine can hold, ` +
        `expected at most ${largestDatasetSize(engine, shape)} of these data`,
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

/** The largest n that the engine can hold, where it cannot hold this one. */
const largestDatasetSize = (engine: Engine, shape: Shape): number =>
  lastThatHolds(
    0,
    shape.datasetSize,
    datasetSize => engine.memoryBytes({ ...shape, datasetSize }) < Infinity,
  );
