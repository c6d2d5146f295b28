/** Chooses the curves of a sweep that its figures show. */
import { dependenceOnSize } from '../domain/dependence-on-size.js';
import { isCellPath } from '../domain/sweep-spec.js';
import type { Slice, SweepCurve } from '../store/read/figure-rows.js';

/** The reader's choice. Default: the widest network and the largest subnetwork. */
export interface SliceChoice {
  readonly width?: number;
  readonly subnetSize?: number;
}

export interface ChosenSlice {
  readonly slice: Slice;
  /** Ids of the trajectories in the slice. */
  readonly trajectories: readonly string[];
}

type Axes = Readonly<Record<string, unknown>>;

/**
 * The largest width and subnetwork size, greedy selection with the least re-training, and the first value of every
 * other axis. Null if the sweep has no curves.
 *
 * @param axisValues by path, in the order of the sweep file.
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
  let remaining = members.filter(member => width === null || member.width === width);

  const greedy = remaining.filter(({ method }) => method === 'greedy');
  const selected = greedy.length > 0 ? greedy : remaining;
  const subnetSize = choice.subnetSize ?? Math.max(...new Set(selected.map(member => member.subnetSize)));
  const retrainIterations = Math.min(...new Set(selected.map(member => member.retrainIterations)));
  const first = selected.find(
    member => member.subnetSize === subnetSize && member.retrainIterations === retrainIterations,
  );

  const axes: Record<string, unknown> = {};
  for (const path of Object.keys(axesOf(remaining[0]!))) {
    if (isCellPath(path)) continue;
    if (movesWithSize(remaining, member => JSON.stringify(axesOf(member)[path]))) continue;
    const values = axisValues[path];
    const order = (Array.isArray(values) ? values : [values]).map(value => JSON.stringify(value));
    const present = [...new Set(remaining.map(member => JSON.stringify(axesOf(member)[path])))];
    const value = order.find(text => present.includes(text)) ?? present[0]!;
    remaining = remaining.filter(member => JSON.stringify(axesOf(member)[path]) === value);
    axes[path] = JSON.parse(value);
  }
  return {
    slice: {
      sweep,
      width,
      axes,
      objective: first?.objective ?? null,
      sampleSize: first?.sampleSize ?? null,
      subnetSize,
      retrainIterations,
    },
    trajectories: [...new Set(remaining.map(({ trajectoryId }) => trajectoryId))],
  };
}

function movesWithSize(members: readonly SweepCurve[], pick: (member: SweepCurve) => unknown): boolean {
  return dependenceOnSize(members, member => member.datasetSize, pick) === 'moves';
}
