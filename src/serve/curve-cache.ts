/**
 * The curves of one selection, cached in memory. Each is read once, and again when its trajectory progresses; figures
 * are assembled from the cache without a query.
 */
import type { Steps } from '../base/steps.js';
import { findMetric } from '../domain/metrics.js';
import { type RefinedGrid, refinedGridOf } from '../domain/sweep-file/axes.js';
import type {
  CurveRow,
  PruneMethod,
  SetName,
  ThresholdRow,
  ThresholdSpec,
  TrajectoryConfig,
} from '../domain/types.js';
import { variantOf } from '../domain/variant.js';
import type { Selection } from '../slice/selection.js';
import type { CrossingPoint, CurvePoint } from '../store/read/figure-rows.js';
import type { LiveReader } from '../store/read/live-reader.js';
import type { LiveSweep } from '../store/read/live-rows.js';
import { liveCurveKey } from '../store/read/live-thresholds.js';
import { computeThresholds, isPublished } from '../threshold/targets.js';
import { THRESHOLD_VERSION } from '../threshold/version.js';
import { type Curve, summarise } from './summary.js';

/** `published` compares all curves with each other. Beyond this many rows only the end of the run computes it. */
const MAX_PUBLISHED_ROWS = 200_000;
/** In drawing order. */
const METHODS: readonly PruneMethod[] = ['greedy', 'random', 'magnitude'];

export interface CachedCurves {
  readonly curves: readonly CurvePoint[];
  /** Of complete curves only. */
  readonly crossings: readonly CrossingPoint[];
  /** Members whose curves are complete. */
  readonly complete: number;
  /** Members that have been read. */
  readonly read: number;
}

export class CurveCache {
  private readonly columns: readonly string[];
  /** Indices of the members to read. */
  private readonly stale: Set<number>;
  /** The store's, while they are valid. */
  private stored: ReadonlyMap<string, readonly ThresholdRow[]> | null = null;
  private thresholdStamp: string | null;
  private areThresholdsStale = false;
  // Keyed by the index of a member.
  private readonly curves = new Map<number, Curve>();
  private readonly crossings = new Map<number, readonly ThresholdRow[]>();
  private readonly configs = new Map<number, TrajectoryConfig>();
  /** Keyed by trajectory. */
  private readonly indicesByTrajectory = new Map<number, number[]>();
  // Keyed by data set size.
  private readonly indicesBySize = new Map<number, number[]>();
  private readonly summaries = new Map<number, readonly CurvePoint[]>();
  private readonly grid: RefinedGrid | null;
  private readonly coarse: ReadonlySet<number> | null;
  /** Thresholds that depend on one curve alone. */
  private readonly perCurve: readonly ThresholdSpec[];
  private readonly published: readonly ThresholdSpec[];
  /** Counts the reads of curves. Equal versions have equal contents. */
  version = 0;
  private complete = 0;
  /** Finished points of all curves. */
  private pointCount = 0;

  constructor(private readonly selection: Selection) {
    const { sweep, members, set } = selection;
    this.grid = refinedGridOf(sweep.axes);
    this.coarse = this.grid && new Set(this.grid.coarse);
    this.perCurve = sweep.thresholds.filter(({ kind }) => kind !== 'published');
    this.published = sweep.thresholds.filter(({ kind }) => kind === 'published');
    this.thresholdStamp = sweep.thresholdStamp;
    this.columns = columnsOf(sweep.thresholds, set);
    this.stale = new Set(members.keys());
    for (const [index, { trajectory, datasetSize }] of members.entries()) {
      append(this.indicesByTrajectory, trajectory, index);
      append(this.indicesBySize, datasetSize, index);
    }
  }

  /** Marks the curves of trajectories that may have progressed. */
  markStale(trajectories: Iterable<number>): void {
    for (const trajectory of trajectories) {
      for (const index of this.indicesByTrajectory.get(trajectory) ?? []) this.stale.add(index);
    }
  }

  /** Marks the stored thresholds to be read again where they have changed. A run stores them after its last curve. */
  noteThresholds(sweeps: readonly LiveSweep[]): void {
    const stamp = sweeps.find(({ key }) => key === this.selection.sweep.key)?.thresholdStamp ?? null;
    if (stamp === this.thresholdStamp) return;
    this.thresholdStamp = stamp;
    this.areThresholdsStale = true;
  }

  get isStale(): boolean {
    return this.stale.size > 0 || this.areThresholdsStale;
  }

  /** Reads the marked curves, one between two yields. */
  *refresh(live: LiveReader): Steps<void> {
    if (!this.isStale) return;
    this.stored = live.validThresholds(this.selection.sweep.name, THRESHOLD_VERSION);
    if (this.areThresholdsStale) this.version++;
    this.areThresholdsStale = false;
    for (const index of this.stale) {
      this.read(live, index);
      this.stale.delete(index);
      yield;
    }
  }

