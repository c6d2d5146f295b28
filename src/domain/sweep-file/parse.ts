/** Reads a sweep file: parses the YAML, fills in defaults, validates and freezes. */

import { InputError } from '../../base/errors.js';
import { deepFreeze } from '../../base/frozen.js';
import { readInputFile } from '../../base/input-file.js';
import { counted } from '../../base/units.js';
import { CERTIFIED_LOSS } from '../metrics.js';
import { type Axis, canonicalOrder, type SweepSettings, type SweepSpec } from '../sweep-spec.js';
import { type DatasetSettings, SET_NAMES } from '../types.js';
import {
  type CheckpointRange,
  checkpointValues,
  type RefinedCheckpoints,
  refinedCheckpoints,
  type SeedCount,
  seedValues,
} from './axes.js';
import { validate } from './check-shape.js';
import { checkSweep } from './check-sweep.js';
import { AXES, REQUIRED_AXES, SEED_DEFAULT, type SweepFile } from './schema.js';
import { DIGITS_DEFAULTS } from './settings.js';
import { resolveThresholds, thresholdEntry } from './targets.js';
import { expectedOf } from './value-rules.js';
import { type Path, type Problem, SweepDocument } from './yaml.js';
import { decodeSweepFile } from './yaml-text.js';

export type { SweepSpec } from '../sweep-spec.js';
export { checkAgainstData, sweepAdvice } from './check-sweep.js';

/** How the text of a sweep is read. */
export interface SweepOptions {
  /** The name of the text in errors, e.g. the file's name. */
  readonly source?: string | null;
  /** Overrides `path=value`, with the value in YAML. */
  readonly set?: readonly string[];
}

/**
 * Reads the text of a sweep file (docs/settings.md).
 *
 * @example
 * const spec = parseSweep(
 *   'name: my\naxes: { datasetSize: 500, width: 100, pretrainIterations: [0, 100], subnetSize: 20 }',
 *   { set: ['train.learningRate=0.5'] },
 * );
 *
 * @throws InputError (BAD_INPUT) with the place, the offending value and what was expected.
 */
export function parseSweep(text: string, { source = null, set = [] }: SweepOptions = {}): SweepSpec {
  const document = new SweepDocument(text, source, set);
  const file = validate(document);
  const { axes, problems } = resolveAxes(file);
  document.throwFirstProblem(problems);
  const settings = resolveSettings(file, axes);
  const evaluate = {
    dense: SET_NAMES.filter(name => file.evaluate.dense.includes(name)),
    subnet: SET_NAMES.filter(name => file.evaluate.subnet.includes(name)),
  };
  const { name, description = null } = file;
  const resolved = { kind: 'sweep', name, description, source, settings, axes, evaluate } as const;
  const targets = resolveThresholds(file.thresholds, resolved);
  document.throwFirstProblem([...checkSweep(resolved), ...targets.problems]);
  const { thresholds } = targets;
  const asksCertified = thresholds.some(({ metric }) => metric === CERTIFIED_LOSS.name);
  const measured = asksCertified ? { ...evaluate, certified: true as const } : evaluate;
  const spec = { ...resolved, evaluate: measured, thresholds };
  return deepFreeze({ ...spec, definition: definitionOf(spec) });
}

/**
 * Reads a sweep file as `parseSweep` does.
 *
 * @example
 * const spec = readSweep('my.yaml', { set: ['axes.seed.count=10'] });
 *
 * @throws InputError (BAD_INPUT), also if the file cannot be read.
 */
export function readSweep(file: string, { set = [] }: Pick<SweepOptions, 'set'> = {}): SweepSpec {
  const expected = 'a sweep file (`espalier init` writes one)';
  if (file === '') throw new InputError({ path: 'sweep', value: file, expected });
  const bytes = readInputFile(file, expected);
  return parseSweep(decodeSweepFile(bytes, file), { source: file, set });
}

