/** Writes databases of simulated curves with a known law, as test input for `fit`, `query` and `report`. */
import { existsSync, rmSync } from 'node:fs';
import { refreshThresholds } from '../analysis/thresholds.js';
import { UsageError } from '../base/errors.js';
import { provenance } from '../base/provenance.js';
import { trajectoryId } from '../domain/identity.js';
import { findMetric, type MeasuredNetwork } from '../domain/metrics.js';
import type {
  Metric,
  PlannedTrajectory,
  SetMetrics,
  SetName,
  ThresholdSpec,
  Variant,
} from '../domain/types.js';
import { NUMERICS } from '../engine/numerics.js';
import { normals, stream } from '../math/random.js';
import type { PreparedSweep } from '../run/prepare.js';
import { refinementTask } from '../run/refinement.js';
import { storedSweep } from '../run/stored-sweep.js';
import { Store, type StoreOptions } from '../store/write/store.js';
import { Agenda } from '../trajectory/agenda.js';
import type { Assumptions } from './simulate.js';
import type { Template } from './template.js';
import { type TrueLaw, trueTimes } from './truths.js';

/** Rows and ends of trajectories to collect before a commit. */
const ROWS_PER_COMMIT = 20_000;

/** t* of each network relative to that of the subnetwork with the largest k. */
const RELATIVE_TIME: Readonly<Record<MeasuredNetwork, number>> = { dense: 0.8, subnet: 1, retrained: 0.9 };
/** A subnetwork's t* is longer by (largest k / k) to this power. */
const SIZE_POWER = 0.3;
/** Factor on t* for selection methods that ignore the loss. */
const CONTROL_FACTOR = 2;

/**
 * Writes a database as a run of the sweep would, with curves that follow the law.
 *
 * - With u = t / t*, the loss is L0 / (1 + u (L0 / L - 1)). It meets the primary target's level L at u = 1. The
 *   accuracy has the same form.
 * - Every other fixed-level target therefore follows the same law, at its own u.
 * - The engine is `simulated`, so a run of the sweep into the same file never reuses these results.
 * - If writing fails, the file is removed.
 *
 * @throws UsageError if the file has no name or exists, or the primary target is not a fixed level (or an accuracy not below 1).
 */
export async function writeSimulatedDatabase(
  file: string,
  { spec, trajectories }: Pick<PreparedSweep, 'spec' | 'trajectories'>,
  template: Template,
  law: TrueLaw,
  assumed: Assumptions,
  seed: number,
  options: Pick<StoreOptions, 'unsafeFilesystem'> = {},
): Promise<{ readonly trajectories: number; readonly cells: number }> {
  if (file === '') throw new UsageError('--write: found "", expected a new file');
  if (existsSync(file)) throw new UsageError(`--write ${file}: this file exists, expected a new one`);
  const { target } = template;
  if (target.kind !== 'atMost' && target.kind !== 'atLeast') {
    throw new UsageError(
      `--write: the primary target is ${target.kind}, expected one with atMost or atLeast`,
    );
  }
  if (findMetric(target.metric)!.quantity === 'accuracy' && !(target.value! < 1)) {
    throw new UsageError(
      `--write: the primary target is an accuracy of ${target.value}, expected one below 1`,
    );
  }
  const planned = trajectories.map(asSimulated);
  const times = new Times(template, law, assumed, seed, planned);
  const store = Store.open(file, options);
  try {
    store.saveSweep(storedSweep(spec), planned);
    const attempt = { ...provenance(1), kernels: null, worker: `simulated from ${law}, seed ${seed}` };
    let cells = 0;
    let pending: Promise<void>[] = [];
    for (const trajectory of planned) {
      const { id, config } = trajectory;
      store.started(id, attempt);
      const curve = new Curve(target, config.datasetSize);
      const measure = (sets: readonly SetName[], t: number, tStar: number): SetMetrics =>
        Object.fromEntries(sets.map(set => [set, curve.at(t / tStar)]));
      const refinement = refinementTask(trajectory, [], 1);
      const agenda = new Agenda({ checkpoints: trajectory.checkpoints, refinement, config });
      for (let next = agenda.next(); next; next = agenda.next()) {
        const { t, variants } = next;
        const dense = measure(spec.evaluate.dense, t, times.of(trajectory, 'dense', null));
        const row = {
          t,
          dense,
          deadNeurons: 0,
          etaLambdaMax: 0,
          gatesChanged: null,
          neuronVariance: null,
          trainWallS: 0,
          trainCpuS: 0,
        };
        const pruned = variants.map(variant => ({
          ...variant,
          t,
          subnet: measure(spec.evaluate.subnet, t, times.of(trajectory, 'subnet', variant)),
          retrained:
            variant.retrainIterations > 0
              ? measure(spec.evaluate.subnet, t, times.of(trajectory, 'retrained', variant))
              : null,
          distinctNeurons: Math.min(variant.subnetSize, config.width),
          activationPasses: null,
          certifiedLoss:
            spec.evaluate.certified && variant.method === 'greedy'
              ? curve.at(t / times.of(trajectory, 'subnet', variant)).loss
              : null,
          pruneWallS: 0,
          pruneCpuS: 0,
        }));
        const checkpoints = agenda.finish(row, pruned).map(chosen => ({ t: chosen, variants }));
        pending.push(store.rows(id, row, pruned, { sweep: spec.name, checkpoints }));
        cells += pruned.length;
      }
      pending.push(store.finished(id, { kind: 'done', trainWallS: 0, trainCpuS: 0 }));
      if (pending.length < ROWS_PER_COMMIT) continue;
      store.flush();
      await Promise.all(pending);
      pending = [];
    }
    store.flush();
    await Promise.all(pending);
    refreshThresholds(store, store.toReader().sweep(spec.name));
    store.close();
    return { trajectories: planned.length, cells };
  } catch (error) {
    store.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
    throw error;
  }
}

