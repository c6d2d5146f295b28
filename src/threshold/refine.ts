/**
 * Chooses the fine checkpoints of a trajectory from its own rows: those of every coarse interval in which a curve may cross
 * one of its targets (statistics.md, section 1).
 *
 * The choice goes in rounds. Round 0 looks at the coarse checkpoints alone, each later round at all that the rounds before
 * it have chosen, and rows of other checkpoints are never looked at. What is chosen is therefore the same in whatever
 * order rows come, and whatever else is stored.
 */
import type { MeasuredCell, RefinementTask } from '../domain/messages.js';
import type { PlannedCheckpoint, PlannedTrajectory, TrajectoryConfig, Variant } from '../domain/types.js';
import { variantKey } from '../domain/variant.js';
import { crossingIndices } from './crossing.js';
import {
  columnsOf,
  columnValue,
  type Goal,
  goalOf,
  hasConverged,
  hasMetric,
  levelWithinDense,
} from './goals.js';
import { placesAsked, placesAskedByEnding } from './places-asked.js';
import { type SmoothCurve, smoothCurve } from './smooth-curve.js';

/** What the choice follows from, beside the rows. */
export type ChoiceRules = Pick<RefinementTask, 'fine' | 'targets' | 'levels' | 'coarse' | 'variants'> &
  Pick<TrajectoryConfig, 'datasetSize'>;

/** The rules of a planned trajectory; null if it does not refine. */
export function choiceRules({ refinement, checkpoints, config }: PlannedTrajectory): ChoiceRules | null {
  return (
    refinement && {
      ...refinement,
      coarse: checkpoints.map(({ t }) => t),
      variants: checkpoints[0]!.variants,
      datasetSize: config.datasetSize,
    }
  );
}

/** The checkpoints of a trajectory that are known from its rows: the planned ones, and those that follow. */
export function knownCheckpoints(
  trajectory: PlannedTrajectory,
  cells: Iterable<MeasuredCell>,
): readonly PlannedCheckpoint[] {
  const rules = choiceRules(trajectory);
  const chosen = rules ? chosenCheckpoints(rules, cells) : [];
  if (!rules || chosen.length === 0) return trajectory.checkpoints;
  const { variants } = rules;
  return [...trajectory.checkpoints, ...chosen.map(t => ({ t, variants }))].sort((a, b) => a.t - b.t);
}

/** The metric columns that a choice reads. */
export const choiceColumns = ({ targets }: Pick<ChoiceRules, 'targets'>): string[] =>
  columnsOf(targets.map(goalOf));

/**
 * The fine checkpoints that follow from the rows so far, ascending, without coarse ones. Nothing more follows when these
 * and all coarse checkpoints have their rows and are what is returned.
 *
 * A checkpoint counts as measured once it has a cell of every variant. Until all coarse ones are, only the first raw
 * crossings of known levels choose.
 */
export function chosenCheckpoints(rules: ChoiceRules, cells: Iterable<MeasuredCell>): number[] {
  const choice = new Choice(rules, cells);
  if (!choice.hasAllCoarse) return choice.atOnce();
  while (choice.isMeasured() && choice.advance());
  return choice.chosen();
}

class Choice {
  private readonly goals: readonly Goal[];
  private readonly byCheckpoint = new Map<number, Map<string, MeasuredCell>>();
  /** By place in the fine sequence: whether the rounds so far have it. */
  private readonly included: Uint8Array;
  /** Places of the coarse checkpoints. */
  private readonly coarsePlaces: readonly number[];
  private readonly levels: ReadonlyMap<string, number>;

  constructor(
    private readonly rules: ChoiceRules,
    cells: Iterable<MeasuredCell>,
  ) {
    const { fine, coarse, targets, levels } = rules;
    this.goals = targets.map(goalOf);
    this.levels = new Map(
      levels.map(({ metric, variant, value }) => [`${metric} ${variantKey(variant)}`, value]),
    );
    for (const cell of cells) {
      const at = this.byCheckpoint.get(cell.t) ?? new Map<string, MeasuredCell>();
      this.byCheckpoint.set(cell.t, at);
      at.set(variantKey(cell), cell);
    }
    const placeOf = new Map(fine.map((t, place) => [t, place]));
    this.coarsePlaces = coarse.map(t => placeOf.get(t)!);
    this.included = new Uint8Array(fine.length);
    for (const place of this.coarsePlaces) this.included[place] = 1;
  }

  get hasAllCoarse(): boolean {
    return this.rules.coarse.every(t => this.has(t));
  }

