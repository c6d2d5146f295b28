/**
 * Looks at the database while somebody looks at the page, and tells them what has changed. A look opens the file anew,
 * so that one that appears, is replaced, or ends is followed, and a run that ends can leave a single file.
 */
import { statSync } from 'node:fs';
import { setImmediate as breath } from 'node:timers/promises';
import { StoreError } from '../base/errors.js';
import type { SelectionParams } from '../slice/selection.js';
import { LiveReader } from '../store/read/live-reader.js';
import { columnsOf, drawn } from './drawings.js';
import { LiveCache } from './live-cache.js';
import type { Figures, LiveState, Waiting } from './messages.js';
import type { CurveCache } from './slice.js';
import { readState } from './state.js';
import type { EventStream } from './stream.js';

const LOOK_MS = 1_000;
/** A look at least so often while a run is alive: its rate falls also when nothing comes. */
const LIVELY_MS = 5_000;
/** Looking takes at most one part in so many of a core. */
const REST = 15;
const MOST_REST_MS = 30_000;
/** Figures are drawn anew no more often. */
const FIGURES_MS = 3_000;
/** The longest that anything else waits while curves are read. */
const BREATH_MS = 20;
/** While a large database is read for the first time, what there is of the curves is shown so often. */
const PARTIAL_MS = 2_000;

const NO_FIGURES: Figures = { choices: [], drawings: [], verdicts: [], members: 0, complete: 0, read: 0 };

/** A page, and what its figures showed last. */
interface Viewer {
  readonly wishes: SelectionParams;
  isNew: boolean;
  slice: CurveCache | null;
  version: number;
  fit: string | null;
  drawnAt: number;
}

export class Feed {
  private readonly viewers = new Map<EventStream, Viewer>();
  private memory = new LiveCache();
  /** Of the file when it was last looked at. */
  private seen = { identity: '', version: '', at: 0 };
  private state: LiveState | Waiting = { kind: 'waiting', message: 'not read yet' };
  private looking: Promise<void> | null = null;
  private isClosed = false;
  /** Somebody has not been told all that was seen. */
  private isOwing = false;
  /** Somebody has come: no rest before the next look. */
  private isHurried = false;
  private wake = () => {};

  constructor(private readonly file: string) {}

  get count(): number {
    return this.viewers.size;
  }

  add(stream: EventStream, wishes: SelectionParams): void {
    if (this.looking) stream.send('state', this.state);
    this.viewers.set(stream, { wishes, isNew: true, slice: null, version: 0, fit: null, drawnAt: 0 });
    this.isOwing = true;
    this.isHurried = true;
    this.wake();
    this.looking ??= this.keepLooking().finally(() => {
      this.looking = null;
      if (this.viewers.size > 0 && !this.isClosed) this.looking = this.keepLooking();
    });
  }

  remove(stream: EventStream): void {
    this.viewers.delete(stream);
    if (this.viewers.size === 0) this.wake();
  }

  /** Looks a last time, says why it ends, and lets everybody go. */
  async close(reason: string): Promise<void> {
    this.isClosed = true;
    this.wake();
    await this.looking;
    this.isOwing = true;
    if (this.viewers.size > 0) await this.look().catch(() => {});
    const streams = [...this.viewers.keys()];
    for (const stream of streams) stream.send('end', { reason });
    await Promise.all(streams.map(stream => stream.end()));
    this.viewers.clear();
  }

  private async keepLooking(): Promise<void> {
    while (this.viewers.size > 0 && !this.isClosed) {
      const began = performance.now();
      await this.look();
      const rest = Math.min(MOST_REST_MS, Math.max(LOOK_MS, REST * (performance.now() - began)));
      if (!this.isHurried) await this.pause(rest);
      this.isHurried = false;
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

  private async look(): Promise<void> {
    const { identity, version } = fingerprint(this.file);
    const isLively = this.state.kind === 'open' && this.state.holder?.alive;
    const isDue = isLively && Date.now() - this.seen.at >= LIVELY_MS;
    if (this.state.kind === 'open' && version === this.seen.version && !isDue && !this.isOwing) return;
    this.isOwing = false;
    if (identity !== this.seen.identity) this.memory = new LiveCache();
    this.seen = { identity, version, at: Date.now() };
    let live: LiveReader | null = null;
    try {
      live = new LiveReader(this.file);
      live.hold();
      if (!(await breathing(this.memory.update(live)))) {
        this.memory = new LiveCache();
        await breathing(this.memory.update(live));
      }
      this.tell(readState(live, this.memory.counts, this.file));
      live.release();
      await this.tellFigures(live);
    } catch (error) {
      // Whatever a file holds, the page says so, and looks again.
      const { message, stack } = error as Error;
      const isOurs = error instanceof StoreError;
      if (!isOurs) process.stderr.write(`espalier: ${this.file} cannot be shown: ${stack}\n`);
      this.memory = new LiveCache();
      this.tell({ kind: 'waiting', message: isOurs ? message : `${this.file} cannot be shown: ${message}` });
      for (const stream of this.viewers.keys()) stream.send('figures', NO_FIGURES);
    } finally {
      live?.close();
    }
  }

  private tell(state: LiveState | Waiting): void {
    this.state = state;
    for (const stream of this.viewers.keys()) stream.send('state', state);
  }

  private async tellFigures(live: LiveReader): Promise<void> {
    const running = this.state.kind === 'open' ? (this.state.holder?.sweep ?? null) : null;
    const used = new Set<CurveCache>();
    for (const [stream, viewer] of this.viewers) {
      const sight = await breathing(this.memory.look(live, viewer.wishes, running));
      if (!sight) {
        stream.send('figures', NO_FIGURES);
        continue;
      }
      const { slice, selection } = sight;
      used.add(slice);
      const fit = live.fit(selection.sweep.key);
      const isShown = () => viewer.slice === slice && viewer.version === slice.version && viewer.fit === fit;
      if (!viewer.isNew && !this.isClosed && Date.now() - viewer.drawnAt < FIGURES_MS) {
        this.isOwing ||= slice.isStale || !isShown();
        continue;
      }
      const show = () =>
        stream.send('figures', drawn(selection, slice.contents(), fit, columnsOf(viewer.wishes)));
      if (slice.isStale) await breathing(slice.refresh(live), show);
      if (viewer.isNew || !isShown()) show();
      Object.assign(viewer, { isNew: false, slice, version: slice.version, fit, drawnAt: Date.now() });
    }
    this.memory.keep(used);
  }
}

/** Runs a generator to its end, with room for other work in between; `partial` is called now and then. */
async function breathing<T>(work: Generator<void, T>, partial?: () => void): Promise<T> {
  let rested = performance.now();
  let shown = rested;
  for (;;) {
    const { value, done } = work.next();
    if (done) return value;
    if (performance.now() - rested < BREATH_MS) continue;
    await breath();
    rested = performance.now();
    if (partial && rested - shown > PARTIAL_MS) {
      partial();
      shown = performance.now();
    }
  }
}

/** `identity` tells one file from another of the same name; `version` changes when something is written to it. */
function fingerprint(file: string): { identity: string; version: string } {
  const main = statSync(file, { bigint: true, throwIfNoEntry: false });
  const log = statSync(`${file}-wal`, { bigint: true, throwIfNoEntry: false });
  if (!main) return { identity: '', version: '' };
  const identity = `${main.dev} ${main.ino} ${main.birthtimeNs}`;
  return { identity, version: `${identity} ${main.mtimeNs} ${main.size} ${log?.mtimeNs} ${log?.size}` };
}