function asSimulated({ config, checkpoints, refinement }: PlannedTrajectory): PlannedTrajectory {
  const own = Object.freeze({ ...config, engine: 'simulated' as const, numerics: NUMERICS.simulated });
  return { id: trajectoryId(own), config: own, checkpoints, refinement };
}

/** t* of every curve: the law's value times the noise of its seed, its own noise and the effect of pruning. */
class Times {
  private readonly byTrajectory = new Map<string, number>();
  private readonly largestK: number;
  private readonly unit: number;

  constructor(
    { target, sample }: Template,
    law: TrueLaw,
    { noise, ...span }: Assumptions,
    seed: number,
    planned: readonly PlannedTrajectory[],
  ) {
    const sizes = [...new Set(planned.map(({ config }) => config.datasetSize))].sort((a, b) => a - b);
    const truth = new Map(trueTimes(law, sizes, span).map((mu, i) => [sizes[i]!, mu]));
    for (const { id, config } of planned) {
      const x = Math.log(config.datasetSize / sample.nRef);
      const [level, slope] = drawn(2, seed, 'design', law, 'seed', config.seed) as [number, number];
      const [own] = drawn(1, seed, 'design', law, id) as [number];
      const moved = noise.seedLevel * level + noise.seedSlope * slope * x + noise.own * own;
      this.byTrajectory.set(id, truth.get(config.datasetSize)! * Math.exp(moved));
    }
    const variants = planned.flatMap(({ checkpoints }) => checkpoints[0]?.variants ?? []);
    this.largestK = variants.reduce((largest, { subnetSize }) => Math.max(largest, subnetSize), 1);
    this.unit = RELATIVE_TIME[findMetric(target.metric)!.network];
  }

  of({ id }: PlannedTrajectory, network: MeasuredNetwork, variant: Variant | null): number {
    const relative = RELATIVE_TIME[network] / this.unit;
    const size = variant === null ? 1 : (this.largestK / variant.subnetSize) ** SIZE_POWER;
    const control = variant !== null && variant.method !== 'greedy' ? CONTROL_FACTOR : 1;
    return this.byTrajectory.get(id)! * relative * size * control;
  }
}

function drawn(count: number, seed: number, ...name: (string | number)[]): number[] {
  const normal = normals(stream(seed, ...name));
  return Array.from({ length: count }, () => normal());
}

/** Loss and accuracy as functions of u = t / t*. */
class Curve {
  private readonly loss: number;
  private readonly accuracy: number;

  constructor({ metric, value }: ThresholdSpec, datasetSize: number) {
    const { quantity, summed } = findMetric(metric)!;
    this.loss = quantity === 'loss' ? value! / (summed ? datasetSize : 1) : 0.15;
    this.accuracy = quantity === 'accuracy' ? value! : 0.97;
  }

  at(u: number): Metric {
    const start = Math.max(0.5, 2 * this.loss);
    const miss = Math.max(0.5, 1 - this.accuracy / 2);
    return {
      loss: start / (1 + u * (start / this.loss - 1)),
      accuracy: 1 - miss / (1 + u * (miss / (1 - this.accuracy) - 1)),
    };
  }
}
