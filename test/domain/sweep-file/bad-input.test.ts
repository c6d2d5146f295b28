import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT, InputError } from '../../../src/base/errors.js';
import { checkAgainstData, parseSweep, readSweep } from '../../../src/domain/sweep-file/parse.js';
import { MINIMAL, messageOf, minimalWith } from '../fixtures.js';

const parse = (text: string) => messageOf(() => parseSweep(text, { source: 's.yaml' }));
const setting = (...set: string[]) => messageOf(() => parseSweep(MINIMAL, { source: 's.yaml', set }));

/** MINIMAL takes lines 1 to 7. */
const FILES: readonly (readonly [what: string, text: string, message: string])[] = [
  [
    'a misspelled group',
    `${MINIMAL}trian: {}\n`,
    's.yaml:8: trian: unknown key, expected one of name, description, dataset, axes, network, inputs, train, prune, retrain, evaluate, thresholds (did you mean train?)',
  ],
  [
    'a misspelled setting',
    `${MINIMAL}train:\n  momentum: 0\n  learnigRate: 0.1\n`,
    's.yaml:10: train.learnigRate: unknown key, expected one of loss, batchSize, learningRate, momentum, weightDecay, layers (did you mean learningRate?)',
  ],
  [
    'a setting under the wrong group',
    `${MINIMAL}network: { learningRate: 0.1 }\n`,
    's.yaml:8: network.learningRate: unknown key, expected one of activation, scaling, bias, initScale, symmetricInit (did you mean train.learningRate?)',
  ],
  [
    'a setting under no group',
    `${MINIMAL}learningRate: 0.1\n`,
    's.yaml:8: learningRate: unknown key, expected one of name, description, dataset, axes, network, inputs, train, prune, retrain, evaluate, thresholds (did you mean train.learningRate?)',
  ],
  [
    'an axis outside of axes',
    `${MINIMAL}width: [3]\n`,
    's.yaml:8: width: unknown key, expected one of name, description, dataset, axes, network, inputs, train, prune, retrain, evaluate, thresholds (did you mean axes.width?)',
  ],
  [
    'an axis by half its path',
    `${MINIMAL}  learningRate: [0.1]\n`,
    's.yaml:8: axes.learningRate: unknown key, expected one of datasetSize, width, seed, pretrainIterations, subnetSize, zip, or the path of a setting (did you mean train.learningRate?)',
  ],
  [
    'an axis over what cannot be one',
    `${MINIMAL}  evaluate.dense: [[train]]\n`,
    's.yaml:8: axes.evaluate.dense: cannot be an axis, expected one of datasetSize, width, seed, pretrainIterations, subnetSize, zip, or the path of a setting',
  ],
  [
    'axes in groups',
    `${MINIMAL}  train: { learningRate: [0.1] }\n`,
    's.yaml:8: axes.train: unknown key, expected one of datasetSize, width, seed, pretrainIterations, subnetSize, zip, or the path of a setting (write train.<setting>, with a dot)',
  ],
  [
    'a wrong type',
    `${MINIMAL}train: { learningRate: "0.1" }\n`,
    's.yaml:8: train.learningRate: found "0.1", expected a number above 0',
  ],
  [
    'a number with an underscore',
    MINIMAL.replace('1000,', '1_000,'),
    's.yaml:4: axes.datasetSize[0]: found "1_000", expected a whole number from 1 to 2147483647',
  ],
  [
    'a negative rate',
    `${MINIMAL}train: { learningRate: -0.1 }\n`,
    's.yaml:8: train.learningRate: found -0.1, expected a number above 0',
  ],
  [
    'an infinite rate',
    `${MINIMAL}train: { learningRate: .inf }\n`,
    's.yaml:8: train.learningRate: found .inf, expected a finite number above 0',
  ],
  [
    'no number',
    `${MINIMAL}train: { momentum: .nan }\n`,
    's.yaml:8: train.momentum: found .nan, expected a number from 0 to below 1',
  ],
  [
    'too much momentum',
    `${MINIMAL}train: { momentum: 1 }\n`,
    's.yaml:8: train.momentum: found 1, expected a number from 0 to below 1',
  ],
  [
    'a negative weight decay',
    `${MINIMAL}train: { weightDecay: -1e-3 }\n`,
    's.yaml:8: train.weightDecay: found -1e-3, expected a number, 0 or more',
  ],
  [
    'a batch of nothing',
    `${MINIMAL}train: { batchSize: 0 }\n`,
    's.yaml:8: train.batchSize: found 0, expected a whole number from 1 to 2147483647, or full',
  ],
  [
    'a batch of a word',
    `${MINIMAL}train: { batchSize: whole }\n`,
    's.yaml:8: train.batchSize: found "whole", expected a whole number from 1 to 2147483647, or full',
  ],
  [
    'a scale of zero',
    `${MINIMAL}network: { initScale: 0 }\n`,
    's.yaml:8: network.initScale: found 0, expected a number above 0',
  ],
  [
    'YAML 1.1 booleans',
    `${MINIMAL}network: { bias: yes }\n`,
    's.yaml:8: network.bias: found "yes", expected true or false',
  ],
  [
    'an unknown choice',
    `${MINIMAL}inputs: { scaling: centered }\n`,
    's.yaml:8: inputs.scaling: found "centered", expected one of raw, centred, unit, standardised, normalised',
  ],
  [
    'a group that is a value',
    `${MINIMAL}train: 5\n`,
    's.yaml:8: train: found 5, expected a mapping with loss, batchSize, learningRate, momentum, weightDecay, layers',
  ],
  [
    'a setting without a value',
    `${MINIMAL}train:\n  loss:\n`,
    's.yaml:9: train.loss: has no value, expected one of squared, logistic',
  ],
  [
    'a fractional re-training',
    `${MINIMAL}retrain: { iterations: 0.5 }\n`,
    's.yaml:8: retrain.iterations: found 0.5, expected a whole number from 0 to 2147483647',
  ],
  [
    'an unknown set',
    `${MINIMAL}evaluate: { dense: [training] }\n`,
    's.yaml:8: evaluate.dense[0]: found "training", expected one of train, pool, test',
  ],
  [
    'a name that is no file name',
    MINIMAL.replace('small', 'a/b'),
    's.yaml:1: name: found "a/b", expected a name of at most 100 letters, digits, ".", "_" or "-", not starting with "." or "-" (a number in quotes)',
  ],
  [
    'a name that is a number',
    MINIMAL.replace('small', '2024'),
    's.yaml:1: name: found 2024, expected a name of at most 100 letters, digits, ".", "_" or "-", not starting with "." or "-" (a number in quotes)',
  ],
  [
    'no name',
    MINIMAL.replace('name: small', ''),
    's.yaml: name: is missing, expected a name of at most 100 letters, digits, ".", "_" or "-", not starting with "." or "-" (a number in quotes)',
  ],
  [
    'no data set',
    MINIMAL.replace('dataset: { name: mnist }', ''),
    's.yaml: dataset: is missing, expected a mapping with name, positive, dir, seed, pool, test',
  ],
  [
    'no name of the data set',
    MINIMAL.replace('{ name: mnist }', ''),
    's.yaml:2: dataset.name: is missing, expected one of digits, mnist, fashion-mnist, idx',
  ],
  [
    'no axes',
    'name: a\ndataset: { name: mnist }\n',
    's.yaml: axes: is missing, expected a mapping with datasetSize, width, seed, pretrainIterations, subnetSize',
  ],
  [
    'a missing axis',
    MINIMAL.replace('  width: [100]\n', ''),
    's.yaml:3: axes.width: is missing, expected a whole number from 1 to 2147483647, or a list of such values',
  ],
  [
    'a list as a file',
    '- 1\n',
    's.yaml: found [1], expected a sweep file, a mapping with name, dataset and axes',
  ],
  ['an empty file', '', 's.yaml: is empty, expected a sweep file, a mapping with name, dataset and axes'],
  [
    'a repeated key',
    `${MINIMAL}name: again\n`,
    's.yaml:8:1: the key "name" is given twice, expected each key only once',
  ],
  [
    'broken YAML',
    MINIMAL.replace('[100]', '[100'),
    's.yaml:6:3: a "[" above is not closed, or this line is not indented, expected "]"',
  ],
  [
    'an unknown alias',
    MINIMAL.replace('[100]', '*width'),
    's.yaml:5: *width stands for nothing, expected &width at a value above it',
  ],
  [
    'an empty axis',
    MINIMAL.replace('[100]', '[]'),
    's.yaml:5: axes.width: found [], expected a list with at least one value, each a whole number from 1 to 2147483647',
  ],
  [
    'an axis without a value',
    MINIMAL.replace('[100]', ''),
    's.yaml:5: axes.width: has no value, expected a whole number from 1 to 2147483647, or a list of such values',
  ],
  [
    'a repeated value',
    MINIMAL.replace('[1000, 2000]', '[1000, 2000, 1e3]'),
    's.yaml:4: axes.datasetSize[2]: found 1e3, expected each value only once',
  ],
  [
    'a value of an axis that is no size',
    MINIMAL.replace('[1000, 2000]', '[1000, 0]'),
    's.yaml:4: axes.datasetSize[1]: found 0, expected a whole number from 1 to 2147483647',
  ],
  [
    'a value that the setting would not take',
    `${MINIMAL}  train.learningRate: [0.1, -0.2]\n`,
    's.yaml:8: axes.train.learningRate[1]: found -0.2, expected a number above 0',
  ],
  [
    'a list of labels where lists are needed',
    `${MINIMAL}  dataset.positive: [5, 6]\n`,
    's.yaml:8: axes.dataset.positive[0]: found 5, expected a list with at least one value, each a label from 0 to 255 (and 1 more problem)',
  ],
  [
    'several problems',
    `${MINIMAL}train: { loss: l2, momentum: -1 }\nextra: 1\n`,
    's.yaml:8: train.loss: found "l2", expected one of squared, logistic (and 2 more problems)',
  ],
  [
    'k above the width',
    MINIMAL.replace('[5, 10]', '[5, 101]'),
    's.yaml:7: axes.subnetSize[1]: found 101, expected at most the width, which is 100 there',
  ],
  [
    'an odd width for a symmetric start',
    `${MINIMAL}network: { symmetricInit: true }\n`.replace('100]', '100, 7]').replace('[5, 10]', '5'),
    's.yaml:5: axes.width[1]: found 7, expected an even number, for network.symmetricInit',
  ],
  [
    'n above the pool',
    MINIMAL.replace('mnist', 'digits, pool: 1999'),
    's.yaml:4: axes.datasetSize[1]: found 2000, expected at most 1999, the size of the training pool',
  ],
  [
    'parameters of digits elsewhere',
    MINIMAL.replace('mnist', 'mnist, pool: 5000'),
    's.yaml:2: dataset.pool: is for digits only, expected no pool with dataset.name mnist',
  ],
  [
    'an axis of digits elsewhere',
    `${MINIMAL}  dataset.seed: [1, 2]\n`,
    's.yaml:8: axes.dataset.seed[0]: is for digits only, expected no seed with dataset.name mnist',
  ],
  [
    'a folder elsewhere',
    MINIMAL.replace('mnist', 'mnist, dir: files'),
    's.yaml:2: dataset.dir: is for idx only, expected no dir with dataset.name mnist',
  ],
  [
    'no folder',
    MINIMAL.replace('mnist', 'idx'),
    's.yaml:2: dataset.dir: is missing, expected the folder with the four IDX files',
  ],
  [
    'no positive label',
    MINIMAL.replace('mnist', 'mnist, positive: []'),
    's.yaml:2: dataset.positive: found [], expected a list with at least one value, each a label from 0 to 255',
  ],
  [
    'a label that is no byte',
    MINIMAL.replace('mnist', 'mnist, positive: [3, 256]'),
    's.yaml:2: dataset.positive[1]: found 256, expected a label from 0 to 255',
  ],
  [
    'a repeated label',
    MINIMAL.replace('mnist', 'mnist, positive: [3, 4, 3]'),
    's.yaml:2: dataset.positive[2]: found 3, expected each value only once',
  ],
  [
    'methods twice',
    `${MINIMAL}  prune.method: [greedy]\nprune: { method: [greedy, random] }\n`,
    's.yaml:9: prune.method: found ["greedy","random"], expected one method, since prune.method is an axis',
  ],
  [
    'a zip of one axis',
    `${MINIMAL}  zip: [{ seed: [1, 2] }]\n`,
    's.yaml:8: axes.zip[0]: found {"seed":[1,2]}, expected at least two axes that move together',
  ],
  [
    'an uneven zip',
    `${MINIMAL}  zip: [{ seed: [1, 2], train.momentum: [0, 0.1, 0.2] }]\n`,
    's.yaml:8: axes.zip[0].train.momentum: has 3 values, expected 2, as many as seed',
  ],
  [
    'a zip with itself',
    `${MINIMAL}  zip: [{ seed: [1, 1], train.momentum: [0, 0] }]\n`,
    's.yaml:8: axes.zip[0].seed[1]: repeats the combination [1,0], expected each only once',
  ],
  [
    'an axis crossed and zipped',
    `${MINIMAL}  zip: [{ width: [1, 2], train.momentum: [0, 0.1] }]\n`,
    's.yaml:8: axes.zip[0].width: is an axis already, expected each axis only once',
  ],
  [
    'a bad value in a zip',
    `${MINIMAL}  zip:\n    - seed: [1, 2]\n      train.momentum: [0, 2]\n`,
    's.yaml:10: axes.zip[0].train.momentum[1]: found 2, expected a number from 0 to below 1',
  ],
  [
    'a misspelled axis in a zip',
    `${MINIMAL}  zip:\n    - sead: [1, 2]\n`,
    's.yaml:9: axes.zip[0].sead: unknown key, expected one of datasetSize, width, seed, pretrainIterations, subnetSize, or the path of a setting (did you mean seed?)',
  ],
  [
    'a million million checkpoints',
    MINIMAL.replace('[0, 10]', '{ to: 2000000000, step: 1 }'),
    's.yaml:6: axes.pretrainIterations.to: found 2000000000, expected at most 1000000 checkpoints',
  ],
  [
    'steps and ratios at once',
    MINIMAL.replace('[0, 10]', '{ to: 20, step: 1, ratio: 1.5 }'),
    's.yaml:6: axes.pretrainIterations: has ratio and step, expected only one of ratio and step',
  ],
  [
    'a refinement that is coarser than its checkpoints',
    MINIMAL.replace('[0, 10]', '{ from: 5, to: 20, ratio: 1.5, refine: 1.5 }'),
    's.yaml:6: axes.pretrainIterations.refine: found 1.5, expected a number above 1 and below 1.5 (ratio)',
  ],
  [
    'a refinement of nothing',
    MINIMAL.replace('[0, 10]', '{ at: [5, 20] }'),
    's.yaml:6: axes.pretrainIterations.refine: is missing, expected a number above 1',
  ],
  [
    'a refined list and a range at once',
    MINIMAL.replace('[0, 10]', '{ at: [5, 20], to: 9, refine: 1.1 }'),
    's.yaml:6: axes.pretrainIterations.to: does not go with the other keys, expected a whole number from 0 to 2147483647, a list of such values, or { from, to, step } or { from, to, ratio }, either with refine, or { at: [...], refine }',
  ],
  [
    'a refinement with a million million checkpoints',
    MINIMAL.replace('[0, 10]', '{ at: [1, 2000000000], refine: 1.000000001 }'),
    's.yaml:6: axes.pretrainIterations.refine: found 1.000000001, expected at most 1000000 checkpoints',
  ],
  [
    'zipped checkpoints that are refined',
    `${MINIMAL.replace(/.*pretrainIterations.*\n/, '')}  zip:\n    - { seed: [1, 2], pretrainIterations: { at: [1, 9], refine: 1.5 } }\n`,
    's.yaml:8: axes.zip[0].pretrainIterations.refine: found 1.5, expected none where pretrainIterations is zipped',
  ],
  [
    'a range without steps',
    MINIMAL.replace('[0, 10]', '{ from: 5, to: 40, step: 0 }'),
    's.yaml:6: axes.pretrainIterations.step: found 0, expected a whole number from 1 to 2147483647 (or give a ratio)',
  ],
  [
    'a ratio that goes nowhere',
    MINIMAL.replace('[0, 10]', '{ to: 2000000000, ratio: 1 }'),
    's.yaml:6: axes.pretrainIterations.ratio: found 1, expected a number above 1',
  ],
  [
    'a range that ends before it starts',
    MINIMAL.replace('[0, 10]', '{ from: 9, to: 5, step: 1 }'),
    's.yaml:6: axes.pretrainIterations.to: found 5, expected a whole number, at least 9 (from)',
  ],
  [
    'a range without a step',
    MINIMAL.replace('[0, 10]', '{ from: 0, to: 5 }'),
    's.yaml:6: axes.pretrainIterations.step: is missing, expected a whole number from 1 to 2147483647 (or give a ratio)',
  ],
  [
    'a ratio of one',
    MINIMAL.replace('[0, 10]', '{ from: 0, to: 5, ratio: 1 }'),
    's.yaml:6: axes.pretrainIterations.ratio: found 1, expected a number above 1',
  ],
  [
    'a misspelled range',
    MINIMAL.replace('[0, 10]', '{ from: 0, too: 5, ratio: 2 }'),
    's.yaml:6: axes.pretrainIterations.too: unknown key, expected one of from, to, step, refine, ratio, at (did you mean to?) (and 1 more problem)',
  ],
  [
    'no seed',
    `${MINIMAL}  seed: { count: 0 }\n`,
    's.yaml:8: axes.seed.count: found 0, expected a whole number from 1 to 1000000',
  ],
  [
    'a negative checkpoint',
    MINIMAL.replace('[0, 10]', '[0, -10]'),
    's.yaml:6: axes.pretrainIterations[1]: found -10, expected a whole number from 0 to 2147483647',
  ],
  [
    'too many cells',
    `${MINIMAL}  seed: { count: 1000000 }\n`.replace('[0, 10]', '{ to: 1000, step: 1 }'),
    's.yaml:3: axes: asks for 4,004,000,000 cells, expected at most 10,000,000',
  ],
];

