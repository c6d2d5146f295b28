/** Finished cells, kept by trajectory: the view `progress` would look at every cell again. */
import type { LiveReader, LiveSweep } from '../store/read/live-reader.js';
import type { SweepProgress } from '../store/schema/rows.js';

interface SweepCounts {
  readonly sweep: LiveSweep;
  /** By trajectory. */
  readonly of: Map<number, { readonly cells: number; readonly done: number }>;
  trajectoriesDone: number;
  cells: number;
  cellsDone: number;
}

export class Counts {
  private sweeps: SweepCounts[] = [];
  private readonly stale = new Set<number>();

  /** These trajectories may have gone on. */
  touch(trajectories: Iterable<number>): void {
    for (const trajectory of trajectories) this.stale.add(trajectory);
  }

  /** Counts what is new: sweeps that are, or are defined anew, in full. May rest at each yield. */
  *refresh(live: LiveReader, sweeps: readonly LiveSweep[]): Generator<void> {
    const known = new Map(this.sweeps.map(counts => [counts.sweep.stamp, counts]));
    this.sweeps = [];
    for (const sweep of sweeps) {
      const held = known.get(sweep.stamp);
      const counts = held ?? { sweep, of: new Map(), trajectoriesDone: 0, cells: 0, cellsDone: 0 };
      this.sweeps.push(counts);
      if (!held) {
        for (const { trajectory, cells, done } of live.counts(sweep.key)) {
          set(counts, trajectory, cells, done);
          yield;
        }
        continue;
      }
      for (const trajectory of this.stale) {
        const now = counts.of.has(trajectory) ? live.count(sweep.key, trajectory) : undefined;
        if (now) set(counts, trajectory, now.cells, now.done);
        yield;
      }
    }
    this.stale.clear();
  }

  /** As the view `progress`, by name. */
  progress(live: LiveReader): SweepProgress[] {
    const failed = live.failed();
    return this.sweeps
      .map(({ sweep, of, trajectoriesDone, cells, cellsDone }) => ({
        sweep: sweep.name,
        trajectories: of.size,
        trajectoriesDone,
        trajectoriesFailed: failed.filter(key => {
          const counts = of.get(key);
          return counts !== undefined && counts.done < counts.cells;
        }).length,
        cells,
        cellsDone,
      }))
      .sort((a, b) => (a.sweep < b.sweep ? -1 : 1));
  }
}

function set(counts: SweepCounts, trajectory: number, cells: number, done: number): void {
  const former = counts.of.get(trajectory) ?? { cells: 0, done: -1 };
  counts.cells += cells - former.cells;
  counts.cellsDone += done - Math.max(0, former.done);
  counts.trajectoriesDone += Number(done === cells) - Number(former.done === former.cells);
  counts.of.set(trajectory, { cells, done });
}
