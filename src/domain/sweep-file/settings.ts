/**
 * The single definition of every setting: type, default, unit and help text. Validation, error messages, the JSON
 * schema (schema/sweep.schema.json) and the documentation (docs/settings.md) derive from it. So do the rules of the
 * axes (schema.ts): an axis over a setting accepts the setting's values.
 */
import { z } from 'zod';
import { nearestWord } from '../../base/nearest.js';
import { THRESHOLD_METRICS } from '../metrics.js';
import { SET_NAMES } from '../types.js';
import {
  above,
  atLeast,
  belowOne,
  choice,
  flag,
  fraction,
  group,
  listOf,
  MAX_WHOLE,
  oneOrMore,
  text,
  whole,
  wholeOrNull,
  wholeText,
} from './value-rules.js';

/** Defaults for the data set `digits`. The default of `pool` rises to the largest datasetSize if that is larger. */
export const DIGITS_DEFAULTS = { seed: 0, pool: 60_000, test: 10_000 } as const;
/** The threshold of a sweep file that has no `thresholds` but records this metric. */
export const THRESHOLD_DEFAULT = { metric: 'subnet_train_loss', atMost: 0.15 } as const;

const dataset = group('The data set, and the task made of it: which labels count as +1.', {
  name: choice(['digits', 'mnist', 'fashion-mnist', 'idx']).meta({
    description: 'digits is generated and needs no files; idx is any folder with four IDX files.',
  }),
  positive: listOf(whole(0, 255, 'a label from 0 to 255'), 1)
    .default([5, 6, 7, 8, 9])
    .meta({ description: 'Labels that count as +1; all others count as -1.' }),
  dir: text('the path of a folder', /./).optional().meta({
    description: 'idx only, and required there: the folder with the four IDX files.',
  }),
  seed: whole(0).optional().meta({
    description: 'digits only: which images are generated.',
    default: DIGITS_DEFAULTS.seed,
  }),
  pool: whole(1).optional().meta({
    description:
      'digits only: size of the training pool that sub-data-sets are drawn from; where it is not given, the largest datasetSize if that is larger than the default.',
    unit: 'samples',
    default: DIGITS_DEFAULTS.pool,
  }),
  test: whole(1).optional().meta({
    description: 'digits only: size of the test set.',
    unit: 'samples',
    default: DIGITS_DEFAULTS.test,
  }),
});

const network = group('The dense network f(x) = (1/N) sum_i N^(1 - gamma) b_i sigma(a_i . x).', {
  activation: choice(['relu', 'tanh', 'softplus']).default('relu').meta({
    description: 'sigma. tanh and softplus are the smooth choices that the proof assumes.',
  }),
  scaling: choice(['mean-field', 'ntk']).default('mean-field').meta({
    description: 'mean-field: gamma = 1, features move. ntk: gamma = 1/2, stays near the initial kernel.',
  }),
  bias: flag().default(false).meta({ description: 'Append a constant 1 to the inputs, as the last column.' }),
  initScale: above(0).default(1).meta({
    description: 'Multiplies the initial weights, which are normal with variance 2/d.',
  }),
  symmetricInit: flag().default(false).meta({
    description:
      'Neurons in pairs with equal a and opposite b, so that the network starts at exactly 0. Needs even widths.',
  }),
});

const inputs = group('What the network sees of an image.', {
  scaling: choice(['raw', 'centred', 'unit', 'standardised', 'normalised']).default('raw').meta({
    description:
      'raw: pixels / 255. centred: training mean removed. unit: each input scaled to length 1. standardised: each pixel with mean 0 and variance 1. normalised: all pixels of the pool together with mean 0 and variance 1. Sets which learning rates are stable; on MNIST with the squared loss about 0.16, 1.4, 15.7, 0.028 and 0.025.',
  }),
});

const batchSizeText = `${wholeText(1)}, or full`;
const train = group('Pre-training of the dense network by stochastic gradient descent.', {
  loss: choice(['squared', 'logistic']).default('squared').meta({
    description: 'Mean over samples. squared: 1/2 (f - y)^2. logistic: log(1 + exp(-y f)).',
  }),
  batchSize: z
    .union([whole(1, MAX_WHOLE, batchSizeText), z.literal('full')], { error: batchSizeText })
    .meta({ expected: batchSizeText })
    .default(128)
    .meta({
      description: 'B, capped at n. full is gradient descent on all samples.',
      unit: 'samples',
    }),
  learningRate: above(0).default(0.1).meta({
    description: 'eta, in function space: the first steps are the same at every width and scaling.',
  }),
  momentum: belowOne().default(0).meta({ description: 'mu in v <- mu v + G + lambda theta.' }),
  weightDecay: atLeast(0)
    .default(0)
    .meta({ description: 'lambda in v <- mu v + G + lambda theta. b is not decayed.' }),
  layers: choice(['first', 'both']).default('first').meta({
    description: 'Which layers are trained: a alone, as in the proof, or a and b.',
  }),
});

