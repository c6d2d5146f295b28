/** From a sweep to the trajectories to train and the cells that hang on them. */

import { deepFreeze } from '../base/frozen.js';
import { canonicalJson, trajectoryId } from './identity.js';
import type { Dimension, SweepSettings, SweepSpec } from './sweep-spec.js';
import { dimensionsOf, isCellPath, numberAt, type Point, product, settingsAt } from './sweep-spec.js';
import type {
  DatasetIdentity,
  DatasetSettings,
  EngineName,
  PlannedCheckpoint,
  PlannedTrajectory,
  TrajectoryConfig,
  Variant,
} from './types.js';

/**
 * Every trajectory of a sweep, once, in the order of the grid (data set size slowest). Trajectories that differ only
 * in what does not change their numbers are one; cells that coincide are one. Equal lists of variants, and of
 * checkpoints, are the same object.
 *
 * @param identify names a data set by its content; asked once for each data set.
 * @param engine part of the identity.
 */
export function expandGrid(
  spec: SweepSpec,
  identify: (dataset: DatasetSettings) => DatasetIdentity,
  engine: { readonly name: EngineName; readonly numerics: number },
): PlannedTrajectory[] {
  const dimensions = dimensionsOf(spec);
  const isInner = ({ axes }: Dimension) => axes.every(axis => isCellPath(axis.path));
  const outer = dimensions.filter(dimension => !isInner(dimension));
  const identityOf = remembering(canonicalJson, (dataset: DatasetSettings) =>
    deepFreeze({ ...identify(dataset) }),
  );
  const cells = new Cells(spec, dimensions.filter(isInner));
  // A sweep of a million trajectories has few settings besides sizes and seeds.
  const settingPaths = outer
    .flatMap(({ axes }) => axes.map(axis => axis.path))
    .filter(path => !SIZES_AND_SEED.includes(path));
  const settled = remembering(
    (point: Point) => settingPaths.map(path => point.get(path)!.index).join(),
    point => {
      const { dataset, network, inputs, train } = settingsAt(spec, point);
      return {
        dataset: identityOf(dataset),
        ...deepFreeze({ network, inputs, train }),
        block: cells.at(point),
      };
    },
  );

  const found = new Map<string, { config: TrajectoryConfig; block: Block; others: Set<Block> | null }>();
  for (const point of product(outer)) {
    const { dataset, network, inputs, train, block } = settled(point);
    const config: TrajectoryConfig = Object.freeze({
      dataset,
      datasetSize: numberAt(point, 'datasetSize'),
      width: numberAt(point, 'width'),
      seed: numberAt(point, 'seed'),
      network,
      inputs,
      train,
      engine: engine.name,
      numerics: engine.numerics,
    });
    const id = trajectoryId(config);
    const known = found.get(id);
    if (!known) found.set(id, { config, block, others: null });
    else if (block !== known.block) known.others = (known.others ?? new Set()).add(block);
  }
  return Array.from(found, ([id, { config, block, others }]) =>
    Object.freeze({ id, config, checkpoints: others ? cells.merged([block, ...others]) : block }),
  );
}

const SIZES_AND_SEED = ['datasetSize', 'width', 'seed'];

/** Cells of a plan: (trajectory, t, variant). */
export function countCells(plan: readonly Pick<PlannedTrajectory, 'checkpoints'>[]): number {
  let cells = 0;
  for (const { checkpoints } of plan) for (const { variants } of checkpoints) cells += variants.length;
  return cells;
}

type Block = readonly PlannedCheckpoint[];

/** The cells of trajectories. Those with the same cells share them. */
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

  /** At a point of the trajectories' dimensions; axes of cells may be zipped with them. */
  at(point: Point): Block {
    const fixed = [...point].filter(([path]) => isCellPath(path)).map(([path, { value }]) => [path, value]);
    const { loss } = settingsAt(this.#spec, point).train;
    const key = JSON.stringify([loss, fixed]);
    const known = this.#blocks.get(key);
    if (known) return known;
    const block = this.#build(point);
    this.#blocks.set(key, block);
    return block;
  }

  merged(blocks: readonly Block[]): Block {
    const key = JSON.stringify(blocks);
    const known = this.#blocks.get(key);
    if (known) return known;
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

  #build(point: Point): Block {
    const byT = new Map<number, Set<Variant>>();
    for (const inner of product(this.#inner)) {
      const whole: Point = new Map([...point, ...inner]);
      const variant = this.#variant(settingsAt(this.#spec, whole), numberAt(whole, 'subnetSize'));
      // t = 0 is the control of every curve, also where checkpoints are zipped with other axes.
      for (const t of [0, numberAt(whole, 'pretrainIterations')]) {
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

/** The first value that had this key. */
function interned<T>(known: Map<string, T>, key: string, value: T): T {
  const first = known.get(key) ?? value;
  known.set(key, first);
  return first;
}

function remembering<A, B>(keyOf: (from: A) => string, make: (from: A) => B): (from: A) => B {
  const known = new Map<string, B>();
  return from => {
    const key = keyOf(from);
    if (!known.has(key)) known.set(key, make(from));
    return known.get(key)!;
  };
}

/** Axes that have columns of their own in the views. */
const COLUMN_AXES = ['datasetSize', 'width', 'seed', 'pretrainIterations', 'prune.method', 'subnetSize'];

/** The paths of every other axis, in canonical order. */
export function otherAxes({ axes }: SweepSpec): string[] {
  return axes.map(axis => axis.path).filter(path => !COLUMN_AXES.includes(path));
}

/**
 * The values of every other axis at one cell, by path: the column `axes` of the views. An objective is the loss it
 * stands for, null where the method has none; a folder (`dataset.dir`) is the hash of its content; a parameter that
 * the data set does not have is null.
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
    prune: { objective: variant.objective },
    retrain: { iterations: variant.retrainIterations },
  };
  return Object.fromEntries(
    otherAxes(spec).map(path => {
      const [group, key] = path.split('.') as [string, string];
      return [path, (groups[group] as Record<string, unknown>)[key] ?? null];
    }),
  );
}
