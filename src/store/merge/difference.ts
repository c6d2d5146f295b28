/** Says in one line that two databases have different numbers of one thing, and where both come from. */
import type { Database } from 'better-sqlite3';
import type { Variant } from '../../domain/types.js';
import { selectionText } from '../../domain/variant.js';
import { VARIANT_COLUMNS } from '../schema/variant-columns.js';
import type { Difference } from './join-rows.js';
import type { Bundle, Places } from './join-trajectory.js';
import { PREDICTIONS, type TableColumns, type Value } from './tables.js';

/** @param db has the variants by the keys of the rows. */
export function describeDifference(
  db: Database,
  columns: TableColumns,
  { column, row, first, second, values }: Difference,
  bundles: readonly Bundle[],
  files: readonly string[],
  places: Places,
): string {
  const { id, dataset_size: n, width, seed } = bundles[first]!.state;
  const value = (name: string) => row[columns.names.indexOf(name)];
  const at =
    columns.table === PREDICTIONS.name
      ? `the prediction of the ${value('kernel')} kernel for ${value('target')}`
      : `t = ${value('t')}${variantText(db, columns, row)}`;
  const sides = [first, second].map((place, i) => {
    const bundle = bundles[place]!;
    return `${values[i] ?? 'not finite'} in ${files[bundle.source]} (${originOf(bundle, places)})`;
  });
  return (
    `trajectory ${id} (n = ${n}, N = ${width}, seed ${seed}) at ${at}: ${column} is ${sides.join(' and ')}; ` +
    'equal settings give equal bits, so one of them is wrong; nothing was merged'
  );
}

function variantText(db: Database, { variant }: TableColumns, row: readonly Value[]): string {
  if (variant < 0) return '';
  const pruned = db
    .prepare(`SELECT ${VARIANT_COLUMNS} FROM variants v WHERE v.key = ?`)
    .get(row[variant]) as Variant;
  return `, ${selectionText(pruned)}, k = ${pruned.subnetSize}`;
}

/** Who computed it last. */
function originOf({ attempts, state }: Bundle, { attempt: columns }: Places): string {
  const last = attempts.at(-1);
  if (!last) return state.worker === null ? 'by an unknown worker' : `by ${state.worker}`;
  const value = (name: string) => last[columns.indexOf(name)];
  const kernels = value('kernels') === null ? '' : `, kernels ${value('kernels')}`;
  return `by ${value('worker')} at ${value('started_at')}, espalier ${value('tool_version')}${kernels}, ${value('cpu')}`;
}
