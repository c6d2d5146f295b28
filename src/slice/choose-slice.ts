/** Which curves of a sweep its figures show. */
import { dependenceOnSize } from '../domain/dependence-on-size.js';
import type { Slice, SweepCurve } from '../store/read/figure-rows.js';

/** What a reader asks to see, where it is not the widest network and the largest subnetwork. */
export interface SliceChoice {
  readonly width?: number;
  readonly subnetSize?: number;
}

export interface ChosenSlice {
  readonly slice: Slice;
  /** Ids of the trajectories in it. */
  readonly trajectories: readonly string[];
}

type Axes = Readonly<Record<string, unknown>>;

/**
 * The largest width and subnetwork size, greedy selection without re-training, and the first value of every other
 * axis; null where the sweep asks for nothing.
 *
 * @param axisValues by path, the values in the order of the sweep file.
 */
export function chooseSlice(
  sweep: string,
  members: readonly SweepCurve[],
  axisValues: Readonly<Record<string, unknown>>,
  choice: SliceChoice = {},
): ChosenSlice | null {
  if (members.length === 0) return null;
  const parsed = new Map(
    [...new Set(members.map(({ axes }) => axes))].map(text => [text, JSON.parse(text) as Axes]),
  );
  const axesOf = (member: SweepCurve): Axes => parsed.get(member.axes)!;
  const widthMoves = movesWithSize(members, member => member.width);
  const width = widthMoves
    ? null
    : (choice.width ?? Math.max(...new Set(members.map(member => member.width))));
  let left = members.filter(member => width === null || member.width === width);

  const greedy = left.filter(({ method }) => method === 'greedy');
  const selected = greedy.length > 0 ? greedy : left;
  const subnetSize = choice.subnetSize ?? Math.max(...new Set(selected.map(member => member.subnetSize)));
  const retrainIterations = Math.min(...new Set(selected.map(member => member.retrainIterations)));
  const first = selected.find(
    member => member.subnetSize === subnetSize && member.retrainIterations === retrainIterations,
  );

  const axes: Record<string, unknown> = {};
  const fixed = ['prune.objective', 'retrain.iterations'];
  for (const path of Object.keys(axesOf(left[0]!))) {
    if (fixed.includes(path)) continue;
    if (movesWithSize(left, member => JSON.stringify(axesOf(member)[path]))) continue;
    const known = axisValues[path];
    const order = (Array.isArray(known) ? known : [known]).map(value => JSON.stringify(value));
    const present = [...new Set(left.map(member => JSON.stringify(axesOf(member)[path])))];
    const value = order.find(text => present.includes(text)) ?? present[0]!;
    left = left.filter(member => JSON.stringify(axesOf(member)[path]) === value);
    axes[path] = JSON.parse(value);
  }
  return {
    slice: { sweep, width, axes, objective: first?.objective ?? null, subnetSize, retrainIterations },
    trajectories: [...new Set(left.map(({ trajectoryId }) => trajectoryId))],
  };
}

function movesWithSize(members: readonly SweepCurve[], pick: (member: SweepCurve) => unknown): boolean {
  return dependenceOnSize(members, member => member.datasetSize, pick) === 'moves';
}
