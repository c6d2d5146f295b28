/**
 * Polls the database while at least one page is connected, and sends each page what changed.
 *
 * Each poll opens the file anew. The feed thus follows a file that appears, is replaced or disappears, and
 * holds no connection that keeps an ending run from removing its write-ahead log.
 */
import { statSync } from 'node:fs';
import { StoreError } from '../base/errors.js';
import { inTurns, type Steps } from '../base/steps.js';
import type { SelectionParams } from '../slice/selection.js';
import { LiveReader } from '../store/read/live-reader.js';
import type { CurveCache } from './curve-cache.js';
import { drawFigures, paperColumns } from './drawings.js';
import { LiveCache } from './live-cache.js';
import type { Figures, LiveState, Waiting } from './messages.js';
import { readState } from './state.js';
import type { EventStream } from './stream.js';

/** Minimum pause between two polls. */
const POLL_MS = 1_000;
/** While a run is alive, the state is read at least this often: its rate falls also when no cell finishes. */
const REFRESH_MS = 5_000;
/** Pause after a poll, as a multiple of its duration, at most MAX_REST_MS: polling takes at most 1/15 of a core. */
const REST_FACTOR = 15;
const MAX_REST_MS = 30_000;
/** Minimum time between two drawings of a page's figures. */
const FIGURES_MS = 3_000;
/** The event loop gets a turn at least this often while curves are read. */
const TURN_MS = 20;
/** Interval at which the curves read so far are shown while a large database is read for the first time. */
const PARTIAL_MS = 2_000;

const NO_FIGURES: Figures = { choices: [], drawings: [], verdicts: [], members: 0, complete: 0, read: 0 };

/** A connected page, and what its figures showed last. */
interface Viewer {
  readonly params: SelectionParams;
  isNew: boolean;
  slice: CurveCache | null;
  version: number;
  fit: string | null;
  predictions: number;
  drawnAt: number;
}

export class Feed {
  private readonly viewers = new Map<EventStream, Viewer>();
  private cache = new LiveCache();
  /** Fingerprint of the file at the last poll, and its time in ms since the epoch. */
  private lastPoll = { identity: '', version: '', at: 0 };
  private state: LiveState | Waiting = { kind: 'waiting', message: 'not read yet' };
  private polling: Promise<void> | null = null;
  private isClosed = false;
  /** Some page has not received everything that was read. */
  private hasUnsent = false;
  /** A page has just connected: the next poll follows without a pause. */
  private skipsRest = false;
  private wake = () => {};

  constructor(private readonly file: string) {}

  get count(): number {
    return this.viewers.size;
  }

  add(stream: EventStream, params: SelectionParams): void {
    if (this.polling) stream.send('state', this.state);
    this.viewers.set(stream, {
      params,
      isNew: true,
      slice: null,
      version: 0,
      fit: null,
      predictions: 0,
      drawnAt: 0,
    });
    this.hasUnsent = true;
    this.skipsRest = true;
    this.wake();
    this.polling ??= this.keepPolling().finally(() => {
      this.polling = null;
      if (this.viewers.size > 0 && !this.isClosed) this.polling = this.keepPolling();
    });
  }

  remove(stream: EventStream): void {
    this.viewers.delete(stream);
    if (this.viewers.size === 0) this.wake();
  }

  /** Polls a last time, sends every page the reason, and ends all streams. */
  async close(reason: string): Promise<void> {
    this.isClosed = true;
    this.wake();
    await this.polling;
    this.hasUnsent = true;
    if (this.viewers.size > 0) await this.poll().catch(() => {});
    const streams = [...this.viewers.keys()];
    for (const stream of streams) stream.send('end', { reason });
    await Promise.all(streams.map(stream => stream.end()));
    this.viewers.clear();
  }

  private async keepPolling(): Promise<void> {
    while (this.viewers.size > 0 && !this.isClosed) {
      const started = performance.now();
      await this.poll();
      const rest = Math.min(MAX_REST_MS, Math.max(POLL_MS, REST_FACTOR * (performance.now() - started)));
      if (!this.skipsRest) await this.pause(rest);
      this.skipsRest = false;
    }
  }