function resolveAxes(file: SweepFile): { axes: Axis[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const byPath = new Map<string, Axis>();
  const add = (path: string, form: unknown, zip: number | null) => {
    if (form === undefined) return;
    if (byPath.has(path)) {
      const at: Path = zip === null ? ['axes', path] : ['axes', 'zip', zip, path];
      problems.push({ path: at, value: form, what: 'is an axis already', expected: 'each axis only once' });
    } else if (isRefined(form)) {
      const axis = refinedAxis(path, form);
      byPath.set(path, { ...axis, zip });
      if (zip !== null) {
        const at: Path = ['axes', 'zip', zip, path, 'refine'];
        const expected = 'none where pretrainIterations is zipped';
        problems.push({ path: at, value: form.refine, expected });
      }
    } else byPath.set(path, { path, values: axisValues(path, form, zip !== null), zip });
  };

  const { zip: zips = [], ...own } = file.axes as { zip?: Record<string, unknown>[] };
  for (const [path, form] of Object.entries(own)) add(path, form, null);
  for (const [i, zip] of zips.entries()) {
    for (const [path, form] of Object.entries(zip)) add(path, form, i);
    problems.push(...zipProblems(zip, i));
  }
  if (Array.isArray(file.prune.method)) {
    if (byPath.has('prune.method')) {
      const expected = 'one method, since prune.method is an axis';
      problems.push({ path: ['prune', 'method'], value: file.prune.method, expected });
    } else add('prune.method', file.prune.method, null);
  }
  if (!byPath.has('seed')) add('seed', SEED_DEFAULT, null);
  for (const path of REQUIRED_AXES) {
    if (byPath.has(path)) continue;
    problems.push({ path: ['axes', path], value: undefined, expected: expectedOf(AXES[path]!) });
  }
  return {
    axes: canonicalOrder(AXIS_ORDER.filter(path => byPath.has(path))).map(path => byPath.get(path)!),
    problems,
  };
}

const AXIS_ORDER = Object.keys(AXES);

const isRefined = (form: unknown): form is RefinedCheckpoints =>
  typeof form === 'object' && form !== null && (form as { refine?: unknown }).refine !== undefined;

function refinedAxis(path: string, form: RefinedCheckpoints): Axis {
  const { coarse, fine } = refinedCheckpoints(form)!;
  return { path, values: coarse, zip: null, refined: { fine, form: { ...form } } };
}

function axisValues(path: string, form: unknown, zipped: boolean): unknown[] {
  const forms = typeof form === 'object' && form !== null ? form : [form];
  if (path === 'seed') return seedValues(forms as SeedCount | number[]);
  // A zipped list keeps its order: value i belongs to value i of the other lists.
  if (path === 'pretrainIterations' && !(zipped && Array.isArray(forms))) {
    return checkpointValues(forms as CheckpointRange | number[])!;
  }
  if (path === 'dataset.positive') return (forms as number[][]).map(ascending);
  return [...(forms as unknown[])];
}

/** Problems of one zip: fewer than two axes, lists of unequal length, or a repeated combination. */
function zipProblems(zip: Record<string, unknown>, i: number): Problem[] {
  if (Object.values(zip).some(isRefined)) return [];
  const lists = Object.entries(zip).map(([path, form]) => ({ path, values: axisValues(path, form, true) }));
  const [first] = lists;
  if (!first || lists.length < 2) {
    return [{ path: ['axes', 'zip', i], value: zip, expected: 'at least two axes that move together' }];
  }
  const { length } = first.values;
  const uneven = lists.filter(({ values }) => values.length !== length);
  if (uneven.length === 0) {
    const rows = first.values.map((_, row) => JSON.stringify(lists.map(({ values }) => values[row])));
    if (new Set(rows).size === length) return [];
    const row = rows.findIndex((text, at) => rows.indexOf(text) < at);
    const [value, what] = [first.values[row], `repeats the combination ${rows[row]}`];
    return [{ path: ['axes', 'zip', i, first.path, row], value, what, expected: 'each only once' }];
  }
  return uneven.map(({ path, values }) => ({
    path: ['axes', 'zip', i, path],
    value: zip[path],
    what: `has ${counted(values.length, 'value')}`,
    expected: `${length}, as many as ${first.path}`,
  }));
}

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** The base settings: the file's settings and the data set's defaults, with the first value of every axis. */
function resolveSettings(file: SweepFile, axes: readonly Axis[]): SweepSettings {
  const valuesOf = (path: string) => axes.find(axis => axis.path === path)?.values;
  const settings = {
    dataset: { ...file.dataset, positive: ascending(file.dataset.positive) } as Record<string, unknown>,
    network: { ...file.network },
    inputs: { ...file.inputs },
    train: { ...file.train },
    prune: { ...file.prune },
    retrain: { ...file.retrain },
  } as Record<keyof SweepSettings, Record<string, unknown>>;
  const names = valuesOf('dataset.name') ?? [file.dataset.name];
  if (names.includes('digits')) {
    const largest = (valuesOf('datasetSize') as number[]).reduce((a, b) => Math.max(a, b));
    const pool = Math.max(DIGITS_DEFAULTS.pool, largest);
    settings.dataset = { ...DIGITS_DEFAULTS, pool, ...settings.dataset };
  }
  for (const { path, values } of axes) {
    const [group, key] = path.split('.');
    if (key !== undefined) settings[group as keyof SweepSettings][key] = values[0];
  }
  return settings as unknown as SweepSettings;
}

/** The resolved sweep in the form of a sweep file, without its description: definitions that differ mean other results. */
function definitionOf(spec: Omit<SweepSpec, 'definition'>): Record<string, unknown> {
  const { name, settings, axes, evaluate, thresholds } = spec;
  const own = Object.fromEntries(
    axes
      .filter(axis => axis.zip === null)
      .map(({ path, values, refined }) => [path, refined?.form ?? values]),
  );
  const zips: Record<string, unknown>[] = [];
  for (const { path, values, zip } of axes) if (zip !== null) zips[zip] = { ...zips[zip], [path]: values };
  const { dataset, ...groups } = settings;
  // Without a sample size, as in definitions of versions that had none.
  const { sampleSize, ...prune } = groups.prune;
  return {
    name,
    dataset: dataset satisfies DatasetSettings,
    axes: zips.length > 0 ? { ...own, zip: zips } : own,
    ...groups,
    prune: sampleSize === null ? prune : groups.prune,
    evaluate: { dense: evaluate.dense, subnet: evaluate.subnet },
    thresholds: thresholds.map(thresholdEntry),
  };
}
