/** Joins what several databases have of one trajectory: which of them counts, and its settings. */
import { StoreError } from '../../base/errors.js';
import { canonicalJson } from '../../domain/identity.js';
import { completeConfig } from '../../domain/later-settings.js';
import { compareRows, compareValues } from './order.js';
import type { NamedRow } from './source.js';
import type { Row, Value } from './tables.js';

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
 * The settings of a trajectory, in the most complete text: databases of earlier versions lack later ones.
 *
 * @param files of all databases. @throws StoreError BITS_DIFFER
 */
export function joinConfig(bundles: readonly Bundle[], files: readonly string[]): string {
  const texts = [...new Set(bundles.map(({ state }) => state.config as string))];
  const contents = new Set(
    texts.length > 1 ? texts.map(text => canonicalJson(completeConfig(JSON.parse(text)))) : [],
  );
  if (contents.size > 1) {
    const at = (text: string) => bundles.find(({ state }) => state.config === text)!.source;
    const [first, second] = texts.map(text => files[at(text)]!);
    throw new StoreError(
      'BITS_DIFFER',
      second!,
      `trajectory ${bundles[0]!.state.id}: ${first} and ${second} have different settings of it; nothing was merged`,
    );
  }
  return texts.toSorted((a, b) => b.length - a.length || compareValues(a, b))[0]!;
}