const SELECTION: readonly (readonly [what: string, text: string, message: string])[] = [
  [
    'a sample of none',
    'prune: { sampleSize: 0 }',
    's.yaml:8: prune.sampleSize: found 0, expected a whole number from 1 to 2147483647, or null',
  ],
  [
    'a sample size in words',
    'prune: { sampleSize: all }',
    's.yaml:8: prune.sampleSize: found "all", expected a whole number from 1 to 2147483647, or null',
  ],
  [
    'half a sample on an axis',
    '  prune.sampleSize: [null, 12.5]',
    's.yaml:8: axes.prune.sampleSize[1]: found 12.5, expected a whole number from 1 to 2147483647, or null',
  ],
  [
    'the Brier score of all samples',
    'prune: { objective: brier }',
    's.yaml:8: prune.objective: brier evaluates every candidate, and prune.sampleSize is null there, expected a number in prune.sampleSize, such as 128, or another objective',
  ],
  [
    'the Brier score of all samples on an axis',
    '  prune.objective: [squared, brier]\nprune: { sampleSize: null }',
    's.yaml:8: axes.prune.objective[1]: brier evaluates every candidate, and prune.sampleSize is null there, expected a number in prune.sampleSize, such as 128, or another objective',
  ],
  [
    'the Brier score of all samples at one of two sizes',
    '  prune.sampleSize: [128, null]\nprune: { method: [random, greedy], objective: brier }',
    's.yaml:9: prune.objective: brier evaluates every candidate, and prune.sampleSize is null there, expected a number in prune.sampleSize, such as 128, or another objective',
  ],
  [
    'the Brier score of all samples in a zip',
    '  zip: [{ prune.sampleSize: [null, 64], prune.objective: [brier, squared] }]',
    's.yaml:8: axes.zip[0].prune.objective[0]: brier evaluates every candidate, and prune.sampleSize is null there, expected a number in prune.sampleSize, such as 128, or another objective',
  ],
];

