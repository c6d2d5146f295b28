/** How many checkpoints refinement is expected to add to a trajectory, before its rows are known. */
import type { CheckpointTask } from '../domain/messages.js';
import type { EvaluatedSets, PlannedTrajectory } from '../domain/types.js';
import { type Arithmetic, arithmeticBy, arithmeticOf, type DataSizes } from '../trajectory/cost.js';

type Planned = Pick<PlannedTrajectory, 'refinement' | 'checkpoints'>;

/** Numbers of fine checkpoints of one trajectory. */
export interface ExpectedCheckpoints {
  readonly mean: number;
  /** About two standard deviations below and above. */
  readonly low: number;
  readonly high: number;
}

/**
 * The curves of one target hit about so many intervals, and those of several overlap: as measured on MNIST at ratio 2, 1.6
 * of 11 intervals for one target, and 6.8 for twelve.
 */
const INTERVALS_PER_TARGET = 1.6;
const OVERLAP = 0.75;

/** Null for a trajectory without a refinement. Assumes that the targets' crossings lie anywhere, as on an even grid. */
export function expectedCheckpoints(trajectory: Planned): ExpectedCheckpoints | null {
  if (!trajectory.refinement) return null;
  const { fine, targets, levels } = trajectory.refinement;
  const added = new Set(fineCheckpoints(trajectory));
  const between = added.size;
  const intervals = fine.filter((t, i) => !added.has(t) && i > 0 && added.has(fine[i - 1]!)).length;
  const located = targets.filter(({ kind }) => kind !== 'published').length + (levels.length > 0 ? 1 : 0);
  if (intervals === 0 || located === 0) return { mean: 0, low: 0, high: 0 };
  const share = 1 - (1 - 1 / intervals) ** (INTERVALS_PER_TARGET * located ** OVERLAP);
  const deviation = Math.sqrt((share * (1 - share)) / intervals);
  return {
    mean: between * share,
    low: between * Math.max(0, share - 2 * deviation),
    high: between * Math.min(1, share + 2 * deviation),
  };
}

/** The fine checkpoints between the coarse ones; none without a refinement. */
function fineCheckpoints({ refinement, checkpoints }: Planned): number[] {
  const coarse = new Set(checkpoints.map(({ t }) => t));
  return (refinement?.fine ?? []).filter(t => !coarse.has(t));
}

/** The share of the coarse checkpoints that are still to do: while none is, nothing more is expected. */
export function shareOpen(
  { checkpoints }: Pick<PlannedTrajectory, 'checkpoints'>,
  unfinished: readonly CheckpointTask[],
): number {
  const open = new Set(unfinished.map(({ t }) => t));
  return checkpoints.filter(({ t }) => open.has(t)).length / checkpoints.length;
}

/** The arithmetic of the checkpoints that are expected beyond the unfinished ones; zero without a refinement. */
export function expectedArithmetic(
  trajectory: PlannedTrajectory,
  unfinished: readonly CheckpointTask[],
  evaluate: EvaluatedSets,
  sizes: DataSizes,
): Arithmetic {
  const expected = expectedCheckpoints(trajectory);
  const { variants } = trajectory.checkpoints[0]!;
  const between = fineCheckpoints(trajectory);
  const checkpoints = between.map(t => ({ t, variants }));
  // States are kept, so nothing is trained again.
  const from = between.at(-1) ?? 0;
  const all = arithmeticOf({ ...trajectory, checkpoints }, evaluate, sizes, from);
  const share =
    expected && between.length > 0 ? (expected.mean * shareOpen(trajectory, unfinished)) / between.length : 0;
  return arithmeticBy(kind => all[kind] * share);
}