  /** Whether all checkpoints of the rounds so far have their rows. */
  isMeasured(): boolean {
    return this.rules.fine.every((t, place) => this.included[place] === 0 || this.has(t));
  }

  /** Without the coarse ones. */
  chosen(): number[] {
    const coarse = new Set(this.rules.coarse);
    return this.rules.fine.filter((t, place) => this.included[place] === 1 && !coarse.has(t));
  }

  /** The intervals of raw crossings among the coarse checkpoints that are measured without a gap. */
  atOnce(): number[] {
    const { coarse, datasetSize, variants } = this.rules;
    const gap = coarse.findIndex(t => !this.has(t));
    const measured = coarse.slice(0, gap < 0 ? coarse.length : gap);
    for (const { goal, variant } of this.curves()) {
      const level =
        goal.spec.kind === 'withinDense' ? undefined : this.knownLevel(goal, variant, datasetSize);
      if (level === undefined) continue;
      const curve = smoothCurve(
        measured,
        this.valuesAt(measured, variant ?? variants[0]!, goal.metric.column),
        goal.trend,
        this.rules.fine,
      );
      const { raw } = crossingIndices(curve, level);
      if (raw > 0 && raw < curve.t.length) this.included.fill(1, curve.place[raw - 1]!, curve.place[raw]!);
    }
    return this.chosen();
  }

  /** Takes one round. Returns whether it has chosen anything. */
  advance(): boolean {
    const { fine, variants, datasetSize } = this.rules;
    const t = fine.filter((_, place) => this.included[place] === 1);
    const before = this.included.slice();
    const cached = new Map<string, SmoothCurve>();
    const curveOf = (column: string, variant: Variant, goal: Goal): SmoothCurve => {
      const key = `${column} ${variantKey(variant)}`;
      const curve = cached.get(key) ?? smoothCurve(t, this.valuesAt(t, variant, column), goal.trend, fine);
      cached.set(key, curve);
      return curve;
    };
    // The dense network is the same for every variant.
    const levels = new Map<Goal, number | string>();
    const levelFromDense = (goal: Goal): number | string => {
      const known = levels.get(goal);
      if (known !== undefined) return known;
      const dense = curveOf(goal.denseColumn, variants[0]!, goal);
      for (const place of convergenceAsks(goal, dense, datasetSize)) this.include(place);
      const level = levelWithinDense(goal, dense, datasetSize, t.at(-1));
      levels.set(goal, level);
      return level;
    };
    for (const { goal, variant } of this.curves()) {
      const curve = curveOf(goal.metric.column, variant ?? variants[0]!, goal);
      if (curve.t.length < 2) continue;
      const level =
        goal.spec.kind === 'withinDense' ? levelFromDense(goal) : this.knownLevel(goal, variant, datasetSize);
      if (typeof level !== 'number') continue;
      for (const place of placesAsked(curve, level)) this.include(place);
    }
    return this.included.some((value, place) => value !== before[place]);
  }

  /** Every curve that has a threshold: one of the dense network, else one for each variant. */
  private *curves(): Generator<{ readonly goal: Goal; readonly variant: Variant | null }> {
    for (const goal of this.goals) {
      if (goal.metric.network === 'dense' && goal.spec.kind !== 'published') {
        yield { goal, variant: null };
        continue;
      }
      for (const variant of this.rules.variants) if (hasMetric(goal, variant)) yield { goal, variant };
    }
  }

  private knownLevel(goal: Goal, variant: Variant | null, datasetSize: number): number | undefined {
    if (goal.spec.kind !== 'published') return columnValue(goal, datasetSize);
    return this.levels.get(`${goal.spec.metric} ${variantKey(variant ?? this.rules.variants[0]!)}`);
  }

  /** Includes the coarse interval that holds a place. */
  private include(place: number): void {
    const next = this.coarsePlaces.findIndex(coarse => coarse > place);
    this.included.fill(1, this.coarsePlaces[next - 1]!, this.coarsePlaces[next]!);
  }

  private has(t: number): boolean {
    return this.byCheckpoint.get(t)?.size === this.rules.variants.length;
  }

  private valuesAt(t: readonly number[], variant: Variant, column: string): (number | null)[] {
    const key = variantKey(variant);
    return t.map(at => this.byCheckpoint.get(at)!.get(key)!.metrics[column] ?? null);
  }
}

/** The places that could tell whether a dense curve has converged. */
const convergenceAsks = (goal: Goal, dense: SmoothCurve, datasetSize: number): Set<number> =>
  placesAskedByEnding(dense, ending =>
    hasConverged(ending, dense.raw.at(-1)!, columnValue(goal, datasetSize)),
  );
