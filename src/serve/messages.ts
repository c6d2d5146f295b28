/** What the server sends to the page. Types alone, shared with the page's own code. */
import type { FigureTable } from '../report/figures/figure.js';
import type { Spec } from '../report/style/vega-config.js';
import type { Choice } from '../slice/selection.js';
import type { Relation, RunningRow } from '../store/read/live-reader.js';
import type { FailureGroup, StatusReport } from '../store/read/status.js';

/** Events of the stream, by name. Each replaces what was sent before under its name. */
export interface Events {
  readonly hello: Hello;
  readonly state: LiveState | Waiting;
  readonly figures: Figures;
  /** The server ends, and knows it: no use in trying again at once. */
  readonly end: { readonly reason: string };
}
export type EventName = keyof Events;

export interface Hello {
  readonly version: string;
  readonly db: string;
  /** Of the page's own files: a page that came from another build loads itself anew. */
  readonly build: string;
}

/** There is nothing to read: no database yet, or not one of ours. */
export interface Waiting {
  readonly kind: 'waiting';
  readonly message: string;
}

export interface LiveState extends Pick<StatusReport, 'holder' | 'trajectories' | 'cellsPerSecond'> {
  readonly kind: 'open';
  readonly secondsLeft: number | null;
  /** The one that is being run first. */
  readonly sweeps: Page<StatusReport['sweeps'][number]>;
  readonly running: Page<RunningRow>;
  /** By reason, the most frequent first. */
  readonly failures: Page<FailureGroup>;
  readonly relations: readonly Relation[];
}

/** The first of many. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly leftOut: number;
}

export interface Figures {
  readonly choices: readonly Choice[];
  readonly drawings: readonly Drawing[];
  /** Of the targets of these curves, as they were last fitted; the primary one first. */
  readonly verdicts: readonly { readonly criterion: string; readonly sentence: string }[];
  /** Curves that the choices stand for, and those of them that are whole. */
  readonly members: number;
  readonly complete: number;
  /** Members that have been read so far; less than `members` while a large database is read for the first time. */
  readonly read: number;
}

/** One figure, ready to be drawn. */
export interface Drawing {
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  /** Of Vega-Lite; null where there is nothing to draw yet. */
  readonly spec: Spec | null;
  /** The first rows of the table behind it. */
  readonly table: FigureTable & { readonly leftOut: number };
}

/** The answer to a statement of the SQL box. Values beyond what JSON can hold are text. */
export interface SqlAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** Why rows are missing at the end, if any are. */
  readonly cut: string | null;
  readonly milliseconds: number;
}
export interface Refusal {
  readonly error: string;
}
