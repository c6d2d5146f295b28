/** The schema of a whole sweep file: settings, axes, and the rules of both. */
import { z } from 'zod';
import { checkpointValues, MAX_AXIS_VALUES, type RefinedCheckpoints, refinedCheckpoints } from './axes.js';
import { evaluate, GROUPS, pruneMethod, SETTINGS, THRESHOLD_DEFAULT, threshold } from './settings.js';
import {
  above,
  anyListOf,
  expectedOf,
  group,
  listOf,
  MAX_WHOLE,
  oneOrMore,
  text,
  unwrapSchema,
  whole,
  wholeText,
} from './value-rules.js';

export const SEED_DEFAULT = { count: 1 } as const;

const seedForm = group('Seeds 0..count-1.', { count: whole(1, MAX_AXIS_VALUES) });
const from = whole(0).default(0).meta({ description: 'First checkpoint.', unit: 'iterations' });
const to = whole(0).meta({ description: 'Last checkpoint, included.', unit: 'iterations' });
const refine = above(1).meta({
  description:
    'Makes these checkpoints coarse ones. Around each crossing of a target, checkpoints at this ratio are added: next = max(t + 1, round(t * refine)).',
});
const stepForm = group('Checkpoints at equal steps.', {
  from,
  to,
  step: whole(1, MAX_WHOLE, `${wholeText(1)} (or give a ratio)`),
  refine: refine.optional(),
}).check(ranged);
const ratioForm = group('Checkpoints at equal ratios: next = max(t + 1, round(t * ratio)).', {
  from,
  to,
  ratio: above(1),
  refine: refine.optional(),
}).check(ranged);
const listForm = group('Listed checkpoints, refined.', { at: listOf(whole(0), 1), refine }).check(ranged);

type Range = z.output<typeof stepForm> | z.output<typeof ratioForm> | z.output<typeof listForm>;
function ranged({ value, issues }: z.core.ParsePayload<Range>): void {
  // Other issues of the range are reported first; the comparison needs valid numbers.
  if (issues.length > 0) return;
  const refuse = (key: string, message: string) =>
    issues.push({
      code: 'custom',
      path: [key],
      input: (value as Readonly<Record<string, unknown>>)[key],
      message,
    });
  const tooMany = `at most ${MAX_AXIS_VALUES} checkpoints`;
  if (!('at' in value)) {
    if (value.to < value.from) return void refuse('to', `a whole number, at least ${value.from} (from)`);
    if (!checkpointValues(value)) return void refuse('to', tooMany);
  }
  if (value.refine === undefined) return;
  if ('ratio' in value && value.refine >= value.ratio)
    refuse('refine', `a number above 1 and below ${value.ratio} (ratio)`);
  else if (!refinedCheckpoints(value as RefinedCheckpoints)) refuse('refine', tooMany);
}

/** The rule for a value, a list of values, or a short form of a list. `shapes` names the forms. */
function formed(value: z.ZodType, list: typeof listOf, forms: readonly z.ZodType[], shapes: string) {
  const expected = `${expectedOf(value)}, a list of such values, or ${shapes}`;
  return z.union([list(value, 1), value, ...forms], { error: expected }).meta({ expected });
}

/** The rules of the axes that are not settings. `list` builds the rule for a list of values. */
const namedAxes = (list: typeof listOf) => ({
  datasetSize: oneOrMore(whole(1), list).meta({
    description: 'n, the size of a sub-data-set.',
    unit: 'samples',
  }),
  width: oneOrMore(whole(1), list).meta({ description: 'N, the hidden neurons of the dense network.' }),
  seed: formed(whole(0), list, [seedForm], '{ count: 5 } for the seeds 0 to 4').meta({
    description: 'Decides which samples are drawn, the initial weights and the order of batches.',
    default: SEED_DEFAULT,
  }),
  pretrainIterations: formed(
    whole(0),
    list,
    [stepForm, ratioForm, listForm],
    '{ from, to, step } or { from, to, ratio }, either with refine, or { at: [...], refine }',
  ).meta({
    description:
      't, the checkpoints at which the network is pruned. 0 is always added; `to` is always the last. By ratio: next = max(t + 1, round(t * ratio)). With `refine`, further ones around the crossings.',
    unit: 'iterations',
  }),
  subnetSize: oneOrMore(whole(1), list).meta({
    description: 'k, the picks of a subnetwork; at most the width.',
  }),
});
export const REQUIRED_AXES = ['datasetSize', 'width', 'pretrainIterations', 'subnetSize'] as const;

function settingAxis(path: string, setting: z.ZodType, list: typeof listOf): z.ZodType {
  const value = path === 'prune.method' ? pruneMethod : unwrapSchema(setting);
  const values = value instanceof z.ZodArray ? list(value, 1) : oneOrMore(value, list);
  return values.meta({ description: `Axis over ${path}. ${setting.meta()?.description ?? ''}` });
}

function axisRules(list: typeof listOf): Readonly<Record<string, z.ZodType>> {
  const settings = [...SETTINGS].map(([path, setting]) => [path, settingAxis(path, setting, list)] as const);
  const rules = [...Object.entries<z.ZodType>(namedAxes(list)), ...settings];
  return Object.fromEntries(rules.map(([path, rule]) => [path, rule.optional()]));
}

/** The rules of all axes by path. Lists have no repeats; the lists of a zip may have them. */
export const AXES = axisRules(listOf);

const zipText = 'a list of mappings of axes';
const zip = z
  .array(group('Lists of equal length, whose values go together.', axisRules(anyListOf)), { error: zipText })
  .optional()
  .meta({ expected: zipText, description: 'Axes that move together instead of crossing.' });

const axes = group('The grid: every combination is run.', { ...AXES, zip }, Object.keys(namedAxes(listOf)));

const name = text(
  'a name of at most 100 letters, digits, ".", "_" or "-", not starting with "." or "-" (a number in quotes)',
  /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/,
).meta({
  description: 'Names the sweep in the database, and the default database file results/<name>.sqlite.',
});

const descriptionText = 'text (in quotes where YAML would read it as something else)';
const description = z.string({ error: descriptionText }).optional().meta({
  expected: descriptionText,
  description:
    'What the sweep is for, in any words, on several lines after `|`. Reports, `status` and SQL show it; no result and no identity depends on it.',
});

export const SWEEP = group('A sweep of espalier.', {
  name,
  description,
  dataset: GROUPS.dataset,
  axes,
  network: GROUPS.network.prefault({}),
  inputs: GROUPS.inputs.prefault({}),
  train: GROUPS.train.prefault({}),
  prune: GROUPS.prune.prefault({}),
  retrain: GROUPS.retrain.prefault({}),
  evaluate: evaluate.prefault({}),
  thresholds: z
    .array(threshold, { error: 'a list of thresholds' })
    .optional()
    .meta({
      expected: 'a list of thresholds',
      description: 'Targets whose first crossing is reported and fitted.',
      default: [THRESHOLD_DEFAULT],
    }),
});
export type SweepFile = z.output<typeof SWEEP>;