const THRESHOLDS: readonly (readonly [what: string, list: string, message: string])[] = [
  [
    'a misspelled metric',
    '[{ metric: subnet_tain_loss, atMost: 1 }]',
    's.yaml:8: thresholds[0].metric: found "subnet_tain_loss", expected a metric, (dense|subnet|retrained)_(train|pool|test)_(loss|accuracy|loss_sum), such as subnet_train_loss; did you mean subnet_train_loss?',
  ],
  [
    'no metric',
    '[{ atMost: 1 }]',
    's.yaml:8: thresholds[0].metric: is missing, expected a metric, (dense|subnet|retrained)_(train|pool|test)_(loss|accuracy|loss_sum), such as subnet_train_loss',
  ],
  [
    'no target',
    '[{ metric: subnet_train_loss }]',
    's.yaml:8: thresholds[0]: has no target, expected exactly one of atMost, atLeast, withinDense, published',
  ],
  [
    'two targets',
    '[{ metric: subnet_train_loss, atMost: 1, withinDense: 1 }]',
    's.yaml:8: thresholds[0]: has atMost and withinDense, expected exactly one of atMost, atLeast, withinDense, published',
  ],
  [
    'a misspelled target',
    '[{ metric: subnet_train_loss, atmost: 1 }]',
    's.yaml:8: thresholds[0].atmost: unknown key, expected one of metric, atMost, atLeast, withinDense, published, refine, primary (did you mean atMost?)',
  ],
  [
    'a loss that rises',
    '[{ metric: subnet_train_loss_sum, atLeast: 1 }]',
    's.yaml:8: thresholds[0].atLeast: found atLeast, expected atMost, since a loss falls',
  ],
  [
    'an accuracy that falls',
    '[{ metric: subnet_train_accuracy, atMost: 1 }]',
    's.yaml:8: thresholds[0].atMost: found atMost, expected atLeast, since an accuracy rises',
  ],
  [
    'an accuracy in per cent',
    '[{ metric: subnet_train_accuracy, atLeast: 97 }]',
    's.yaml:8: thresholds[0].atLeast: found 97, expected a share above 0 and at most 1',
  ],
  [
    'a loss of nothing',
    '[{ metric: subnet_train_loss, atMost: 0 }]',
    's.yaml:8: thresholds[0].atMost: found 0, expected a number above 0',
  ],
  [
    'what is not recorded',
    '[{ metric: dense_pool_loss, atMost: 1 }]',
    's.yaml:8: thresholds[0].metric: dense_pool_loss is not recorded, expected pool in evaluate.dense',
  ],
  [
    'a certificate of another selection',
    '[{ metric: certified_loss, atMost: 1 }]\nprune: { method: [random, magnitude] }',
    's.yaml:8: thresholds[0].metric: certified_loss is certified for greedy selection on the squared loss only, expected greedy in prune.method',
  ],
  [
    'a certificate of another objective',
    '[{ metric: certified_loss, atMost: 1 }]\nprune: { objective: logistic }',
    's.yaml:8: thresholds[0].metric: certified_loss is certified for greedy selection on the squared loss only, expected prune.objective squared',
  ],
  [
    'a certificate of selection on samples',
    '[{ metric: certified_loss, atMost: 1 }]\nprune: { sampleSize: 128 }',
    's.yaml:8: thresholds[0].metric: certified_loss is certified for selection on all n samples only, expected prune.sampleSize null',
  ],
  [
    'a certificate of another loss',
    '[{ metric: certified_loss, atMost: 1 }]\ntrain: { loss: logistic }',
    's.yaml:8: thresholds[0].metric: certified_loss is certified for greedy selection on the squared loss only, expected train.loss squared',
  ],
  [
    'what is not recorded of the dense network',
    '[{ metric: subnet_pool_loss, withinDense: 1 }]',
    's.yaml:8: thresholds[0].metric: dense_pool_loss is not recorded, expected pool in evaluate.dense',
  ],
  [
    'no re-training',
    '[{ metric: retrained_train_loss, atMost: 1 }]',
    's.yaml:8: thresholds[0].metric: nothing is re-trained for retrained_train_loss, expected retrain.iterations above 0',
  ],
  [
    'published as a number',
    '[{ metric: subnet_train_accuracy, published: 0.9 }]',
    's.yaml:8: thresholds[0].published: found 0.9, expected true',
  ],
  [
    'published for a sum',
    '[{ metric: subnet_train_loss_sum, published: true }]',
    's.yaml:8: thresholds[0].metric: found "subnet_train_loss_sum", expected subnet_train_loss, since a sum at the largest n is no target for a smaller one',
  ],
  [
    'two primaries',
    '[{ metric: dense_train_loss, atMost: 1, primary: true }, { metric: subnet_train_loss, atMost: 1, primary: true }]',
    's.yaml:8: thresholds[1].primary: found true, expected one primary threshold only',
  ],
  [
    'the same twice',
    '[{ metric: dense_train_loss, atMost: 1 }, { metric: dense_train_loss, atMost: 1.0 }]',
    's.yaml:8: thresholds[1]: found {"metric":"dense_train_loss","atMost":1.0}, expected each threshold only once',
  ],
  [
    'no list',
    '{ metric: dense_train_loss, atMost: 1 }',
    's.yaml:8: thresholds: found {"metric":"dense_train_loss","atMost":1}, expected a list of thresholds',
  ],
];