  private pause(ms: number): Promise<void> {
    if (this.viewers.size === 0 || this.isClosed) return Promise.resolve();
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async poll(): Promise<void> {
    const { identity, version } = fingerprint(this.file);
    const isRunAlive = this.state.kind === 'open' && this.state.holder?.alive;
    const isDue = isRunAlive && Date.now() - this.lastPoll.at >= REFRESH_MS;
    if (this.state.kind === 'open' && version === this.lastPoll.version && !isDue && !this.hasUnsent) return;
    this.hasUnsent = false;
    if (identity !== this.lastPoll.identity) this.cache = new LiveCache();
    this.lastPoll = { identity, version, at: Date.now() };
    let live: LiveReader | null = null;
    try {
      live = new LiveReader(this.file);
      live.beginRead();
      if (!(await runInTurns(this.cache.update(live)))) {
        this.cache = new LiveCache();
        await runInTurns(this.cache.update(live));
      }
      this.sendState(readState(live, this.cache.counts, this.file));
      live.endRead();
      await this.sendFigures(live);
    } catch (error) {
      // No content of the file ends the feed: the page shows the error, and polling continues.
      const { message, stack } = error as Error;
      const isOurs = error instanceof StoreError;
      if (!isOurs) process.stderr.write(`espalier: ${this.file} cannot be shown: ${stack}\n`);
      this.cache = new LiveCache();
      this.sendState({
        kind: 'waiting',
        message: isOurs ? message : `${this.file} cannot be shown: ${message}`,
      });
      for (const stream of this.viewers.keys()) stream.send('figures', NO_FIGURES);
    } finally {
      live?.close();
    }
  }

  private sendState(state: LiveState | Waiting): void {
    this.state = state;
    for (const stream of this.viewers.keys()) stream.send('state', state);
  }

  private async sendFigures(live: LiveReader): Promise<void> {
    const running = this.state.kind === 'open' ? (this.state.holder?.sweep ?? null) : null;
    const used = new Set<CurveCache>();
    for (const [stream, viewer] of this.viewers) {
      const view = await runInTurns(this.cache.select(live, viewer.params, running));
      if (!view) {
        stream.send('figures', NO_FIGURES);
        continue;
      }
      const { slice, selection } = view;
      used.add(slice);
      const fit = live.fit(selection.sweep.key);
      const predictions = live.predictionCount(selection.sweep.key);
      const isShown = () =>
        viewer.slice === slice &&
        viewer.version === slice.version &&
        viewer.fit === fit &&
        viewer.predictions === predictions;
      if (!viewer.isNew && !this.isClosed && Date.now() - viewer.drawnAt < FIGURES_MS) {
        this.hasUnsent ||= slice.isStale || !isShown();
        continue;
      }
      const points = predictions > 0 ? live.predictions(selection.sweep, selection.members) : [];
      const show = () => {
        const stored = { fit, predictions: points };
        stream.send('figures', drawFigures(selection, slice.contents(), stored, paperColumns(viewer.params)));
      };
      if (slice.isStale) await showInTurns(slice.refresh(live), show);
      if (viewer.isNew || !isShown()) show();
      Object.assign(viewer, {
        isNew: false,
        slice,
        version: slice.version,
        fit,
        predictions,
        drawnAt: Date.now(),
      });
    }
    this.cache.prune(used);
  }
}

/** With a turn of the event loop every TURN_MS. */
const runInTurns = <T>(steps: Steps<T>): Promise<T> => inTurns(steps, { ms: TURN_MS });

/** As `runInTurns`, with `partial` called every PARTIAL_MS. */
function showInTurns(steps: Steps<void>, partial: () => void): Promise<void> {
  let shown = performance.now();
  const each = () => {
    if (performance.now() - shown <= PARTIAL_MS) return;
    partial();
    shown = performance.now();
  };
  return inTurns(steps, { ms: TURN_MS, each });
}

/** `identity` distinguishes files of the same name; `version` changes with every write to the file or its log. */
function fingerprint(file: string): { identity: string; version: string } {
  const main = statSync(file, { bigint: true, throwIfNoEntry: false });
  const log = statSync(`${file}-wal`, { bigint: true, throwIfNoEntry: false });
  if (!main) return { identity: '', version: '' };
  const identity = `${main.dev} ${main.ino} ${main.birthtimeNs}`;
  return { identity, version: `${identity} ${main.mtimeNs} ${main.size} ${log?.mtimeNs} ${log?.size}` };
}
