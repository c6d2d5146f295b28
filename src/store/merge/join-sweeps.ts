/** Which sweeps a merged database has, and which sweep of each database goes into which. */
import { canonicalJson } from '../../domain/identity.js';
import { compareRows, compareValues } from './order.js';
import type { NamedRow } from './source.js';
import type { Value } from './tables.js';

export interface JoinedSweep {
  readonly name: string;
  /** By column, without `key`. */
  readonly row: NamedRow;
  /** For each database: the key of its sweep of this name, if that asks for the same grid; else null. */
  readonly keys: readonly (number | null)[];
  /** Databases whose sweep of this name asks for another grid, by place. */
  readonly others: readonly number[];
  /** The database whose definition stays, by place. */
  readonly latest: number;
}

/**
 * Sweeps of one name are one. The definition that was stored last stays, as when an edited sweep is run. Sweeps that
 * differ in thresholds and description alone have the same grid, and their cells are joined.
 *
 * @param sources the rows of `sweeps` of each database.
 * @param columns all columns of `sweeps`.
 */
export function joinSweeps(
  sources: readonly (readonly NamedRow[])[],
  columns: readonly string[],
): JoinedSweep[] {
  const names = [...new Set(sources.flatMap(rows => rows.map(({ name }) => name as string)))];
  names.sort(compareValues);
  return names.map(name => {
    const found = sources.map(rows => rows.find(row => row.name === name) ?? null);
    const content = (row: NamedRow): Value[] => [
      row.updated_at!,
      ...columns.map(column => contentOf(row, column)),
    ];
    const latest = found.reduce<number>((best, row, place) => {
      if (!row) return best;
      const held = found[best];
      return held && compareRows(content(held), content(row)) >= 0 ? best : place;
    }, -1);
    const kept = found[latest]!;
    const isSame = (row: NamedRow) => gridOf(row) === gridOf(kept);
    const joined = found.filter(row => row !== null).filter(isSame);
    const plans = new Set(joined.map(({ plan }) => plan ?? null));
    return {
      name,
      latest,
      keys: found.map(row => (row && isSame(row) ? (row.key as number) : null)),
      others: [...found.entries()].filter(([, row]) => row && !isSame(row)).map(([place]) => place),
      row: {
        ...Object.fromEntries(columns.map(column => [column, kept[column] ?? null])),
        created_at: joined.map(({ created_at }) => created_at!).toSorted(compareValues)[0]!,
        // Parts of one sweep have different members, so the sum of them follows from no plan that is known here.
        plan: plans.size === 1 ? kept.plan! : null,
        thresholds_from: null,
      },
    };
  });
}

/** What is of one file alone, or computed, says nothing about which of two definitions is the better. */
const contentOf = (row: NamedRow, column: string): Value =>
  ['key', 'created_at', 'plan', 'thresholds_from'].includes(column) ? null : (row[column] ?? null);

/** What the cells of a sweep follow from. */
function gridOf({ definition }: NamedRow): string {
  const { thresholds: _, ...grid } = JSON.parse(definition as string);
  return canonicalJson(grid);
}
