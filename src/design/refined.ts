/** What a sweep would cost if its checkpoints were refined around the crossings, instead of being fine everywhere. */
import { checkpointValues, refinedCheckpoints } from '../domain/sweep-file/axes.js';
import type { PlannedTrajectory } from '../domain/types.js';
import type { PreparedSweep } from '../run/prepare.js';

/** The coarse ratio that is proposed. */
const COARSE_RATIO = 2;

export interface RefinedProposal {
  /** For the sweep file: the same crossings from fewer cells. */
  readonly pretrainIterations: {
    readonly from: number;
    readonly to: number;
    readonly ratio: number;
    readonly refine: number;
  };
  /** The sweep with them. */
  readonly prepared: PreparedSweep;
}

/** Null where checkpoints are refined already, are not at one ratio, or are no finer than the coarse ones would be. */
export function refinedProposal(prepared: PreparedSweep): RefinedProposal | null {
  const { axes, thresholds } = prepared.spec;
  const axis = axes.find(({ path }) => path === 'pretrainIterations')!;
  const targets = thresholds.filter(({ refine }) => refine !== false);
  if (axis.refined || axis.zip !== null || targets.length === 0) return null;
  const values = axis.values as readonly number[];
  const refine = ratioOf(values);
  if (refine === null || refine >= COARSE_RATIO) return null;
  const pretrainIterations = { from: values[1]!, to: values.at(-1)!, ratio: COARSE_RATIO, refine };
  const { coarse, fine } = refinedCheckpoints(pretrainIterations)!;
  const isCoarse = new Set(coarse);
  const refined = new Map<PlannedTrajectory['checkpoints'], PlannedTrajectory['checkpoints']>();
  const trajectories = prepared.trajectories.map(trajectory => {
    const checkpoints =
      refined.get(trajectory.checkpoints) ?? trajectory.checkpoints.filter(({ t }) => isCoarse.has(t));
    refined.set(trajectory.checkpoints, checkpoints);
    return { ...trajectory, checkpoints, refinement: { fine, targets, levels: [] } };
  });
  return { pretrainIterations, prepared: { ...prepared, trajectories } };
}

/** The ratio, in hundredths, at which a range has exactly these checkpoints; null if none has. */
function ratioOf(values: readonly number[]): number | null {
  const [before, after] = values.slice(-3, -1);
  if (values.length < 4 || !before || !after) return null;
  const guess = Math.round((100 * after) / before);
  for (const hundredths of [guess, guess - 1, guess + 1]) {
    const ratio = hundredths / 100;
    if (ratio <= 1) continue;
    const range = checkpointValues({ from: values[1]!, to: values.at(-1)!, ratio }, values.length);
    if (range?.length === values.length && range.every((t, i) => t === values[i])) return ratio;
  }
  return null;
}
