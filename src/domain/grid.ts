/** Expands a sweep into trajectories to train and the cells of each. */

import { deepFreeze } from '../base/frozen.js';
import { canonicalJson, trajectoryId } from './identity.js';
import type { Dimension, SweepSettings, SweepSpec } from './sweep-spec.js';
import {
  axisNumberAt,
  cartesianProduct,
  dimensionsOf,
  type GridPoint,
  isCellPath,
  settingsAt,
} from './sweep-spec.js';
import type {
  DatasetIdentity,
  DatasetSettings,
  EngineName,
  PlannedCheckpoint,
  PlannedTrajectory,
  Refinement,
  TrajectoryConfig,
  Variant,
} from './types.js';

/**
 * Every trajectory of a sweep, once, in grid order (data set size slowest).
 *
 * - Grid points that differ only in settings without effect on the numbers give one trajectory.
 * - Equal cells of a trajectory are one cell.
 * - Equal lists of variants, and equal lists of checkpoints, are the same object.
 *
 * @param identify identifies a data set by its content; called once per data set.
 * @param engine part of each trajectory's identity.
 */
export function expandGrid(
  spec: SweepSpec,
  identify: (dataset: DatasetSettings) => DatasetIdentity,
  engine: { readonly name: EngineName; readonly numerics: number },
): PlannedTrajectory[] {
  const dimensions = dimensionsOf(spec);
  const isInner = ({ axes }: Dimension) => axes.every(axis => isCellPath(axis.path));
  const outer = dimensions.filter(dimension => !isInner(dimension));
  const identityOf = memoised(canonicalJson, (dataset: DatasetSettings) =>
    deepFreeze({ ...identify(dataset) }),
  );
  const cells = new Cells(spec, dimensions.filter(isInner));
  // Memoise settings without sizes and seed: even a sweep of a million trajectories has few of them.
  const settingPaths = outer
    .flatMap(({ axes }) => axes.map(axis => axis.path))
    .filter(path => !SIZES_AND_SEED.includes(path));
  const settingsOf = memoised(
    (point: GridPoint) => settingPaths.map(path => point.get(path)!.index).join(),
    point => {
      const { dataset, network, inputs, train } = settingsAt(spec, point);
      return {
        dataset: identityOf(dataset),
        ...deepFreeze({ network, inputs, train }),
        block: cells.at(point),
      };
    },
  );

  const planned = new Map<string, { config: TrajectoryConfig; block: Block; others: Set<Block> | null }>();
  for (const point of cartesianProduct(outer)) {
    const { dataset, network, inputs, train, block } = settingsOf(point);
    const config: TrajectoryConfig = Object.freeze({
      dataset,
      datasetSize: axisNumberAt(point, 'datasetSize'),
      width: axisNumberAt(point, 'width'),
      seed: axisNumberAt(point, 'seed'),
      network,
      inputs,
      train,
      engine: engine.name,
      numerics: engine.numerics,
    });
    const id = trajectoryId(config);
    const existing = planned.get(id);
    if (!existing) planned.set(id, { config, block, others: null });
    else if (block !== existing.block) existing.others = (existing.others ?? new Set()).add(block);
  }
  const refinement = refinementOf(spec);
  return Array.from(planned, ([id, { config, block, others }]) => {
    const checkpoints = others ? cells.merged([block, ...others]) : block;
    return Object.freeze({ id, config, checkpoints, refinement });
  });
}

/** How a sweep refines its checkpoints; null where it does not. */
export function refinementOf({ axes, thresholds }: SweepSpec): Refinement | null {
  const fine = axes.find(axis => axis.path === 'pretrainIterations')?.refined?.fine;
  if (!fine) return null;
  return Object.freeze({ fine, targets: thresholds.filter(({ refine }) => refine !== false), levels: [] });
}

const SIZES_AND_SEED = ['datasetSize', 'width', 'seed'];

/**
 * The number of cells (trajectory, t, variant) that are planned; where checkpoints are refined, further ones follow.
 *
 * @example
 * const { trajectories } = await prepareSweep(readSweep('my.yaml'));
 * console.log(countCells(trajectories));
 */
export function countCells(plan: readonly Pick<PlannedTrajectory, 'checkpoints'>[]): number {
  let cells = 0;
  for (const { checkpoints } of plan) for (const { variants } of checkpoints) cells += variants.length;
  return cells;
}

type Block = readonly PlannedCheckpoint[];

/** Builds the cells of trajectories. Trajectories with equal cells share one object. */
class Cells {
  readonly #spec: SweepSpec;
  readonly #inner: readonly Dimension[];
  readonly #blocks = new Map<string, Block>();
  readonly #variants = new Map<string, Variant>();
  readonly #lists = new Map<string, readonly Variant[]>();

