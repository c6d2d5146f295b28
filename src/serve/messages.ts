/** Messages from the server to the page. Types only, shared with the page's own code. */
import type { FigureTable } from '../report/figures/figure.js';
import type { Spec } from '../report/style/vega-config.js';
import type { Choice } from '../slice/selection.js';
import type { DescribedRelation, RunningRow } from '../store/read/live-rows.js';
import type { FailureGroup, StatusReport } from '../store/read/status.js';

/** Events of the stream, by name. An event replaces the previous one of its name. */
export interface Events {
  readonly hello: Hello;
  readonly state: LiveState | Waiting;
  readonly figures: Figures;
  /** The server stops on purpose, so an immediate reconnect is useless. */
  readonly end: { readonly reason: string };
}
export type EventName = keyof Events;

export interface Hello {
  readonly version: string;
  readonly db: string;
  /** Hash of the page's own files. A page of another build reloads itself. */
  readonly build: string;
}

/** Nothing can be read: the database does not exist yet, is not one of ours, or is unreadable. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly message: string;
}

export interface LiveState
  extends Pick<StatusReport, 'holder' | 'queue' | 'trajectories' | 'cellsPerSecond'> {
  readonly kind: 'open';
  readonly secondsLeft: number | null;
  /** The running sweep first. */
  readonly sweeps: Page<StatusReport['sweeps'][number]>;
  readonly running: Page<RunningRow>;
  /** Grouped by reason, the most frequent first. */
  readonly failures: Page<FailureGroup>;
  readonly relations: readonly DescribedRelation[];
}

/** The first rows of a list, and how many are left out. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly leftOut: number;
}

export interface Figures {
  readonly choices: readonly Choice[];
  readonly drawings: readonly Drawing[];
  /** For the targets of these curves, from the last stored fit; the primary target first. */
  readonly verdicts: readonly { readonly criterion: string; readonly sentence: string }[];
  /** Curves of the selection. */
  readonly members: number;
  /** Members whose curves are complete. */
  readonly complete: number;
  /** Members that are read so far; fewer than `members` while a large database is read for the first time. */
  readonly read: number;
}

/** One figure, ready to draw. */
export interface Drawing {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  /** Vega-Lite specification; null where there is nothing to draw yet. */
  readonly spec: Spec | null;
  /** The first rows of the table behind the figure. */
  readonly table: FigureTable & { readonly leftOut: number };
}

/** The answer to a statement of the SQL box. Numbers that JSON cannot represent are text. */
export interface SqlAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** Why rows are missing at the end; null where none are. */
  readonly cut: string | null;
  readonly milliseconds: number;
}
export interface Refusal {
  readonly error: string;
}