export const pruneMethod = choice(['greedy', 'random', 'magnitude']);
const prune = group('How a subnetwork is selected at each checkpoint.', {
  method: oneOrMore(pruneMethod).default('greedy').meta({
    description:
      'greedy: forward selection. random and magnitude (largest ||Phi_i|| first) are controls. A list is an axis.',
  }),
  objective: choice(['training-loss', 'squared', 'logistic', 'brier']).default('training-loss').meta({
    description:
      'What greedy selection minimises: training-loss is the loss of train.loss; brier is the mean of (sigmoid(u) - (y + 1) / 2)^2, the squared error of the output probability, which needs a sampleSize.',
  }),
  sampleSize: wholeOrNull(1).default(null).meta({
    description:
      'Greedy only. null: every pick looks at all n samples. A number: at a fresh sample of so many of them, all of them where n is no larger.',
    unit: 'samples',
  }),
});

const retrain = group('Re-training of the selected subnetwork.', {
  iterations: whole(0).default(0).meta({ description: 'r; 0 is none.', unit: 'iterations' }),
});

/** The groups whose settings may be axes. */
export const GROUPS = { dataset, network, inputs, train, prune, retrain } as const;

/** The settings of all groups by dotted path. */
export const SETTINGS: ReadonlyMap<string, z.ZodType> = new Map(
  Object.entries(GROUPS).flatMap(([groupName, schema]) =>
    Object.entries(schema.shape).map(
      ([key, setting]) => [`${groupName}.${key}`, setting as z.ZodType] as const,
    ),
  ),
);

const setNames = listOf(choice(SET_NAMES), 0);
export const evaluate = group(
  'On which sets loss and accuracy are recorded: own samples, training pool, test set.',
  {
    dense: setNames.default(['train', 'test']).meta({
      description: 'Of the dense network. The pool is costly: at small n more than everything else together.',
    }),
    subnet: setNames.default(['train', 'pool', 'test']).meta({
      description: 'Of the subnetworks, before and after re-training.',
    }),
  },
);

const metricNames = THRESHOLD_METRICS.map(metric => metric.name);
const metricText =
  'a metric, (dense|subnet|retrained)_(train|pool|test)_(loss|accuracy|loss_sum), such as subnet_train_loss';
const metric = z
  .enum(metricNames, {
    error: ({ input }) => {
      const near = typeof input === 'string' ? nearestWord(input, metricNames) : null;
      return near ? `${metricText}; did you mean ${near}?` : metricText;
    },
  })
  .meta({ expected: metricText, description: 'A metric column, or a loss summed over the n samples.' });

/** The kinds of target of a threshold. An entry has exactly one. */
export const TARGET_KINDS = ['atMost', 'atLeast', 'withinDense', 'published'] as const;
export const threshold = group('When a curve over t is good enough. Exactly one kind of target.', {
  metric,
  atMost: above(0).optional().meta({ description: 'For losses: the curve falls to this value.' }),
  atLeast: fraction().optional().meta({ description: 'For accuracies: the curve rises to this value.' }),
  withinDense: above(0).optional().meta({
    description: "Within this distance of the dense network's value at the trajectory's last checkpoint.",
  }),
  published: z.literal(true, { error: 'true' }).optional().meta({
    expected: 'true',
    description: "As good as the best over t at the sweep's largest n, per seed: the published criterion.",
  }),
  refine: flag().optional().meta({
    description:
      'false: in a sweep with refined checkpoints, the crossings of this target are located on the coarse ones alone.',
    default: true,
  }),
  primary: flag().optional().meta({
    description: 'This one decides; the others are secondary. Without any, the first.',
    default: false,
  }),
}).meta({
  oneOf: TARGET_KINDS.map(kind => ({ type: 'object', properties: { [kind]: {} }, required: [kind] })),
});
export type ThresholdEntry = z.output<typeof threshold>;
