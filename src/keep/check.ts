/** Holds kept rows against the definition of their sweep. */
import type { SweepSpec } from '../domain/sweep-file/parse.js';
import type { PlannedTrajectory, Variant } from '../domain/types.js';
import { selectionText, variantKey } from '../domain/variant.js';
import type { KeptSweep, KeptTrajectory } from './kept-sweep.js';
import { plannedFor, severalFolders, variantsAt } from './plan.js';

/**
 * A sweep of which each trajectory is asked for, has all its cells and no others, and is computed by one engine.
 * @throws InputError
 */
export function checkedSweep(spec: SweepSpec, trajectories: readonly KeptTrajectory[]): KeptSweep {
  for (const trajectory of trajectories) checkEngine(trajectory, trajectories[0]!);
  const configs = trajectories.map(({ config }) => config);
  const planned = plannedFor(spec, configs);
  for (const trajectory of trajectories) {
    const asked = planned.get(trajectory.id);
    if (!asked)
      trajectory.source.refuse('trajectory_id', `a trajectory that the definition of ${spec.name} asks for`);
    checkCells(trajectory, asked!, spec);
  }
  // Configurations as they are kept, so that their text stays the same.
  const kept = new Map(trajectories.map(({ id, config }) => [id, config]));
  const all = Array.from(planned.values(), each => ({ ...each, config: kept.get(each.id) ?? each.config }));
  return { spec, trajectories, planned: severalFolders(spec) ? all.filter(({ id }) => kept.has(id)) : all };
}

/** Results of two engines, or of two versions of one, are two experiments. */
function checkEngine({ config, source }: KeptTrajectory, first: KeptTrajectory): void {
  const { engine, numerics } = first.config;
  if (config.engine === engine && config.numerics === numerics) return;
  source.refuse(
    'engine',
    `${engine} with numerics ${numerics} as in ${first.source.place}`,
    `found ${config.engine} with numerics ${config.numerics}`,
  );
}

function checkCells(
  { id, checkpoints, source }: KeptTrajectory,
  asked: PlannedTrajectory,
  { name }: SweepSpec,
) {
  const missing = new Map<string, string>();
  const expect = (t: number) => {
    for (const [key, variant] of variantsAt(asked, t)) missing.set(`${t}/${key}`, cellText(t, variant));
  };
  for (const { t } of asked.checkpoints) expect(t);
  for (const { row } of checkpoints) expect(row.t);
  for (const { row, source: own } of checkpoints.flatMap(({ cells }) => cells)) {
    if (missing.delete(`${row.t}/${variantKey(row)}`)) continue;
    const what = `found the cell ${cellText(row.t, row)}`;
    own.refuse('pretrain_iterations', `a cell that the definition of ${name} asks for`, what);
  }
  for (const text of missing.values())
    source.refuse('trajectory_id', 'a trajectory with all its cells', `found ${id} without the cell ${text}`);
}

/** E.g. `t = 9, greedy on squared loss, k = 3`. */
export function cellText(t: number, { subnetSize, retrainIterations, ...rule }: Variant): string {
  const retrained = retrainIterations > 0 ? `, re-trained for ${retrainIterations}` : '';
  return `t = ${t}, ${selectionText(rule)}, k = ${subnetSize}${retrained}`;
}
