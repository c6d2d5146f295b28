/** The curves of a sweep's finished trajectories without their cells: what each is, and where it was measured. */
import { completeConfig } from '../../domain/later-settings.js';
import type { TrajectoryConfig, Variant } from '../../domain/types.js';
import type { Reader } from './reader.js';

export interface SweepCurveInfo extends Variant {
  readonly trajectoryId: string;
  readonly config: TrajectoryConfig;
  /** Values of the sweep's further axes, by path. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** Iterations, ascending. Equal lists are the same object. */
  readonly checkpoints: readonly number[];
}

/** Curves of trajectories of which all cells that the sweep requests are finished. */
export function finishedCurves(reader: Reader, sweep: string): SweepCurveInfo[] {
  const configs = new Map(
    reader
      .rows<{ id: string; config: string }>(CONFIGS, { sweep })
      .map(({ id, config }) => [id, completeConfig(JSON.parse(config))]),
  );
  const lists = new Map<string, readonly number[]>();
  const listOf = (text: string): readonly number[] => {
    const list = lists.get(text) ?? text.split(',').map(Number);
    lists.set(text, list);
    return list;
  };
  const curves = reader.rows<Variant & { trajectoryId: string; axes: string; checkpoints: string }>(CURVES, {
    sweep,
  });
  return curves.map(({ axes, checkpoints, ...curve }) => ({
    ...curve,
    config: configs.get(curve.trajectoryId)!,
    axes: JSON.parse(axes),
    checkpoints: listOf(checkpoints),
  }));
}

const FINISHED = `
  sweeps s JOIN member_progress p ON p.sweep = s.key AND p.cells = p.cells_done
  JOIN trajectory_keys x ON x.key = p.trajectory`;

const CONFIGS = `
  SELECT y.id, y.config FROM ${FINISHED} JOIN trajectories y ON y.id = x.id WHERE s.name = @sweep`;

const CURVES = `
  SELECT x.id AS trajectoryId, v.method, v.objective, v.subnet_size AS subnetSize,
    v.retrain_iterations AS retrainIterations, a.axes, group_concat(m.t, ',' ORDER BY m.t) AS checkpoints
  FROM ${FINISHED}
  CROSS JOIN members m ON m.sweep = s.key AND m.trajectory = p.trajectory
  JOIN member_variants a ON a.sweep = s.key AND a.trajectory = m.trajectory AND a.variant = m.variant
  JOIN variants v ON v.key = m.variant
  WHERE s.name = @sweep
  GROUP BY m.trajectory, m.variant`;
