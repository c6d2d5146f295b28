/** Words that every object has as properties are no keys, and nothing that does not exist is suggested. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/base/errors.js';
import { describeGroups } from '../../../src/domain/sweep-file/describe.js';
import { parseSweep } from '../../../src/domain/sweep-file/parse.js';
import { AXES, SWEEP } from '../../../src/domain/sweep-file/schema.js';
import { SETTINGS } from '../../../src/domain/sweep-file/settings.js';

const WORDS = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf', 'isPrototypeOf'];
const GROUPS = ['dataset', 'network', 'inputs', 'train', 'prune', 'retrain', 'evaluate'];

const AXES_TEXT = 'datasetSize: 40, width: 8, pretrainIterations: 5, subnetSize: 2';
const sweep = ({ top = '', axes = '' }) =>
  `name: x\ndataset: { name: digits }\naxes: { ${AXES_TEXT}${axes} }\n${top}`;

type Case = readonly [place: string, text: (word: string) => string, set?: (word: string) => string];
const PLACES: readonly Case[] = [
  ['the file', word => sweep({ top: `${word}: { a: 1 }` })],
  ['the axes', word => sweep({ axes: `, ${word}: [1]` })],
  ['a zip', word => sweep({ axes: `, zip: [{ ${word}: [1], seed: [2] }]` })],
  ['seeds', word => sweep({ axes: `, seed: { ${word}: 1 }` })],
  [
    'checkpoints',
    word => sweep({}).replace('pretrainIterations: 5', `pretrainIterations: { to: 5, ${word}: 1 }`),
  ],
  ['a threshold', word => sweep({ top: `thresholds: [{ metric: subnet_train_loss, ${word}: 1 }]` })],
  ['a metric', word => sweep({ top: `thresholds: [{ metric: ${word}, atMost: 1 }]` })],
  ['a list of sets', word => sweep({ top: `evaluate: { dense: [${word}] }` })],
  ['a choice', word => sweep({ top: `train: { loss: ${word} }` })],
  ...GROUPS.map((group): Case => {
    const dataset = group === 'dataset' ? '' : 'dataset: { name: digits }\n';
    return [group, word => `name: x\n${dataset}axes: { ${AXES_TEXT} }\n${group}: { ${word}: 1 }\n`];
  }),
  ...['', 'axes.', 'axes.seed.', 'axes.pretrainIterations.', 'evaluate.', 'train.'].map(
    (before): Case => [`--set ${before}`, () => sweep({}), word => `${before}${word}=1`],
  ),
  ...GROUPS.map((group): Case => [`--set ${group}`, () => sweep({}), word => `${group}={ ${word}: 1 }`]),
  ['the value of --set', () => sweep({}), word => `dataset.name=${word}`],
];

const known = new Set([
  ...Object.keys(SWEEP.shape),
  ...SETTINGS.keys(),
  ...Object.keys(AXES).map(axis => `axes.${axis}`),
  ...[
    'count',
    'from',
    'to',
    'step',
    'ratio',
    'refine',
    'at',
    'axes.zip',
    'axes.seed.count',
    'evaluate.dense',
    'evaluate.subnet',
  ],
  ...['from', 'to', 'step', 'ratio', 'at', 'refine'].map(key => `axes.pretrainIterations.${key}`),
  ...describeGroups().flatMap(({ settings }) => settings.map(({ key }) => key)),
]);

function refusal(text: string, set: readonly string[]): InputError {
  try {
    parseSweep(text, { source: 's.yaml', set });
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  }
  throw new Error(`not refused: ${text} ${set}`);
}

const suggestionIn = (message: string): string | undefined => /did you mean ([\w.]+)\?/.exec(message)?.[1];

describe('a word that every object has', () => {
  it.each(PLACES.map(([place, ...texts]) => ({ place, texts })))(
    'is refused as unknown in $place',
    ({ texts }) => {
      const [text, set] = texts;
      for (const word of WORDS) {
        const { message } = refusal(text(word), set ? [set(word)] : []);
        expect(message).toContain(word);
        const suggested = suggestionIn(message);
        if (suggested !== undefined) expect(known).toContain(suggested);
      }
    },
  );
});

describe('a suggestion', () => {
  it('exists, for every known key with a letter too many in every place', () => {
    const keys = [...new Set([...known].map(path => path.split('.').at(-1)!))];
    let suggested = 0;
    for (const [, text, set] of PLACES) {
      for (const key of keys) {
        const { message } = refusal(text(`${key}x`), set ? [set(`${key}x`)] : []);
        const suggestion = suggestionIn(message);
        if (suggestion === undefined) continue;
        suggested++;
        expect([...known, 'subnet_train_loss', 'digits']).toContain(suggestion);
      }
    }
    expect(suggested).toBeGreaterThan(150);
  });
});