const SETS: readonly (readonly [what: string, set: readonly string[], message: string])[] = [
  ['no value', ['train.learningRate'], '--set: found "train.learningRate", expected path=value'],
  [
    'an unknown path',
    ['train.learnRate=1'],
    '--set: train.learnRate: no such setting, expected the path of a setting (did you mean train.learningRate?)',
  ],
  [
    'half a path',
    ['learningRate=1'],
    '--set: learningRate: no such setting, expected the path of a setting (did you mean train.learningRate?)',
  ],
  [
    'an axis without axes',
    ['datasetSize=[5]'],
    '--set: datasetSize: is an axis, expected --set axes.datasetSize=...',
  ],
  [
    'a path that is also an axis',
    ['train.learningRate=1', 'axes.train.learningRate=[1, 2]'],
    '--set: train.learningRate: is also an axis, expected --set axes.train.learningRate=[...]',
  ],
  [
    'a group with a setting that is also an axis',
    ['axes.train.momentum=[0, 0.5]', 'train={momentum: 0.1}'],
    '--set: train.momentum: is also an axis, expected --set axes.train.momentum=[...]',
  ],
  [
    'a path that is zipped',
    ['axes.zip=[{seed: [1, 2], train.momentum: [0, 0.1]}]', 'train.momentum=0'],
    '--set: train.momentum: is also an axis, expected --set axes.zip=[...]',
  ],
  [
    'an axis that is zipped',
    ['axes.zip=[{seed: [1, 2], train.momentum: [0, 0.1]}]', 'axes.seed=[3]'],
    '--set: axes.seed: is zipped with other axes, expected --set axes.zip=[...]',
  ],
  [
    'a bad value',
    ['train.learningRate=-1'],
    '--set: train.learningRate: found -1, expected a number above 0',
  ],
  [
    'a bad value of an axis',
    ['axes.train.learningRate=[1, x]'],
    '--set: axes.train.learningRate[1]: found "x", expected a number above 0',
  ],
  [
    'bad YAML',
    ['axes.width=[1'],
    '--set axes.width: a "[" above is not closed, or this line is not indented, expected "]"',
  ],
  [
    'part of a list',
    ['axes.pretrainIterations.to=100'],
    '--set: axes.pretrainIterations.to: found [0,10], expected a mapping such as { to: ... }; set axes.pretrainIterations as a whole',
  ],
];

