/** What the server caches of a database between two polls, so that a poll reads only what changed. */
import type { Steps } from '../base/steps.js';
import { type Selection, type SelectionParams, select } from '../slice/selection.js';
import type { LiveReader } from '../store/read/live-reader.js';
import type { Cursor, LiveCurve, LiveSweep } from '../store/read/live-rows.js';
import { Counts } from './counts.js';
import { CurveCache } from './curve-cache.js';

/** Sets of curves that are kept; more where more are in use. */
const MAX_SLICES = 6;
/** Members of a sweep that are read between two yields. */
const YIELD_EVERY = 500;

export interface View {
  readonly selection: Selection;
  readonly slice: CurveCache;
}

export class LiveCache {
  readonly counts = new Counts();
  private cursor: Cursor | null = null;
  private sweeps: readonly LiveSweep[] = [];
  private readonly members = new Map<string, readonly LiveCurve[]>();
  private readonly selections = new Map<string, Selection>();
  private slices = new Map<string, CurveCache>();

  /**
   * Reads and counts what changed since the last call. False where the database is another one than before: the
   * caller starts over with a new LiveCache. The caller may pause at each yield.
   */
  *update(live: LiveReader): Steps<boolean> {
    const changed = live.changedSince(this.cursor);
    if (!changed) return false;
    this.cursor = changed.cursor;
    for (const slice of this.slices.values()) slice.markStale(changed.trajectories);
    this.counts.markStale(changed.trajectories);
    const sweeps = live.sweeps();
    if (sweeps.map(({ stamp }) => stamp).join() !== this.sweeps.map(({ stamp }) => stamp).join()) {
      this.members.clear();
      this.selections.clear();
    }
    this.sweeps = sweeps;
    for (const slice of this.slices.values()) slice.noteThresholds(sweeps);
    yield* this.counts.refresh(live, sweeps);
    return true;
  }

  /**
   * The curves that `params` select, by default of the running sweep, else of the last one updated; null where there
   * is no sweep yet. The caller may pause at each yield.
   *
   * @param running the name of the running sweep.
   */
  *select(live: LiveReader, params: SelectionParams, running: string | null): Steps<View | null> {
    const sweepNamed = (name: string | null | undefined) => this.sweeps.find(sweep => sweep.name === name);
    const sweep = sweepNamed(params.sweep) ?? sweepNamed(running) ?? this.sweeps[0];
    if (!sweep) return null;
    const key = JSON.stringify([sweep.stamp, params]);
    let selection = this.selections.get(key);
    if (!selection) {
      const members = this.members.get(sweep.stamp) ?? (yield* readMembers(live, sweep));
      this.members.set(sweep.stamp, members);
      selection = select(this.sweeps, sweep, members, params);
      this.selections.set(key, selection);
    }
    const slice = this.slices.get(selection.key) ?? new CurveCache(selection);
    this.slices.set(selection.key, slice);
    return { selection, slice };
  }

  /** Drops curves that no page uses any more, the longest unused first. */
  prune(used: ReadonlySet<CurveCache>): void {
    const all = [...this.slices].sort(([, a], [, b]) => Number(used.has(a)) - Number(used.has(b)));
    this.slices = new Map(all.slice(-Math.max(MAX_SLICES, used.size)));
    if (this.selections.size > 1000) this.selections.clear();
  }
}

function* readMembers(live: LiveReader, { key }: LiveSweep): Steps<readonly LiveCurve[]> {
  const members: LiveCurve[] = [];
  for (const member of live.curves(key)) {
    members.push(member);
    if (members.length % YIELD_EVERY === 0) yield;
  }
  return members;
}