  constructor(spec: SweepSpec, inner: readonly Dimension[]) {
    this.#spec = spec;
    this.#inner = inner;
  }

  /** The cells at a point of the trajectory dimensions, which may include cell axes zipped with them. */
  at(point: GridPoint): Block {
    const fixed = [...point].filter(([path]) => isCellPath(path)).map(([path, { value }]) => [path, value]);
    const { loss } = settingsAt(this.#spec, point).train;
    const key = JSON.stringify([loss, fixed]);
    const cached = this.#blocks.get(key);
    if (cached) return cached;
    const block = this.#build(point);
    this.#blocks.set(key, block);
    return block;
  }

  merged(blocks: readonly Block[]): Block {
    const key = JSON.stringify(blocks);
    const cached = this.#blocks.get(key);
    if (cached) return cached;
    const byT = new Map<number, Set<Variant>>();
    for (const { t, variants } of blocks.flat()) {
      const at = byT.get(t) ?? new Set();
      byT.set(t, at);
      for (const variant of variants) at.add(variant);
    }
    const block = this.#sorted(byT);
    this.#blocks.set(key, block);
    return block;
  }

  #build(point: GridPoint): Block {
    const byT = new Map<number, Set<Variant>>();
    for (const inner of cartesianProduct(this.#inner)) {
      const whole: GridPoint = new Map([...point, ...inner]);
      const variant = this.#variant(settingsAt(this.#spec, whole), axisNumberAt(whole, 'subnetSize'));
      // Every curve includes t = 0 as its control, even if checkpoints are zipped with other axes.
      for (const t of [0, axisNumberAt(whole, 'pretrainIterations')]) {
        const at = byT.get(t);
        if (at) at.add(variant);
        else byT.set(t, new Set([variant]));
      }
    }
    return this.#sorted(byT);
  }

  #variant({ prune, retrain, train }: SweepSettings, subnetSize: number): Variant {
    const objective = prune.objective === 'training-loss' ? train.loss : prune.objective;
    const variant: Variant = {
      method: prune.method,
      objective: prune.method === 'greedy' ? objective : null,
      sampleSize: prune.method === 'greedy' ? prune.sampleSize : null,
      subnetSize,
      retrainIterations: retrain.iterations,
    };
    return interned(this.#variants, JSON.stringify(variant), Object.freeze(variant));
  }

  #sorted(byT: ReadonlyMap<number, ReadonlySet<Variant>>): Block {
    const ascending = [...byT].sort(([a], [b]) => a - b);
    return Object.freeze(
      ascending.map(([t, variants]) => {
        const list = Object.freeze([...variants]);
        return Object.freeze({ t, variants: interned(this.#lists, JSON.stringify(list), list) });
      }),
    );
  }
}

/** The first value passed with this key. */
function interned<T>(cache: Map<string, T>, key: string, value: T): T {
  const first = cache.get(key) ?? value;
  cache.set(key, first);
  return first;
}

/** Caches `make` by key. */
function memoised<A, B>(keyOf: (from: A) => string, make: (from: A) => B): (from: A) => B {
  const cache = new Map<string, B>();
  return from => {
    const key = keyOf(from);
    if (!cache.has(key)) cache.set(key, make(from));
    return cache.get(key)!;
  };
}

/** Axes with their own columns in the views. */
const COLUMN_AXES = ['datasetSize', 'width', 'seed', 'pretrainIterations', 'prune.method', 'subnetSize'];

/** The paths of every other axis, in canonical order. */
export function axesWithoutColumn({ axes }: SweepSpec): string[] {
  return axes.map(axis => axis.path).filter(path => !COLUMN_AXES.includes(path));
}

/**
 * The values of all other axes at one cell, by path, as in the column `axes` of the views.
 *
 * - An objective is given as the loss it stands for, or null for a method without one. A sample size, too, is null
 *   without an objective.
 * - A folder (`dataset.dir`) is given as the hash of its content.
 * - A parameter that the data set does not have is null.
 */
export function axisValuesOf(
  spec: SweepSpec,
  config: TrajectoryConfig,
  variant: Variant,
): Record<string, unknown> {
  const groups: Record<string, object> = {
    dataset: { ...config.dataset, dir: config.dataset.content },
    network: config.network,
    inputs: config.inputs,
    train: config.train,
    prune: { objective: variant.objective, sampleSize: variant.sampleSize },
    retrain: { iterations: variant.retrainIterations },
  };
  return Object.fromEntries(
    axesWithoutColumn(spec).map(path => {
      const [group, key] = path.split('.') as [string, string];
      return [path, (groups[group] as Record<string, unknown>)[key] ?? null];
    }),
  );
}
