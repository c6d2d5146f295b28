/** Joins what a folder holds of a sweep with what a database has of it. */
import { StoreError } from '../base/errors.js';
import { variantKey } from '../domain/variant.js';
import { HAS_EQUAL_BITS } from '../engine/numerics.js';
import { PREDICTION_COLUMNS, type StoredPrediction } from '../store/schema/predictions.js';
import { CELL_NUMBERS, CHECKPOINT_NUMBERS, cellNumbers, checkpointNumbers } from '../store/schema/rows.js';
import { cellText, checkedSweep } from './check.js';
import type { Value } from './files.js';
import type { KeptCell, KeptCheckpoint, KeptPredictions, KeptSweep, KeptTrajectory } from './kept-sweep.js';
import type { KeptRow } from './row.js';

/**
 * The trajectories of both. Of one that both have, cells that the folder lacks come from the database.
 *
 * @param kept stays: with provenance, and as it is where its engine promises no equal bits.
 * @throws StoreError BITS_DIFFER; InputError where the two are results of different engines.
 */
export function joinKept(kept: KeptSweep, other: KeptSweep): KeptSweep {
  const joined = new Map(kept.trajectories.map(trajectory => [trajectory.id, trajectory]));
  for (const trajectory of other.trajectories) {
    const held = joined.get(trajectory.id);
    if (!held) joined.set(trajectory.id, trajectory);
    else if (HAS_EQUAL_BITS.has(held.config.engine))
      joined.set(trajectory.id, joinTrajectory(held, trajectory));
  }
  return checkedSweep(other.spec, [...joined.values()]);
}

function joinTrajectory(held: KeptTrajectory, other: KeptTrajectory): KeptTrajectory {
  const { id, config } = held;
  const refuse = (at: string, [column, a, b]: Difference, from: KeptRow, to: KeptRow): never => {
    throw new StoreError(
      'BITS_DIFFER',
      to.place,
      `trajectory ${id} (n = ${config.datasetSize}, N = ${config.width}, seed ${config.seed}) at ${at}: ${column} is ` +
        `${a ?? 'none'} in ${from.place} and ${b ?? 'none'} in ${to.place}; ` +
        'equal settings give equal bits, so one of them is wrong; nothing was written',
    );
  };
  const compare: Compare = (at, names, from, to) => {
    const difference = differenceOf(names, from.values, to.values);
    if (difference) refuse(at, difference, from.source, to.source);
  };
  const checkpoints = unite(held.checkpoints, other.checkpoints, ({ row }) => row.t).map(([a, b]) =>
    b ? joinCheckpoint(a, b, compare) : a,
  );
  checkpoints.sort((a, b) => a.row.t - b.row.t);
  const predictions = unite(held.predictions, other.predictions, ({ scope }) => scope.kernel).map(([a, b]) =>
    b ? joinPredictions(a, b, compare) : a,
  );
  return { ...held, checkpoints, predictions };
}

type Difference = readonly [column: string, a: Value, b: Value];
interface Compared {
  readonly values: readonly Value[];
  readonly source: KeptRow;
}
/** Throws where two rows of one thing differ. */
type Compare = (at: string, names: readonly string[], from: Compared, to: Compared) => void;

/** What an earlier version has not recorded is no difference. */
function differenceOf(
  names: readonly string[],
  from: readonly Value[],
  to: readonly Value[],
): Difference | null {
  const at = names.findIndex(
    (name, i) => from[i] !== to[i] && !(LATER.has(name) && (from[i] === null || to[i] === null)),
  );
  return at < 0 ? null : [names[at]!, from[at]!, to[at]!];
}

const LATER: ReadonlySet<string> = new Set(['gates_changed', 'neuron_variance', 'certified_loss']);

function joinCheckpoint(a: KeptCheckpoint, b: KeptCheckpoint, compare: Compare): KeptCheckpoint {
  const { t } = a.row;
  const [from, to] = [a, b].map(({ row, source }) => ({ values: checkpointNumbers(row), source }));
  compare(`t = ${t}`, CHECKPOINT_NUMBERS, from!, to!);
  const cells = unite(a.cells, b.cells, ({ row }) => variantKey(row)).map(([cell, other]) => {
    if (!other) return cell;
    const [first, second] = [cell, other].map(({ row, source }) => ({ values: cellNumbers(row), source }));
    compare(cellText(t, cell.row), CELL_NUMBERS, first!, second!);
    return fuller<KeptCell>(cell, other, first!.values, second!.values);
  });
  return { ...fuller(a, b, from!.values, to!.values), cells };
}

function joinPredictions(a: KeptPredictions, b: KeptPredictions, compare: Compare): KeptPredictions {
  const valuesOf = ({ scope }: KeptPredictions, row: StoredPrediction): Value[] => [
    scope.horizon,
    scope.subnetSize,
    ...PREDICTION_COLUMNS.map(name => row[name]),
  ];
  const names = ['horizon', 'subnet_size', ...PREDICTION_COLUMNS];
  const rows = unite(a.rows, b.rows, ({ row }) => row.target).map(([held, other]) => {
    if (!other) return held;
    const from = { values: valuesOf(a, held.row), source: held.source };
    const to = { values: valuesOf(b, other.row), source: other.source };
    compare(`the prediction of the ${a.scope.kernel} kernel for ${held.row.target}`, names, from, to);
    return held;
  });
  return { ...a, rows };
}

/** Of two rows that agree, the one with more values. */
const fuller = <T>(a: T, b: T, from: readonly Value[], to: readonly Value[]): T =>
  countNulls(to) < countNulls(from) ? b : a;
const countNulls = (values: readonly Value[]): number => values.filter(value => value === null).length;

/** The items of both lists, each once, with its like of the second list where the first has it, too. */
function unite<T>(first: readonly T[], second: readonly T[], keyOf: (item: T) => unknown): [T, T?][] {
  const others = new Map(second.map(item => [keyOf(item), item]));
  const pairs = first.map((item): [T, T?] => {
    const other = others.get(keyOf(item));
    others.delete(keyOf(item));
    return other ? [item, other] : [item];
  });
  return [...pairs, ...[...others.values()].map((item): [T] => [item])];
}