  contents(): CachedCurves {
    return {
      curves: [...this.indicesBySize.keys()].sort((a, b) => a - b).flatMap(n => this.summaryOf(n)),
      crossings: this.crossingPoints(),
      complete: this.complete,
      read: this.curves.size,
    };
  }

  private read(live: LiveReader, index: number): void {
    const member = this.selection.members[index]!;
    const points = live.curve(this.selection.sweep.key, member, this.columns);
    const finished = points.filter(([, isFinished]) => isFinished === 1);
    const curve: Curve = {
      t: finished.map(([t]) => t),
      values: this.columns.map((_, c) => Float64Array.from(finished, point => point[c + 2] ?? Number.NaN)),
      complete: finished.length === points.length,
    };
    this.version++;
    const previous = this.curves.get(index);
    this.curves.set(index, curve);
    this.pointCount += curve.t.length - (previous?.t.length ?? 0);
    this.complete += Number(curve.complete) - Number(previous?.complete ?? false);
    this.summaries.delete(member.datasetSize);
    this.crossings.delete(index);
    if (!curve.complete) return;
    const config = live.config(member.trajectory);
    if (this.published.length > 0) this.configs.set(index, config);
    const stored = this.stored?.get(liveCurveKey(member));
    this.crossings.set(
      index,
      stored?.filter(row => !isPublished(row)) ??
        computeThresholds(this.perCurve, this.curveRows(index, curve, config), { grid: this.grid }).rows,
    );
  }

  private *curveRows(index: number, { t, values }: Curve, config: TrajectoryConfig): Generator<CurveRow> {
    const variant = variantOf(this.selection.members[index]!);
    for (let i = 0; i < t.length; i++) {
      const metrics = Object.fromEntries(this.columns.map((column, c) => [column, values[c]![i]!]));
      yield { trajectoryId: String(index), config, ...variant, t: t[i]!, metrics };
    }
  }

  private *completeRows(): Generator<CurveRow> {
    for (const [index, config] of this.configs) {
      const curve = this.curves.get(index)!;
      if (curve.complete) yield* this.curveRows(index, curve, config);
    }
  }

  private crossingPoints(): CrossingPoint[] {
    const perCurve = [...this.crossings].flatMap(([index, rows]) => rows.map(row => this.point(index, row)));
    return [...perCurve, ...this.publishedPoints()];
  }

  private publishedPoints(): CrossingPoint[] {
    if (this.published.length === 0) return [];
    const { stored } = this;
    if (stored) {
      return this.selection.members.flatMap((member, index) =>
        (stored.get(liveCurveKey(member)) ?? []).filter(isPublished).map(row => this.point(index, row)),
      );
    }
    if (this.pointCount > MAX_PUBLISHED_ROWS) return [];
    const largest = Math.max(...this.indicesBySize.keys());
    const { rows } = computeThresholds(this.published, this.completeRows(), {
      largestSize: largest,
      grid: this.grid,
    });
    return rows.map(row => this.point(Number(row.trajectoryId), row));
  }

  private point(index: number, { metric, target, lower, upper, censoring }: ThresholdRow): CrossingPoint {
    const { datasetSize: n, seed, method } = this.selection.members[index]!;
    return { n, seed, method, metric, target, lower, upper, censoring };
  }

  private summaryOf(n: number): readonly CurvePoint[] {
    const cached = this.summaries.get(n);
    if (cached) return cached;
    const { members } = this.selection;
    const curvesByMethod = new Map<PruneMethod, Curve[]>();
    for (const index of this.indicesBySize.get(n)!) {
      const curve = this.curves.get(index);
      if (curve) append(curvesByMethod, members[index]!.method, curve);
    }
    const { set } = this.selection;
    const indicesOf = (network: 'dense' | 'subnet') =>
      [`${network}_${set}_loss`, `${network}_${set}_accuracy`].map(name => this.columns.indexOf(name));
    const methods = METHODS.flatMap(method => {
      const curves = curvesByMethod.get(method);
      return curves ? [{ method, curves }] : [];
    });
    const summary = [
      // All methods prune the same dense network, so the curves of one method are enough.
      ...methods
        .slice(0, 1)
        .flatMap(({ curves }) => summarise(n, 'dense', curves, indicesOf('dense'), this.coarse)),
      ...methods.flatMap(({ method, curves }) =>
        summarise(n, method, curves, indicesOf('subnet'), this.coarse),
      ),
    ];
    this.summaries.set(n, summary);
    return summary;
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** The metric columns that are drawn, and those that decide the thresholds. */
function columnsOf(thresholds: readonly ThresholdSpec[], set: SetName): string[] {
  const columns = new Set(
    ['dense', 'subnet'].flatMap(network => [`${network}_${set}_loss`, `${network}_${set}_accuracy`]),
  );
  for (const { metric: name, kind } of thresholds) {
    const info = findMetric(name);
    if (!info) continue;
    columns.add(info.column);
    if (kind === 'withinDense') columns.add(`dense_${info.set}_${info.quantity}`);
  }
  return [...columns];
}
