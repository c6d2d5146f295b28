/** The curves of a sweep's finished trajectories without their cells: what each is, and where it was measured. */
import { completeConfig } from '../../domain/later-settings.js';
import type { TrajectoryConfig, Variant } from '../../domain/types.js';
import { VARIANT_COLUMNS } from '../schema/variant-columns.js';
import type { Reader } from './reader.js';

export interface SweepCurveInfo extends Variant {
  readonly trajectoryId: string;
  readonly config: TrajectoryConfig;
  /** Values of the sweep's further axes, by path. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** Iterations, ascending. Equal lists are the same object. */
  readonly checkpoints: readonly number[];
  /** Of the dense network, at the last checkpoint that is stored. */
  readonly deadNeurons: number | null;
  readonly etaLambdaMax: number | null;
}

/** Curves of trajectories of which all cells that the sweep requests are finished. */
export function finishedCurves(reader: Reader, sweep: string): SweepCurveInfo[] {
  const trajectories = new Map(
    reader
      .rows<Trained>(TRAJECTORIES, { sweep })
      .map(({ id, config, ...training }) => [
        id,
        { config: completeConfig(JSON.parse(config)), ...training },
      ]),
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
    ...trajectories.get(curve.trajectoryId)!,
    axes: JSON.parse(axes),
    checkpoints: listOf(checkpoints),
  }));
}

const FINISHED = `
  sweeps s JOIN member_progress p ON p.sweep = s.key AND p.cells = p.cells_done
  JOIN trajectory_keys x ON x.key = p.trajectory`;

type Trained = Pick<SweepCurveInfo, 'deadNeurons' | 'etaLambdaMax'> & { id: string; config: string };

const TRAJECTORIES = `
  SELECT y.id, y.config, k.dead_neurons AS deadNeurons, k.eta_lambda_max AS etaLambdaMax
  FROM ${FINISHED} JOIN trajectories y ON y.id = x.id
  LEFT JOIN checkpoints k ON k.trajectory = x.key AND k.t = (SELECT max(t) FROM checkpoints WHERE trajectory = x.key)
  WHERE s.name = @sweep`;

const CURVES = `
  SELECT x.id AS trajectoryId, ${VARIANT_COLUMNS}, a.axes, group_concat(m.t, ',' ORDER BY m.t) AS checkpoints
  FROM ${FINISHED}
  CROSS JOIN members m ON m.sweep = s.key AND m.trajectory = p.trajectory
  JOIN member_variants a ON a.sweep = s.key AND a.trajectory = m.trajectory AND a.variant = m.variant
  JOIN variants v ON v.key = m.variant
  WHERE s.name = @sweep
  GROUP BY m.trajectory, m.variant`;
