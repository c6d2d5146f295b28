/** From a sweep file to work that is known to be possible: data found, sizes checked, trajectories expanded. */
import { constants } from 'node:buffer';
import { type IdentifiedDataset, identifyDataset } from './data/dataset.js';
import type { DatasetSettings, EngineName, PlannedTrajectory } from './domain/config.js';
import { expandGrid } from './domain/grid.js';
import { canonicalJson } from './domain/identity.js';
import { checkAgainstData, type SweepSpec } from './domain/spec.js';
import type { Engine } from './engine/engine.js';
import { createEngine } from './engine/index.js';
import { TooLargeError } from './errors.js';
import { formatBytes, memoryBudget } from './memory.js';
import { type DataSizes, shapeOf, workerBytes } from './run/cost.js';
import { imagesKey } from './run/world.js';

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

  const sizesOf = ({ config }: PlannedTrajectory): DataSizes => {
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
  // Trajectories that differ in seed or rates only need the same memory: a long axis of those is measured once.
  const measured = new Map<PlannedTrajectory['checkpoints'], Map<string, number>>();
  const bytesOf = (trajectory: PlannedTrajectory): number => {
    const sizes = sizesOf(trajectory);
    const alike = measured.get(trajectory.checkpoints) ?? new Map<string, number>();
    measured.set(trajectory.checkpoints, alike);
    const key = JSON.stringify([shapeOf(trajectory, sizes), sizes]);
    const known = alike.get(key);
    if (known !== undefined) return known;
    const bytes = workerBytes(trajectory, spec.evaluate, engine, sizes);
    refuseTooLarge(trajectory, engine, sizes, { bytes, imageBytes, memoryBytes });
    alike.set(key, bytes);
    return bytes;
  };
  for (const trajectory of trajectories) bytesOf(trajectory);
  const { dataDir } = options;
  return { spec, engine, trajectories, data, dataDir, memoryBytes, imageBytes, sizesOf, bytesOf };
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
