/**
 * The curves of one selection, in memory: read once, and again where a trajectory has gone on. What is shown is put
 * together from them without asking the database.
 */

import { metricNamed } from '../domain/metrics.js';
import type {
  CurveRow,
  PruneMethod,
  SetName,
  ThresholdRow,
  ThresholdSpec,
  TrajectoryConfig,
} from '../domain/types.js';
import type { Selection } from '../slice/selection.js';
import type { CrossingPoint, CurvePoint } from '../store/read/figure-rows.js';
import type { LiveReader } from '../store/read/live-reader.js';
import { computeThresholds } from '../threshold/targets.js';
import { type Curve, summarise } from './summary.js';

/** `published` compares all curves with each other; beyond so many rows it is left to the end of the run. */
const MOST_PUBLISHED_ROWS = 200_000;
/** In the order in which they are drawn. */
const METHODS: readonly PruneMethod[] = ['greedy', 'random', 'magnitude'];

export interface CachedCurves {
  readonly curves: readonly CurvePoint[];
  /** Of whole curves. */
  readonly crossings: readonly CrossingPoint[];
  /** Members whose curves are whole, and that have been read. */
  readonly complete: number;
  readonly read: number;
}

export class CurveCache {
  private readonly columns: readonly string[];
  /** All by the index of a member. */
  private readonly stale: Set<number>;
  private readonly curves = new Map<number, Curve>();
  private readonly crossings = new Map<number, readonly ThresholdRow[]>();
  private readonly ofTrajectory = new Map<number, number[]>();
  private readonly ofSize = new Map<number, number[]>();
  private readonly configs = new Map<number, TrajectoryConfig>();
  private readonly summaries = new Map<number, readonly CurvePoint[]>();
  private readonly single: readonly ThresholdSpec[];
  private readonly published: readonly ThresholdSpec[];
  /** Counts what has been read: nothing has changed while it stays. */
  version = 0;
  private complete = 0;
  private rows = 0;

  constructor(private readonly selection: Selection) {
    const { sweep, members, set } = selection;
    this.single = sweep.thresholds.filter(({ kind }) => kind !== 'published');
    this.published = sweep.thresholds.filter(({ kind }) => kind === 'published');
    this.columns = columnsOf(sweep.thresholds, set);
    this.stale = new Set(members.keys());
    for (const [index, { trajectory, datasetSize }] of members.entries()) {
      append(this.ofTrajectory, trajectory, index);
      append(this.ofSize, datasetSize, index);
    }
  }

  /** These trajectories may have gone on. */
  touch(trajectories: Iterable<number>): void {
    for (const trajectory of trajectories) {
      for (const index of this.ofTrajectory.get(trajectory) ?? []) this.stale.add(index);
    }
  }

  get isStale(): boolean {
    return this.stale.size > 0;
  }

  /** Reads what is new, one curve between two yields. */
  *refresh(live: LiveReader): Generator<void> {
    for (const index of this.stale) {
      this.read(live, index);
      this.stale.delete(index);
      yield;
    }
  }

  contents(): CachedCurves {
    return {
      curves: [...this.ofSize.keys()].sort((a, b) => a - b).flatMap(n => this.summaryOf(n)),
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
    const former = this.curves.get(index);
    this.curves.set(index, curve);
    this.rows += curve.t.length - (former?.t.length ?? 0);
    this.complete += Number(curve.complete) - Number(former?.complete ?? false);
    this.summaries.delete(member.datasetSize);
    this.crossings.delete(index);
    if (!curve.complete) return;
    const config = live.config(member.trajectory);
    if (this.published.length > 0) this.configs.set(index, config);
    const rows = this.curveRows(index, curve, config);
    this.crossings.set(index, computeThresholds(this.single, rows).rows);
  }

  private *curveRows(index: number, { t, values }: Curve, config: TrajectoryConfig): Generator<CurveRow> {
    const { method, objective, subnetSize, retrainIterations } = this.selection.members[index]!;
    const variant = { method, objective, subnetSize, retrainIterations };
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
    const rows = [...this.crossings.values()].flat();
    if (this.published.length > 0 && this.rows <= MOST_PUBLISHED_ROWS) {
      const largest = Math.max(...this.ofSize.keys());
      rows.push(...computeThresholds(this.published, this.completeRows(), largest).rows);
    }
    return rows.map(({ trajectoryId, metric, target, lower, upper, censoring }) => {
      const { datasetSize: n, seed, method } = this.selection.members[Number(trajectoryId)]!;
      return { n, seed, method, metric, target, lower, upper, censoring };
    });
  }

  private summaryOf(n: number): readonly CurvePoint[] {
    const known = this.summaries.get(n);
    if (known) return known;
    const { members } = this.selection;
    const ofMethod = new Map<PruneMethod, Curve[]>();
    for (const index of this.ofSize.get(n)!) {
      const curve = this.curves.get(index);
      if (curve) append(ofMethod, members[index]!.method, curve);
    }
    const { set } = this.selection;
    const columnsOf = (network: 'dense' | 'subnet') =>
      [`${network}_${set}_loss`, `${network}_${set}_accuracy`].map(name => this.columns.indexOf(name));
    const methods = METHODS.flatMap(method => {
      const curves = ofMethod.get(method);
      return curves ? [{ method, curves }] : [];
    });
    const summary = [
      // Every method has pruned the same dense network.
      ...methods.slice(0, 1).flatMap(({ curves }) => summarise(n, 'dense', curves, columnsOf('dense'))),
      ...methods.flatMap(({ method, curves }) => summarise(n, method, curves, columnsOf('subnet'))),
    ];
    this.summaries.set(n, summary);
    return summary;
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const held = lists.get(key);
  if (held) held.push(value);
  else lists.set(key, [value]);
}

/** What is drawn, and what decides the thresholds. */
function columnsOf(thresholds: readonly ThresholdSpec[], set: SetName): string[] {
  const columns = new Set(
    ['dense', 'subnet'].flatMap(network => [`${network}_${set}_loss`, `${network}_${set}_accuracy`]),
  );
  for (const { metric: name, kind } of thresholds) {
    const info = metricNamed(name);
    if (!info) continue;
    columns.add(info.column);
    if (kind === 'withinDense') columns.add(`dense_${info.set}_${info.quantity}`);
  }
  return [...columns];
}
