/** Databases of curves whose thresholds follow a known law, to try `fit`, `query` and `report` on. */
import { existsSync, rmSync } from 'node:fs';
import { refreshThresholds } from '../analysis/thresholds.js';
import { UsageError } from '../base/errors.js';
import { provenance } from '../base/provenance.js';
import { axisValuesOf } from '../domain/grid.js';
import { trajectoryId } from '../domain/identity.js';
import { type MeasuredNetwork, metricNamed } from '../domain/metrics.js';
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
import { Store } from '../store/write/store.js';
import type { Assumptions } from './simulate.js';
import type { Template } from './template.js';
import { type Truth, truthAt } from './truths.js';

/** Commits wait for so many rows. */
const ROWS_AT_ONCE = 20_000;

/** How much later than the subnetwork of the largest k each network gets there. */
const LATER: Readonly<Record<MeasuredNetwork, number>> = { dense: 0.8, subnet: 1, retrained: 0.9 };
/** Smaller subnetworks are later by (largest k / k) to this power, and selections that do not look at the loss so. */
const SIZE_POWER = 0.3;
const CONTROL = 2;

/**
 * Writes a database as a run of the sweep would have left it, had its curves followed the law: with u = t / t*, the
 * loss is L0 / (1 + u (L0 / L - 1)), which meets the primary target's level L at u = 1, and the accuracy likewise. So
 * every other target that is a fixed level has thresholds under the same law, at its own u. Their engine is
 * `simulated`: a run of the sweep into the same file never takes them for its own.
 *
 * @throws UsageError where the file exists, or the primary target is not a fixed level.
 */
export async function writeSimulated(
  file: string,
  { spec, trajectories }: Pick<PreparedSweep, 'spec' | 'trajectories'>,
  template: Template,
  law: Truth,
  assumed: Assumptions,
  seed: number,
): Promise<{ readonly trajectories: number; readonly cells: number }> {
  if (existsSync(file)) throw new UsageError(`--write ${file}: this file exists, expected a new one`);
  const { target } = template;
  if (target.kind !== 'atMost' && target.kind !== 'atLeast') {
    throw new UsageError(
      `--write: the primary target is ${target.kind}, expected one with atMost or atLeast`,
    );
  }
  if (metricNamed(target.metric)!.quantity === 'accuracy' && !(target.value! < 1)) {
    throw new UsageError(
      `--write: the primary target is an accuracy of ${target.value}, expected one below 1`,
    );
  }
  const planned = trajectories.map(simulated);
  const times = new Times(template, law, assumed, seed, planned);
  const store = Store.open(file);
  try {
    store.saveSweep(
      {
        name: spec.name,
        definition: spec.definition,
        evaluate: spec.evaluate,
        thresholds: spec.thresholds,
        axes: (config, variant) => axisValuesOf(spec, config, variant),
      },
      planned,
    );
    const attempt = { ...provenance(1), worker: `simulated from ${law}, seed ${seed}` };
    let cells = 0;
    let waiting: Promise<void>[] = [];
    for (const trajectory of planned) {
      const { id, config } = trajectory;
      store.started(id, attempt);
      const curve = new Curve(target, config.datasetSize);
      const measure = (sets: readonly SetName[], t: number, tStar: number): SetMetrics =>
        Object.fromEntries(sets.map(set => [set, curve.at(t / tStar)]));
      for (const { t, variants } of trajectory.checkpoints) {
        const dense = measure(spec.evaluate.dense, t, times.of(trajectory, 'dense', null));
        const row = { t, dense, deadNeurons: 0, etaLambdaMax: 0, trainWallS: 0, trainCpuS: 0 };
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
          pruneWallS: 0,
          pruneCpuS: 0,
        }));
        waiting.push(store.rows(id, row, pruned));
        cells += pruned.length;
      }
      waiting.push(store.finished(id, { kind: 'done', trainWallS: 0, trainCpuS: 0 }));
      if (waiting.length < ROWS_AT_ONCE) continue;
      store.flush();
      await Promise.all(waiting);
      waiting = [];
    }
    store.flush();
    await Promise.all(waiting);
    refreshThresholds(store, store.toReader().sweep(spec.name));
    store.close();
    return { trajectories: planned.length, cells };
  } catch (error) {
    store.close();
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
    throw error;
  }
}

function simulated({ config, checkpoints }: PlannedTrajectory): PlannedTrajectory {
  const own = Object.freeze({ ...config, engine: 'simulated' as const, numerics: NUMERICS.simulated });
  return { id: trajectoryId(own), config: own, checkpoints };
}

/** t* of every curve: the law's, moved by its seed, by its own noise, and by what is pruned. */
class Times {
  private readonly byTrajectory = new Map<string, number>();
  private readonly largestK: number;
  private readonly unit: number;

  constructor(
    { target, sample }: Template,
    law: Truth,
    { noise, ...span }: Assumptions,
    seed: number,
    planned: readonly PlannedTrajectory[],
  ) {
    const sizes = [...new Set(planned.map(({ config }) => config.datasetSize))].sort((a, b) => a - b);
    const truth = new Map(truthAt(law, sizes, span).map((mu, i) => [sizes[i]!, mu]));
    for (const { id, config } of planned) {
      const x = Math.log(config.datasetSize / sample.nRef);
      const [level, slope] = drawn(2, seed, 'design', law, 'seed', config.seed) as [number, number];
      const [own] = drawn(1, seed, 'design', law, id) as [number];
      const moved = noise.seedLevel * level + noise.seedSlope * slope * x + noise.own * own;
      this.byTrajectory.set(id, truth.get(config.datasetSize)! * Math.exp(moved));
    }
    const variants = planned.flatMap(({ checkpoints }) => checkpoints[0]?.variants ?? []);
    this.largestK = variants.reduce((most, { subnetSize }) => Math.max(most, subnetSize), 1);
    this.unit = LATER[metricNamed(target.metric)!.network];
  }

  of({ id }: PlannedTrajectory, network: MeasuredNetwork, variant: Variant | null): number {
    const later = LATER[network] / this.unit;
    const size = variant === null ? 1 : (this.largestK / variant.subnetSize) ** SIZE_POWER;
    const control = variant !== null && variant.method !== 'greedy' ? CONTROL : 1;
    return this.byTrajectory.get(id)! * later * size * control;
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
    const { quantity, summed } = metricNamed(metric)!;
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
