/** Reads a kept sweep, out of its files or out of a database, and checks it against its definition. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, UsageError } from '../base/errors.js';
import { groupBy } from '../base/group-by.js';
import { parseSweep, type SweepSpec } from '../domain/sweep-file/parse.js';
import { openReader } from '../store/read/reader.js';
import { checkedSweep } from './check.js';
import { type KeptTable, keptColumns } from './columns.js';
import { KEPT_FILES, notKept, readCsv, readJson } from './files.js';
import type { KeptSweep, KeptTrajectory } from './kept-sweep.js';
import { KeptRow } from './row.js';
import { selectKept } from './select.js';
import { attemptOf, checkpointsOf, checkShape, configOf, predictionsOf } from './values.js';
import { KEPT_SHAPE } from './write.js';

/** The rows of a sweep by table. Thresholds are computed again, so that nothing but the results is taken on trust. */
type Tables = Readonly<Record<Exclude<KeptTable, 'thresholds'>, readonly KeptRow[]>>;

/**
 * Whether `keep` has written a folder.
 * @throws UsageError where files of other programs lie there under the names of ours.
 */
export function isKept(folder: string): boolean {
  if (existsSync(join(folder, KEPT_FILES.sweep))) return true;
  const other = Object.values(KEPT_FILES).find(name => existsSync(join(folder, name)));
  if (other === undefined) return false;
  throw new UsageError(
    `${folder}: holds ${other} without ${KEPT_FILES.sweep}, expected an empty folder or one that \`espalier keep\` has written`,
  );
}

/** @throws InputError, UsageError where a file is missing or damaged. */
export function readKept(folder: string): KeptSweep {
  const spec = readDefinition(folder);
  const columns = keptColumns(spec);
  const read = (table: KeptTable) => readCsv(folder, KEPT_FILES[table], columns[table]);
  return keptSweep(spec, KEPT_FILES.trajectories, {
    trajectories: read('trajectories'),
    results: read('results'),
    provenance: read('provenance'),
    predictions: existsSync(join(folder, KEPT_FILES.predictions)) ? read('predictions') : [],
  });
}

function readDefinition(folder: string): SweepSpec {
  const source = join(folder, KEPT_FILES.sweep);
  const { shape, name, description, definition } = readJson(folder, KEPT_FILES.sweep);
  if (shape !== KEPT_SHAPE) {
    const found = shape === undefined ? 'has no shape' : `found shape ${JSON.stringify(shape)}`;
    throw notKept(source, `${found}, this version reads ${KEPT_SHAPE}`);
  }
  if (typeof definition !== 'object' || definition === null) throw notKept(source, 'has no definition');
  const spec = specOf(definition, description, source);
  if (spec.name !== name)
    throw notKept(source, `is of ${JSON.stringify(name)}, its definition of "${spec.name}"`);
  return spec;
}

/** @param place where the definition stands, in a text of other lines than the one that is parsed. */
function specOf(definition: object, description: unknown, place: string): SweepSpec {
  try {
    return parseSweep(JSON.stringify({ ...definition, description: description ?? undefined }));
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(`${place}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** What is finished of a sweep of a database, a run at work on it or not. @throws StoreError. */
export function readFinished(db: string, sweep: string): KeptSweep {
  const reader = openReader(db);
  try {
    const { definition, description } = reader.sweep(sweep);
    const spec = specOf(definition as object, description, db);
    const { thresholds: _, ...tables } = selectKept(reader, sweep, keptColumns(spec));
    const named = Object.entries(tables).map(([table, rows]) => [
      table,
      rows.map(row => KeptRow.of(db, row)),
    ]);
    return keptSweep(spec, db, Object.fromEntries(named));
  } finally {
    reader.close();
  }
}

function keptSweep(spec: SweepSpec, listed: string, tables: Tables): KeptSweep {
  const { evaluate } = spec;
  const byTrajectory = (rows: readonly KeptRow[]) => groupBy(rows, row => row.required('trajectory_id'));
  const results = byTrajectory(tables.results);
  const provenance = byTrajectory(tables.provenance);
  const predictions = byTrajectory(tables.predictions);
  const seen = new Set<string>();
  const trajectories = tables.trajectories.map((source): KeptTrajectory => {
    const id = source.required('trajectory_id');
    if (seen.has(id)) source.refuse('trajectory_id', 'each trajectory once');
    seen.add(id);
    const config = configOf(source, id);
    checkShape(source, config);
    source.expectValue('engine', config.engine, 'the configuration');
    source.expectValue('numerics', config.numerics, 'the configuration');
    const own = results.get(id) ?? source.refuse('trajectory_id', `one with rows in ${KEPT_FILES.results}`);
    const [by, twice] = provenance.get(id) ?? [];
    twice?.refuse('trajectory_id', 'each trajectory once');
    const predicted = predictions.get(id) ?? [];
    for (const row of [...own, ...predicted]) checkShape(row, config);
    return {
      id,
      config,
      source,
      checkpoints: checkpointsOf(own, source, config, evaluate),
      attempt: attemptOf(by ?? source.refuse('trajectory_id', `one with a row in ${KEPT_FILES.provenance}`)),
      predictions: predictionsOf(predicted),
    };
  });
  for (const table of [results, provenance, predictions])
    for (const [id, [row]] of table)
      if (!seen.has(id)) row!.refuse('trajectory_id', `a trajectory of ${listed}`);
  return checkedSweep(spec, trajectories);
}
