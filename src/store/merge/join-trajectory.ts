/** Joins what several databases have of one trajectory: which of them counts, its state and its attempts. */
import { compareRows, compareValues } from './order.js';
import type { NamedRow } from './source.js';
import { ATTEMPT_END, type Row, type Value } from './tables.js';

/** What one database has of a trajectory; variants by the keys of the merged database. */
export interface Bundle {
  /** Place of the database. */
  readonly source: number;
  /** Its row in `trajectories`, with its key. */
  readonly state: NamedRow;
  readonly checkpoints: Row[];
  readonly cells: Row[];
  readonly attempts: readonly Row[];
}

/** Places of columns in the rows of bundles. */
export interface Places {
  readonly recorded: number;
  readonly finished: number;
  /** Columns of an attempt, without its id. */
  readonly attempt: readonly string[];
}

/** Columns of `trajectories` that follow from what is merged. */
const CHANGING = ['status', 'attempts'];

/**
 * Bundles, the one that counts first: the one with more recorded, then whose last cell was finished first, then whose last
 * attempt began last, then by content. The order of the databases has no effect.
 */
export function ranked(bundles: readonly Bundle[], places: Places): Bundle[] {
  if (bundles.length < 2) return [...bundles];
  const keys = new Map(bundles.map(bundle => [bundle, rankOf(bundle, places)]));
  return [...bundles].sort(
    (a, b) => compareRows(keys.get(a)!, keys.get(b)!) || compareRows(contentOf(a), contentOf(b)),
  );
}

const LAST = '~';

function rankOf({ cells, state }: Bundle, { recorded, finished }: Places): Value[] {
  let sets = 0;
  let last = 0;
  for (const cell of cells) {
    for (let mask = cell[recorded] as number; mask > 0; mask >>= 1) sets += mask & 1;
    last = Math.max(last, cell[finished] as number);
  }
  const started = state.started_at === null ? 0 : Date.parse(state.started_at as string);
  return [-sets, last, -started, state.finished_at ?? LAST];
}

const contentOf = ({ state, checkpoints, cells }: Bundle): Value[] => [
  ...Object.entries(state)
    .filter(([column]) => column !== 'key' && !CHANGING.includes(column))
    .map(([, value]) => value),
  JSON.stringify([checkpoints, cells]),
];

/**
 * One row for each start. The start names an attempt; two that began alike in one database are two. Of their ends, one
 * that its run has told counts before `lost`, then the earlier.
 */
export function joinAttempts(bundles: readonly Bundle[], { attempt: columns, finished }: Places): Row[] {
  const starts = columns
    .map((name, i) => ((ATTEMPT_END as readonly string[]).includes(name) ? -1 : i))
    .filter(i => i >= 0);
  const [ended, outcome] = [columns.indexOf('ended_at'), columns.indexOf('outcome')];
  const endOf = (row: Row): Value[] => [Number(row[outcome] === 'lost'), row[ended]!, ...row];
  const joined = new Map<string, Row>();
  for (const { attempts, cells } of bundles) {
    const seen = new Map<string, number>();
    for (const attempt of attempts) {
      const row = [...attempt];
      if (row[ended] === null) {
        row[outcome] = 'lost';
        row[ended] = lastSign(row[columns.indexOf('started_at')] as string, cells, finished);
      }
      const start = JSON.stringify(starts.map(i => row[i]));
      const count = seen.get(start) ?? 0;
      seen.set(start, count + 1);
      const name = `${start} ${count}`;
      const held = joined.get(name);
      if (!held || compareRows(endOf(row), endOf(held)) < 0) joined.set(name, row);
    }
  }
  return [...joined.values()].sort(compareRows);
}

/** The last moment at which an attempt without an end is known to have been at work. */
function lastSign(startedAt: string, cells: readonly Row[], finished: number): string {
  const last = cells.reduce((latest, cell) => Math.max(latest, cell[finished] as number), 0);
  const sign = new Date(last).toISOString();
  return compareValues(sign, startedAt) > 0 ? sign : startedAt;
}