describe('a sweep file is refused in one line, with the place, for', () => {
  it.each(FILES)('%s', (_, text, message) => {
    expect(parse(text)).toBe(`InputError: ${message}`);
  });

  it.each(SELECTION)('%s', (_, text, message) => {
    expect(parse(`${MINIMAL}${text}\n`)).toBe(`InputError: ${message}`);
  });

  it.each(THRESHOLDS)('thresholds: %s', (_, list, message) => {
    expect(parse(`${MINIMAL}thresholds: ${list}\n`)).toBe(`InputError: ${message}`);
  });

  it.each(SETS)('--set: %s', (_, set, message) => {
    expect(setting(...set)).toBe(`InputError: ${message}`);
  });
});

it('the Brier score needs no sample size where nothing is selected greedily', () => {
  for (const method of ['random', '[magnitude, random]'])
    expect(() => minimalWith(`prune={ method: ${method}, objective: brier }`)).not.toThrow();
});

describe('a file that cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-'));
  const expected = 'expected a sweep file (`espalier init` writes one)';

  it('is named', () => {
    const file = join(folder, 'none.yaml');
    expect(messageOf(() => readSweep(file))).toBe(`InputError: ${file}: no such file, ${expected}`);
    expect(messageOf(() => readSweep(folder))).toBe(`InputError: ${folder}: is a folder, ${expected}`);
  });
});

