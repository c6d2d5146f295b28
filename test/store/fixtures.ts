/** Small plans and rows to fill databases with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { CellRow, CheckpointRow } from '../../src/domain/messages.js';
import type {
  Evaluate,
  PlannedTrajectory,
  SetMetrics,
  SetName,
  TrajectoryConfig,
  Variant,
} from '../../src/domain/types.js';
import type { AttemptInfo, StoredSweep } from '../../src/store/schema/rows.js';
import { Store } from '../../src/store/write/store.js';
import { DEFAULTS } from '../support/defaults.js';

/** A folder for each test, removed after it. */
export function temporaryFolders(): () => string {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-store-'));
    folders.push(folder);
    return folder;
  };
}

export const greedy = (subnetSize: number, retrainIterations = 0): Variant => ({
  method: 'greedy',
  objective: 'squared',
  sampleSize: null,
  subnetSize,
  retrainIterations,
});
/** Greedy by the Brier score of samples. */
export const sampled = (subnetSize: number, sampleSize: number): Variant => ({
  ...greedy(subnetSize),
  objective: 'brier',
  sampleSize,
});
export const random = (subnetSize: number): Variant => ({
  method: 'random',
  objective: null,
  sampleSize: null,
  subnetSize,
  retrainIterations: 0,
});

export const EVALUATE: Evaluate = { dense: ['train', 'test'], subnet: ['train', 'test'] };

export const ATTEMPT: AttemptInfo = {
  host: 'here',
  process: 17,
  worker: 'here/17/1',
  toolVersion: '0.1.0',
  nodeVersion: 'v20.0.0',
  gitRevision: 'abc',
  gitDirty: true,
  cpu: 'a cpu',
  threads: 2,
  kernels: 'native-256',
};

export function config(datasetSize: number, seed: number, width = 10): TrajectoryConfig {
  return {
    dataset: { name: 'digits', positive: [5, 6, 7, 8, 9], content: 'digits-1', seed: 0, pool: 100, test: 50 },
    datasetSize,
    width,
    seed,
    ...DEFAULTS,
    engine: 'wasm',
    numerics: 1,
  };
}

export function planned(
  id: string,
  checkpoints: readonly number[],
  variants: readonly Variant[],
  settings: TrajectoryConfig = config(20, 0),
): PlannedTrajectory {
  return { id, config: settings, checkpoints: checkpoints.map(t => ({ t, variants })), refinement: null };
}

export function sweep(name: string, changes: Partial<StoredSweep> = {}): StoredSweep {
  return {
    name,
    description: null,
    definition: { name },
    evaluate: EVALUATE,
    thresholds: [],
    axes: () => ({}),
    ...changes,
  };
}

/** Metrics whose values differ by set, network and checkpoint. */
export function metrics(sets: readonly SetName[], seed: number): SetMetrics {
  const order = { train: 0.1, pool: 0.2, test: 0.3 };
  return Object.fromEntries(
    sets.map(set => [set, { loss: seed + order[set], accuracy: 1 / (seed + order[set] + 1) }]),
  );
}

export function checkpoint(t: number, sets: readonly SetName[] = EVALUATE.dense): CheckpointRow {
  return {
    t,
    dense: metrics(sets, t),
    deadNeurons: 2,
    etaLambdaMax: 0.5,
    gatesChanged: 0.25,
    neuronVariance: 1.5,
    trainWallS: 1,
    trainCpuS: 0.5,
  };
}

export function cell(t: number, variant: Variant, sets: readonly SetName[] = EVALUATE.subnet): CellRow {
  return {
    ...variant,
    t,
    subnet: metrics(sets, t + variant.subnetSize),
    retrained: variant.retrainIterations > 0 ? metrics(sets, t + 1000) : null,
    distinctNeurons: Math.min(variant.subnetSize, 7),
    activationPasses: variant.method === 'greedy' ? 3 : null,
    certifiedLoss: variant.method === 'greedy' ? t + 0.5 : null,
    pruneWallS: 0.25,
    pruneCpuS: 0.2,
  };
}

/** Stores the unfinished cells of a trajectory, as a run would. */
export function completeTrajectory(
  store: Store,
  trajectory: PlannedTrajectory,
  evaluate: Evaluate = EVALUATE,
): void {
  const tasks = store.unfinished(trajectory, evaluate);
  store.started(trajectory.id, ATTEMPT);
  for (const { t, variants } of tasks) {
    const cells = variants.map(variant => cell(t, variant, evaluate.subnet));
    store.rows(trajectory.id, checkpoint(t, evaluate.dense), cells);
  }
  void store.finished(trajectory.id, { kind: 'done', trainWallS: 2, trainCpuS: 1 });
  store.flush();
}

/** Writes a database whose sweep `one` has one trajectory, `aa`, with all its cells. */
export function writeFinished(file: string, variants: readonly Variant[] = [greedy(3)]): void {
  const store = Store.open(file);
  const plan = planned('aa', [0, 5], variants);
  store.saveSweep(sweep('one'), [plan]);
  completeTrajectory(store, plan);
  store.close();
}
