/** A data set and tasks small enough that a trajectory takes milliseconds with any engine. */
import type { Dataset, ImageSet } from '../../src/data/dataset.js';
import type { ExecutorEvent, TrajectoryTask } from '../../src/domain/messages.js';
import type { EngineName, TrajectoryConfig, Variant } from '../../src/domain/types.js';
import { NUMERICS } from '../../src/engine/numerics.js';
import { stream } from '../../src/math/random.js';
import { imagesKey } from '../../src/trajectory/environment.js';
import { DEFAULTS } from './defaults.js';

const PIXELS = 20;

/** Images that are brighter in the left or right half, by their label. About half of the pixels are black. */
function images(count: number, name: string): ImageSet {
  const next = stream(0, 'tiny', name);
  const bytes = new Uint8Array(new SharedArrayBuffer(count * PIXELS));
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  for (let i = 0; i < count; i++) {
    labels[i] = Math.floor(next() * 10);
    for (let c = 0; c < PIXELS; c++) {
      const bright = c < PIXELS / 2 === labels[i]! >= 5 ? 0.7 : 0.35;
      bytes[i * PIXELS + c] = next() < bright ? 1 + Math.floor(next() * 255) : 0;
    }
  }
  return { count, pixels: PIXELS, images: bytes, labels };
}

export const tinyDataset: Dataset = {
  name: 'idx',
  content: 'tiny',
  pool: images(120, 'pool'),
  test: images(60, 'test'),
};

export const greedy: Variant = {
  method: 'greedy',
  objective: 'squared',
  sampleSize: null,
  subnetSize: 5,
  retrainIterations: 0,
};

export function tinyConfig(engine: EngineName, overrides: Partial<TrajectoryConfig> = {}): TrajectoryConfig {
  return {
    dataset: { name: 'idx', positive: [5, 6, 7, 8, 9], content: 'tiny' },
    datasetSize: 50,
    width: 30,
    seed: 0,
    ...DEFAULTS,
    train: { ...DEFAULTS.train, batchSize: 8 },
    engine,
    numerics: NUMERICS[engine]!,
    ...overrides,
  };
}

export const tinyDatasets = new Map([[imagesKey(tinyConfig('reference').dataset), tinyDataset]]);

export function tinyTask(
  engine: EngineName,
  options: { config?: Partial<TrajectoryConfig>; checkpoints?: number[]; variants?: Variant[] } = {},
): TrajectoryTask {
  const { checkpoints = [0, 5, 20], variants = [greedy] } = options;
  return {
    id: 'aaaa',
    config: tinyConfig(engine, options.config),
    checkpoints: checkpoints.map(t => ({ t, variants })),
    evaluate: { dense: ['train', 'pool', 'test'], subnet: ['train', 'pool', 'test'] },
    refinement: null,
    snapshot: null,
    memoryBytes: 0,
    snapshotEveryMs: null,
  };
}

export async function collect(events: AsyncIterable<ExecutorEvent>): Promise<ExecutorEvent[]> {
  const all: ExecutorEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** The events without wall and CPU times, slots and workers: the part that must be reproducible. */
export function withoutTimes(events: readonly ExecutorEvent[]): unknown[] {
  return JSON.parse(
    JSON.stringify(events, (key, value) =>
      /(WallS|CpuS|^slot|^by|^onStored)$/.test(key) ? undefined : value,
    ),
  );
}