describe('an error', () => {
  it('has the path, the value and the expectation', () => {
    try {
      minimalWith('train.learningRate=-1');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      expect(error).toMatchObject({
        code: 'BAD_INPUT',
        exitCode: EXIT.badInput,
        path: 'train.learningRate',
        value: -1,
        expected: 'a number above 0',
      });
    }
  });

  it('is one line for any text', () => {
    for (const text of [
      'a: [\n\n',
      '"',
      'a: b: c',
      '\t- x',
      '? [1]\n: 2',
      '--- 1\n--- 2\n',
      '%YAML',
      '&a [*a]',
    ]) {
      expect(parse(text), text).not.toContain('\n');
      expect(parse(text), text).toMatch(/^InputError: s\.yaml/);
    }
  });
});

describe('a sweep is checked against its data', () => {
  const labels = [0, 1, 2, 3];
  const check = (facts: { pool: number; labels?: number[] }, ...set: string[]) =>
    messageOf(() => checkAgainstData(parseSweep(MINIMAL, { source: 's.yaml', set }), () => facts));

  it('for its size', () => {
    expect(check({ pool: 1999, labels }, 'dataset.positive=[2, 3]')).toBe(
      'InputError: s.yaml: axes.datasetSize[1]: found 2000, expected at most 1999, the size of the training pool',
    );
    expect(() => check({ pool: 2000, labels }, 'dataset.positive=[2, 3]')).toThrow('nothing was thrown');
  });

  it('for its labels', () => {
    const message = (path: string, found: string) =>
      `InputError: s.yaml: ${path}: found ${found}, expected some but not all of the labels of the data set (0, 1, 2, 3)`;
    expect(check({ pool: 5000, labels }, 'dataset.positive=[7]')).toBe(message('dataset.positive', '[7]'));
    expect(check({ pool: 5000, labels }, 'axes.dataset.positive=[[1], [3, 2, 1, 0]]')).toBe(
      message('axes.dataset.positive[1]', '[0,1,2,3]'),
    );
  });

  it('for each of its data sets with the sizes used with it', () => {
    const zip = 'axes.zip=[{dataset.name: [mnist, digits], datasetSize: [60000, 500000]}]';
    const text = MINIMAL.replace('  datasetSize: [1000, 2000]\n', '');
    const pools = { mnist: 60000, digits: 500000 };
    const asked: string[] = [];
    checkAgainstData(parseSweep(text, { set: [zip] }), ({ name }) => {
      asked.push(name);
      return { pool: pools[name as keyof typeof pools] };
    });
    expect(asked).toEqual(['mnist', 'digits']);
  });
});
