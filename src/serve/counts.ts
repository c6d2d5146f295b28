/** Finished cells of each sweep, cached by trajectory. The view `progress` would scan every cell again. */
import type { Steps } from '../base/steps.js';
import type { LiveReader } from '../store/read/live-reader.js';
import type { LiveSweep } from '../store/read/live-rows.js';
import type { SweepProgress } from '../store/schema/rows.js';

interface SweepCounts {
  readonly sweep: LiveSweep;
  /** By trajectory key. */
  readonly byTrajectory: Map<number, { readonly cells: number; readonly done: number }>;
  trajectoriesDone: number;
  cells: number;
  cellsDone: number;
}

export class Counts {
  private sweeps: SweepCounts[] = [];
  private readonly stale = new Set<number>();

  /** Marks trajectories whose cells may have changed. */
  markStale(trajectories: Iterable<number>): void {
    for (const trajectory of trajectories) this.stale.add(trajectory);
  }

  /** Counts marked trajectories again, and new or redefined sweeps in full. The caller may pause at each yield. */
  *refresh(live: LiveReader, sweeps: readonly LiveSweep[]): Steps<void> {
    const cached = new Map(this.sweeps.map(counts => [counts.sweep.stamp, counts]));
    this.sweeps = [];
    for (const sweep of sweeps) {
      const existing = cached.get(sweep.stamp);
      const counts = existing ?? {
        sweep,
        byTrajectory: new Map(),
        trajectoriesDone: 0,
        cells: 0,
        cellsDone: 0,
      };
      this.sweeps.push(counts);
      if (!existing) {
        for (const { trajectory, cells, done } of live.counts(sweep.key)) {
          set(counts, trajectory, cells, done);
          yield;
        }
        continue;
      }
      for (const trajectory of this.stale) {
        const now = counts.byTrajectory.has(trajectory) ? live.count(sweep.key, trajectory) : undefined;
        if (now) set(counts, trajectory, now.cells, now.done);
        yield;
      }
    }
    this.stale.clear();
  }

  /** The rows of the view `progress`, sorted by name. */
  progress(live: LiveReader): SweepProgress[] {
    const failed = live.failed();
    return this.sweeps
      .map(({ sweep, byTrajectory, trajectoriesDone, cells, cellsDone }) => ({
        sweep: sweep.name,
        trajectories: byTrajectory.size,
        trajectoriesDone,
        trajectoriesFailed: failed.filter(key => {
          const counts = byTrajectory.get(key);
          return counts !== undefined && counts.done < counts.cells;
        }).length,
        cells,
        cellsDone,
      }))
      .sort((a, b) => (a.sweep < b.sweep ? -1 : 1));
  }
}

function set(counts: SweepCounts, trajectory: number, cells: number, done: number): void {
  // -1: a new trajectory was not complete before, even one without cells.
  const previous = counts.byTrajectory.get(trajectory) ?? { cells: 0, done: -1 };
  counts.cells += cells - previous.cells;
  counts.cellsDone += done - Math.max(0, previous.done);
  counts.trajectoriesDone += Number(done === cells) - Number(previous.done === previous.cells);
  counts.byTrajectory.set(trajectory, { cells, done });
}
