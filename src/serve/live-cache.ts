/** What is kept of a database between two looks, so that a look reads only what is new. */

import { type Selection, type SelectionParams, select } from '../slice/selection.js';
import type { Cursor, LiveReader, LiveSweep, SweepCurve } from '../store/read/live-reader.js';
import { Counts } from './counts.js';
import { CurveCache } from './slice.js';

/** Different sets of curves that are kept at once. */
const MOST_SLICES = 6;
/** Members between two rests while a sweep's are read. */
const REST_EVERY = 500;

export interface View {
  readonly selection: Selection;
  readonly slice: CurveCache;
}

export class LiveCache {
  readonly counts = new Counts();
  private mark: Cursor | null = null;
  private sweeps: readonly LiveSweep[] = [];
  private readonly members = new Map<string, readonly SweepCurve[]>();
  private readonly selections = new Map<string, Selection>();
  private slices = new Map<string, CurveCache>();

  /**
   * Learns what has changed, and counts it. False where the database is another one than before: begin with a new
   * memory. May rest at each yield.
   */
  *update(live: LiveReader): Generator<void, boolean> {
    const changed = live.changedSince(this.mark);
    if (!changed) return false;
    this.mark = changed.mark;
    for (const slice of this.slices.values()) slice.touch(changed.trajectories);
    this.counts.touch(changed.trajectories);
    const sweeps = live.sweeps();
    if (sweeps.map(({ stamp }) => stamp).join() !== this.sweeps.map(({ stamp }) => stamp).join()) {
      this.members.clear();
      this.selections.clear();
    }
    this.sweeps = sweeps;
    yield* this.counts.refresh(live, sweeps);
    return true;
  }

  /** The curves that these wishes stand for, null where there is no sweep yet. Yields where it may rest. */
  *look(live: LiveReader, wishes: SelectionParams, running: string | null): Generator<void, View | null> {
    const named = (name: string | null | undefined) => this.sweeps.find(sweep => sweep.name === name);
    const sweep = named(wishes.sweep) ?? named(running) ?? this.sweeps[0];
    if (!sweep) return null;
    const wish = JSON.stringify([sweep.stamp, wishes]);
    let selection = this.selections.get(wish);
    if (!selection) {
      const members = this.members.get(sweep.stamp) ?? (yield* readMembers(live, sweep));
      this.members.set(sweep.stamp, members);
      selection = select(this.sweeps, sweep, members, wishes);
      this.selections.set(wish, selection);
    }
    const slice = this.slices.get(selection.key) ?? new CurveCache(selection);
    this.slices.set(selection.key, slice);
    return { selection, slice };
  }

  /** Lets go of curves that nobody looks at any more, the longest unused first. */
  keep(used: ReadonlySet<CurveCache>): void {
    const all = [...this.slices].sort(([, a], [, b]) => Number(used.has(a)) - Number(used.has(b)));
    this.slices = new Map(all.slice(-Math.max(MOST_SLICES, used.size)));
    if (this.selections.size > 1000) this.selections.clear();
  }
}

function* readMembers(live: LiveReader, { key }: LiveSweep): Generator<void, readonly SweepCurve[]> {
  const members: SweepCurve[] = [];
  for (const member of live.members(key)) {
    members.push(member);
    if (members.length % REST_EVERY === 0) yield;
  }
  return members;
}
