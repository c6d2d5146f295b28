/** What a kept sweep asks for, so that its rows can be held against it. */
import { expandGrid } from '../domain/grid.js';
import type { SweepSpec } from '../domain/sweep-spec.js';
import type { DatasetIdentity, PlannedTrajectory, TrajectoryConfig, Variant } from '../domain/types.js';
import { variantKey } from '../domain/variant.js';

/**
 * The trajectories of a sweep, by id, as far as kept ones tell: they name the engine, and the content of the data sets.
 * Those on a data set that none of them has are left out. Of a sweep with several folders of data, no one can tell which
 * content lies in which, so each content is tried in each.
 *
 * @param configs of one engine.
 */
export function plannedFor(
  spec: SweepSpec,
  configs: readonly TrajectoryConfig[],
): ReadonlyMap<string, PlannedTrajectory> {
  const [first] = configs;
  if (!first) return new Map();
  const contents = new Map<string, Set<string>>();
  for (const { dataset } of configs)
    contents.set(dataset.name, (contents.get(dataset.name) ?? new Set()).add(dataset.content));
  const rounds = severalFolders(spec) ? Math.max(...[...contents.values()].map(({ size }) => size)) : 1;
  const planned = new Map<string, PlannedTrajectory>();
  for (let round = 0; round < rounds; round++) {
    const grid = expandGrid(
      spec,
      ({ name, positive, dir: _, ...sizes }): DatasetIdentity => {
        const known = [...(contents.get(name) ?? [])];
        return { name, positive, content: known[round] ?? known[0] ?? UNKNOWN, ...sizes };
      },
      { name: first.engine, numerics: first.numerics },
    );
    for (const trajectory of grid)
      if (trajectory.config.dataset.content !== UNKNOWN) planned.set(trajectory.id, trajectory);
  }
  return planned;
}

const UNKNOWN = '';

/** All variants of a sweep, whatever its data are. */
export function variantsOf(spec: SweepSpec): Variant[] {
  const grid = expandGrid(
    spec,
    ({ name, positive, dir: _, ...sizes }) => ({ name, positive, content: UNKNOWN, ...sizes }),
    { name: 'wasm', numerics: 0 },
  );
  const lists = new Set(
    Array.from(grid).flatMap(({ checkpoints }) => checkpoints.map(({ variants }) => variants)),
  );
  return [...lists].flat();
}

/** Whether a sweep's data lies in several folders. */
export const severalFolders = ({ axes }: SweepSpec): boolean =>
  axes.some(({ path, values }) => path === 'dataset.dir' && values.length > 1);

/** The variants that a trajectory may have at a checkpoint, by key; empty for none. */
export function variantsAt({ checkpoints, refinement }: PlannedTrajectory, t: number): Map<string, Variant> {
  const planned = checkpoints.find(each => each.t === t);
  // Every chosen checkpoint gets all variants.
  const variants = planned?.variants ?? (refinement?.fine.includes(t) ? checkpoints[0]!.variants : []);
  return new Map(variants.map(variant => [variantKey(variant), variant]));
}
